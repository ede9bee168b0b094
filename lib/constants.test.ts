/**
 * Every number that TypeScript takes from a C header, against the C compiler of this machine, and against musl's headers
 * where musl-gcc is installed.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as FLAGS from './flags.ts'
import * as TERMINAL from './lab/terminal.ts'
import { CLOSE_RANGE_CLOEXEC, F_SETFD, FD_CLOEXEC, SYS_close_range } from './machine/descriptors.ts'
import * as POLL from './machine/poll.ts'
import * as MOUNT_FD from './mount/detached.ts'
import { S_IFBLK } from './mount/device-nodes.ts'
import * as MOUNT from './mount/mount.ts'
import { OVERLAYFS_SUPER_MAGIC } from './mount/overlay.ts'
import { XATTR_SIZE_MAX } from './mount/xattr.ts'
import { NS_GET_OWNER_UID, NS_GET_USERNS } from './namespaces.ts'
import * as ECHOES from './net/echoes.ts'
import { SIOCGSKNS } from './net/follow.ts'
import * as INTERFACES from './net/interfaces.ts'
import { FAMILY } from './net/ip.ts'
import { CONNTRACK } from './net/nat/conntrack.ts'
import { NFGENMSG_SIZE, NFNETLINK } from './net/nat/nfnetlink.ts'
import { NFT } from './net/nat/rules.ts'
import * as NETLINK from './net/netlink.ts'
import * as PACKETS from './net/packet-socket.ts'
import { IP_HEADER } from './net/packets.ts'
import { ADDRESS } from './net/rtnetlink/addresses.ts'
import { LINK } from './net/rtnetlink/links.ts'
import { NEIGHBOUR } from './net/rtnetlink/neighbours.ts'
import { ROUTE } from './net/rtnetlink/routes.ts'
import { ERROR_QUEUE, EXTENDED_ERROR, MSGHDR } from './net/talk/hops.ts'
import { SOCKADDR_IN, SOCKADDR_IN6, SOCKET } from './net/talk/sockets.ts'
import { __WALL, SYS_gettid, WNOHANG, WUNTRACED } from './process.ts'
import { _LINUX_CAPABILITY_VERSION_3, CAPABILITIES, SYS_capset } from './rights/capabilities.ts'
import { KEYCTL_JOIN_SESSION_KEYRING, SYS_keyctl } from './rights/keyring.ts'
import { RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC } from './rights/limits.ts'
import * as PRCTL from './rights/prctl.ts'
import { SYS_users } from './rights/users.ts'
import { compiler, MUSL_COMPILER, withoutMusl } from './testing/in-child.ts'
import { LOCK_EX, LOCK_NB } from './tidy/flock.ts'
import { KCMP, SYS_kcmp } from './trace/kcmp.ts'
import * as OPEN_INSIDE from './trace/open-inside.ts'
import { SYS_pidfd_open } from './trace/pidfd.ts'
import * as PTRACE from './trace/ptrace.ts'
import { SCHED } from './trace/scheduling.ts'
import * as SECCOMP from './trace/seccomp.ts'

const HEADERS = [
  'stddef.h',
  'sched.h',
  'signal.h',
  'poll.h',
  'linux/sched.h',
  'sys/wait.h',
  'termios.h',
  'sys/mount.h',
  'sys/socket.h',
  'sys/file.h',
  'sys/ioctl.h',
  'sys/syscall.h',
  'sys/signalfd.h',
  'sys/prctl.h',
  'linux/close_range.h',
  'linux/keyctl.h',
  'linux/capability.h',
  'linux/openat2.h',
  'fcntl.h',
  'sys/stat.h',
  'sys/resource.h',
  'sys/user.h',
  'linux/elf.h',
  'net/if.h',
  'netinet/in.h',
  'netinet/ip.h',
  'linux/kcmp.h',
  'linux/netlink.h',
  'linux/nsfs.h',
  'linux/rtnetlink.h',
  'linux/net_namespace.h',
  'linux/veth.h',
  'linux/errqueue.h',
  'linux/netfilter/nfnetlink.h',
  'linux/netfilter/nfnetlink_conntrack.h',
  'linux/netfilter/nf_conntrack_common.h',
  'linux/netfilter/nf_tables.h',
  'linux/netfilter/nf_tables_compat.h',
  'linux/if_packet.h',
  'linux/if_ether.h',
  'linux/icmp.h',
  'linux/ethtool.h',
  'linux/sockios.h',
  'linux/seccomp.h',
  'linux/filter.h',
  'linux/audit.h',
  'linux/magic.h',
  'linux/limits.h',
  'linux/openat2.h',
  'fcntl.h',
  'errno.h',
]

/** Calls that are newer than the headers of some machine: Linux gives a new one the same number on every architecture. */
const NEW_CALLS = { SYS_fchmodat2: 452 } as const

/** The value of C expressions, as the compiler sees them. */
function valuesInC(command: readonly string[], expressions: readonly string[]): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'constants-'))
  const source = join(folder, 'print.c')
  const lines = expressions.map(expression => `  printf("%lld\\n", (long long)(${expression}));`)
  // linux/ptrace.h and sys/ptrace.h exclude each other; only the former has the syscall info.
  const head = [
    '#define _GNU_SOURCE',
    '#include <stdio.h>',
    ...HEADERS.map(name => `#include <${name}>`),
    '#include <linux/ptrace.h>',
    // glibc's own headers bring these, and clash with the kernel's.
    ...['#ifndef __GLIBC__', '#include <linux/mount.h>', '#include <asm/unistd.h>', '#endif'],
    ...Object.entries(NEW_CALLS).flatMap(([name, number]) => [
      `#ifndef ${name}`,
      `#define ${name} ${number}`,
      '#endif',
    ]),
  ]
  writeFileSync(source, [...head, 'int main(void) {', ...lines, '}', ''].join('\n'))
  const [program = '', ...options] = command
  execFileSync(program, [...options, '-w', '-o', join(folder, 'print'), source])
  const printed = execFileSync(join(folder, 'print'), { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return printed.trim().split('\n').map(Number)
}

/** A claim that numbers are what C expressions say, all in one compilation: for this machine's libc, and for musl. */
function compare(title: string, numbers: () => Readonly<Record<string, number | undefined>>): void {
  const body = (command: readonly string[]) => {
    const expected = numbers()
    const names = Object.keys(expected)
    const values = valuesInC(command, names)
    assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, values[i]])), { ...expected })
  }
  test(title, () => body([compiler()]))
  test(`musl: ${title}`, { skip: withoutMusl }, () => body(MUSL_COMPILER))
}

const numbersOf = (module: object) =>
  Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === 'number'))
const prefixed = (prefix: string, table: object) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [`${prefix}${name}`, value as number]))

compare('the CLONE_ constants are those of sched.h', () => numbersOf(FLAGS))

compare('the constants of waitpid, flock, mount, kcmp and pivot_root are those of the headers', () => ({
  WNOHANG,
  WUNTRACED,
  __WALL,
  SYS_gettid,
  LOCK_EX,
  LOCK_NB,
  ...numbersOf(MOUNT),
  ...prefixed('KCMP_', KCMP),
  SYS_kcmp,
}))

compare('the requests, flags and offsets of struct ifreq are those of net/if.h', () => {
  const { IFREQ, ...module } = INTERFACES
  return {
    ...numbersOf(module),
    'sizeof(struct ifreq)': IFREQ.size,
    'offsetof(struct ifreq, ifr_name)': IFREQ.name,
    'offsetof(struct ifreq, ifr_addr)': IFREQ.address,
    'offsetof(struct ifreq, ifr_addr) + offsetof(struct sockaddr_in, sin_family)': IFREQ.family,
    'offsetof(struct ifreq, ifr_addr) + offsetof(struct sockaddr_in, sin_addr)': IFREQ.ipv4,
    'offsetof(struct ifreq, ifr_flags)': IFREQ.flags,
    'offsetof(struct ifreq, ifr_data)': IFREQ.data,
  }
})

compare('the messages and sizes of rtnetlink are those of linux/rtnetlink.h', () => ({
  ...NETLINK.NETLINK,
  AF_NETLINK: NETLINK.AF_NETLINK,
  NETLINK_ROUTE: NETLINK.NETLINK_ROUTE,
  NETLINK_NETFILTER: NETLINK.NETLINK_NETFILTER,
  ...ADDRESS,
  ...LINK,
  ...NEIGHBOUR,
  ...ROUTE,
  ...FAMILY,
  'SOCK_RAW | SOCK_CLOEXEC': NETLINK.SOCK_RAW_CLOEXEC,
  'sizeof(struct nlmsghdr)': NETLINK.SIZES.nlmsghdr,
  'sizeof(struct ifinfomsg)': NETLINK.SIZES.ifinfomsg,
  'sizeof(struct ifaddrmsg)': NETLINK.SIZES.ifaddrmsg,
  'sizeof(struct rtmsg)': NETLINK.SIZES.rtmsg,
  'sizeof(struct ndmsg)': NETLINK.SIZES.ndmsg,
  'sizeof(struct rtgenmsg)': NETLINK.SIZES.rtgenmsg,
  SIOCGSKNS,
}))

compare('rules and connections: the constants are those of linux/netfilter/', () => ({
  ...NFNETLINK,
  ...CONNTRACK,
  ...NFT,
  'sizeof(struct nfgenmsg)': NFGENMSG_SIZE,
}))

compare('sockets: the options, addresses and the queue of errors are those of the headers', () => ({
  ...SOCKET,
  ...ERROR_QUEUE,
  'sizeof(struct sockaddr_in)': SOCKADDR_IN.size,
  'offsetof(struct sockaddr_in, sin_port)': SOCKADDR_IN.port,
  'offsetof(struct sockaddr_in, sin_addr)': SOCKADDR_IN.address,
  'sizeof(struct sockaddr_in6)': SOCKADDR_IN6.size,
  'offsetof(struct sockaddr_in6, sin6_port)': SOCKADDR_IN6.port,
  'offsetof(struct sockaddr_in6, sin6_addr)': SOCKADDR_IN6.address,
  'sizeof(struct msghdr)': MSGHDR.size,
  'offsetof(struct msghdr, msg_control)': MSGHDR.control,
  'offsetof(struct msghdr, msg_controllen)': MSGHDR.controllen,
  'sizeof(struct cmsghdr)': EXTENDED_ERROR.cmsghdr,
  'sizeof(struct sock_extended_err)': EXTENDED_ERROR.size,
  'offsetof(struct sock_extended_err, ee_origin)': EXTENDED_ERROR.origin,
  'offsetof(struct sock_extended_err, ee_type)': EXTENDED_ERROR.type,
  'sizeof(struct iphdr)': IP_HEADER.least,
  'offsetof(struct iphdr, frag_off)': IP_HEADER.fragment,
  'offsetof(struct iphdr, ttl)': IP_HEADER.ttl,
  'offsetof(struct iphdr, protocol)': IP_HEADER.protocol,
  'offsetof(struct iphdr, saddr)': IP_HEADER.source,
  'offsetof(struct iphdr, daddr)': IP_HEADER.target,
}))

compare('packet sockets: the constants and offsets are those of linux/if_packet.h', () => ({
  ...PACKETS.PACKET,
  ...ECHOES.ICMP,
  'sizeof(struct sockaddr_ll)': PACKETS.SOCKADDR_LL.size,
  'offsetof(struct sockaddr_ll, sll_protocol)': PACKETS.SOCKADDR_LL.protocol,
  'offsetof(struct sockaddr_ll, sll_ifindex)': PACKETS.SOCKADDR_LL.index,
  'offsetof(struct sockaddr_ll, sll_pkttype)': PACKETS.SOCKADDR_LL.type,
  '(unsigned)(SKF_AD_OFF + SKF_AD_PROTOCOL)': PACKETS.PROTOCOL,
  'BPF_LD | BPF_H | BPF_ABS': 0x28,
  'BPF_LD | BPF_B | BPF_ABS': 0x30,
  'BPF_JMP | BPF_JSET | BPF_K': 0x45,
}))

compare('the requests, options and struct of ptrace are those of linux/ptrace.h', () => {
  const { size, op, nr, args, rval } = PTRACE.SYSCALL_INFO
  return {
    ...prefixed('PTRACE_', PTRACE.PTRACE),
    ...prefixed('PTRACE_O_', PTRACE.PTRACE_O),
    NT_PRSTATUS: PTRACE.NT_PRSTATUS,
    'sizeof(struct user_regs_struct)': PTRACE.RESULT_REGISTER[process.arch as 'x64'].size,
    [`offsetof(struct user_regs_struct, ${process.arch === 'x64' ? 'rax' : 'regs'})`]:
      PTRACE.RESULT_REGISTER[process.arch as 'x64'].at,
    'sizeof(struct ptrace_syscall_info)': size,
    'offsetof(struct ptrace_syscall_info, op)': op,
    'offsetof(struct ptrace_syscall_info, seccomp.nr)': nr,
    'offsetof(struct ptrace_syscall_info, seccomp.args)': args,
    'offsetof(struct ptrace_syscall_info, exit.rval)': rval,
  }
})

compare('the filter of seccomp uses the numbers and offsets of the headers', () => {
  const { audit, ...calls } = SECCOMP.callNumbers()
  return {
    ...prefixed('SYS_', Object.fromEntries(Object.entries(calls).filter(([, number]) => number !== undefined))),
    [process.arch === 'x64' ? 'AUDIT_ARCH_X86_64' : 'AUDIT_ARCH_AARCH64']: audit,
    ...numbersOf({ ...SECCOMP, X32_SYSCALL_BIT: undefined, WRITING_FLAGS: undefined }),
    ...(process.arch === 'x64' ? { __X32_SYSCALL_BIT: SECCOMP.X32_SYSCALL_BIT } : {}),
    'offsetof(struct seccomp_data, nr)': SECCOMP.SECCOMP_DATA.nr,
    'offsetof(struct seccomp_data, arch)': SECCOMP.SECCOMP_DATA.arch,
    'offsetof(struct seccomp_data, args)': SECCOMP.SECCOMP_DATA.args,
    'O_WRONLY | O_RDWR | O_CREAT | O_TRUNC': SECCOMP.WRITING_FLAGS,
    'sizeof(struct sock_filter)': 8,
    'offsetof(struct sock_filter, k)': 4,
    'BPF_LD | BPF_W | BPF_ABS': 0x20,
    'BPF_JMP | BPF_JEQ | BPF_K': 0x15,
    'BPF_JMP | BPF_JGE | BPF_K': 0x35,
    'BPF_JMP | BPF_JSET | BPF_K': 0x45,
    'BPF_RET | BPF_K': 0x06,
  }
})

compare('the sizes of sigset_t, pollfd and signalfd_siginfo are those of the headers', () => ({
  'sizeof(sigset_t)': POLL.SIGSET_SIZE,
  'sizeof(struct signalfd_siginfo)': POLL.SIGINFO_SIZE,
  'sizeof(struct pollfd)': 8,
  'offsetof(struct pollfd, revents)': 6,
  'SFD_NONBLOCK | SFD_CLOEXEC': 0o2004000,
  'sizeof(struct timespec)': 16,
  POLLIN: POLL.POLLIN,
  POLLOUT: POLL.POLLOUT,
}))

compare('terminals: the sizes and requests are those of termios.h and sys/ioctl.h', () => {
  const { size, rows, columns } = TERMINAL.WINSIZE
  return {
    ...numbersOf(Object.fromEntries(Object.entries(TERMINAL).filter(([name]) => /^(TC|TIOC)/.test(name)))),
    'sizeof(struct termios)': TERMINAL.TERMIOS_SIZE,
    'sizeof(struct winsize)': size,
    'offsetof(struct winsize, ws_row)': rows,
    'offsetof(struct winsize, ws_col)': columns,
    SYS_pidfd_open,
  }
})

compare('the calls about users, idmapped mounts and prctl have the numbers of the headers', () => ({
  ...prefixed('SYS_', SYS_users),
  ...numbersOf(MOUNT_FD),
  ...numbersOf(PRCTL),
  RLIMIT_AS,
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  NS_GET_USERNS,
  NS_GET_OWNER_UID,
  S_IFBLK,
  SYS_close_range,
  CLOSE_RANGE_CLOEXEC,
  F_SETFD,
  FD_CLOEXEC,
  SYS_keyctl,
  KEYCTL_JOIN_SESSION_KEYRING,
  'sizeof(rlim_t)': 8,
  'sizeof(struct rlimit)': 16,
  'sizeof(struct mount_attr)': 32,
  'offsetof(struct mount_attr, attr_set)': 0,
  'offsetof(struct mount_attr, userns_fd)': 24,
}))

compare('attributes, overlay and openat2 from a directory: constants and offsets are those of the headers', () => ({
  ...numbersOf(OPEN_INSIDE),
  'sizeof(struct open_how)': OPEN_INSIDE.OPEN_HOW.size,
  'offsetof(struct open_how, flags)': OPEN_INSIDE.OPEN_HOW.flags,
  'offsetof(struct open_how, resolve)': OPEN_INSIDE.OPEN_HOW.resolve,
  OVERLAYFS_SUPER_MAGIC,
  XATTR_SIZE_MAX,
}))

compare('the capabilities, and the structs of capset and openat2, are those of the headers', () => ({
  ...CAPABILITIES,
  CAP_LAST_CAP: CAPABILITIES.CAP_CHECKPOINT_RESTORE,
  SYS_capset,
  _LINUX_CAPABILITY_VERSION_3,
  'sizeof(struct __user_cap_header_struct)': 8,
  'sizeof(struct __user_cap_data_struct)': 12,
  _LINUX_CAPABILITY_U32S_3: 2,
  'sizeof(struct open_how)': 24,
  'offsetof(struct open_how, resolve)': 16,
}))

compare('what waitid says of a child is where the headers have it', () => ({
  ...PTRACE.WAITID,
  'sizeof(siginfo_t)': PTRACE.SIGINFO.size,
  'offsetof(siginfo_t, si_code)': PTRACE.SIGINFO.code,
  'offsetof(siginfo_t, si_pid)': PTRACE.SIGINFO.pid,
}))

compare('policies of the scheduler, and what a signal says of its origin, are those of the headers', () => ({
  ...prefixed('SCHED_', SCHED),
  // What comes behind it in musl's is not the kernel's.
  'offsetof(struct sched_param, sched_priority)': 0,
  CLD_EXITED: PTRACE.SI.CLD_FIRST,
  CLD_CONTINUED: PTRACE.SI.CLD_LAST,
  SI_TIMER: PTRACE.SI.TIMER,
}))

compare('errno and signal numbers of Node are those of the C library', () => ({
  ...constants.signals,
  ...constants.errno,
}))
