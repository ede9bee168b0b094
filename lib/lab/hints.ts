/**
 * What to do about a failed system call, where strerror(3) misleads. It depends on who has made the call: "use sudo" is
 * no help for root, nor a user namespace for somebody who is in one.
 */
import { readFileSync } from 'node:fs'

/** The bit of CAP_SYS_ADMIN, `<linux/capability.h>`. */
const CAP_SYS_ADMIN = 21n

/** A file of the calling process in /proc; `undefined` where there is no /proc. */
function ownFile(name: string): string | undefined {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8')
  } catch {
    return undefined
  }
}

/** Whether the calling process is in a user namespace that is not the machine's. */
function isInUserNamespace(): boolean {
  const map = ownFile('uid_map')
  // Empty: nobody has mapped its users yet.
  return map !== undefined && !/^\s*0\s+0\s+4294967295\s*$/.test(map)
}

/** Whether it may do in its own namespace what root may. */
function isMighty(): boolean {
  const [, capabilities = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(ownFile('status') ?? '') ?? []
  return ((BigInt(`0x${capabilities}`) >> CAP_SYS_ADMIN) & 1n) === 1n
}

/** The end of a sentence: what is lacking for what root may do. */
function needsRoot(): string {
  if (isInUserNamespace())
    return isMighty()
      ? 'is refused here although you are root of a user namespace: your rights reach what was made in that namespace, and not what is from outside of it'
      : 'needs root of this user namespace, and the calling process is not (or not any more)'
  if (process.geteuid?.() === 0)
    return 'is refused here although you are root: this machine or container was started without that right, or a filter (seccomp, AppArmor) forbids it; npm run doctor says which'
  return 'needs root (or a user namespace that grants it): run the program with sudo'
}

const CLONE_EINVAL =
  'the flags contradict each other (CLONE_FS with CLONE_NEWNS or CLONE_NEWUSER, for one) or this kernel lacks a namespace'

const V2_BUSY = 'a v2 group whose children have controllers holds no processes of its own; see cgroups(7)'
const READ_ONLY_GROUPS =
  'the cgroup file system is read-only here, as in most containers: run the lab on the machine itself'
const NOT_YOURS = 'the file belongs to somebody else: as root, chown it to the one who runs the lab'
const V2_EACCES =
  'in v2 an ordinary user moves processes only between groups below one that is theirs. Let root make GROUP, chown it ' +
  'to you, make GROUP/shell and put your shell there (echo $$ > GROUP/shell/cgroup.procs); then hand down the ' +
  'controller (echo +memory > GROUP/cgroup.subtree_control), mkdir GROUP/lab and use that'

/** Where strerror misleads, by call and errno. */
const HINTS: Readonly<Record<string, string | (() => string)>> = {
  'clone EPERM': () => `a new namespace ${needsRoot()}; see clone(2)`,
  'clone EINVAL': `${CLONE_EINVAL}; see clone(2)`,
  'clone ENOSPC': 'a limit on nested namespaces is reached: see /proc/sys/user/max_*_namespaces',
  'clone EAGAIN': 'a limit on processes is reached: see ulimit -u and the pids cgroup',
  'clone ENOENT': 'clone() reads /proc/self/maps: mount /proc first, mount("proc", "/proc", "proc")',
  'clone EBUSY':
    'another thread of this process is at work (a Worker or an unfinished asynchronous call): let it finish first',
  'clone3 EBADF': 'only a v2 group can have children born into it; move the child into a v1 group with cgroup.procs',
  'clone3 EBUSY': V2_BUSY,
  'clone3 EACCES': V2_EACCES,
  'clone3 E2BIG': 'CLONE_INTO_CGROUP needs Linux 5.7',
  'clone3 ENOSYS': 'CLONE_INTO_CGROUP needs Linux 5.7, and a container whose seccomp profile allows clone3',
  'cgroup mkdir EACCES': () => `making a group at the root of a hierarchy ${needsRoot()}`,
  'cgroup mkdir EPERM': () => `making a group at the root of a hierarchy ${needsRoot()}`,
  'cgroup mkdir EROFS': READ_ONLY_GROUPS,
  'cgroup mkdir EEXIST': 'a group of that name is there already: if it is empty and nobody needs it, rmdir it',
  'group ENOENT': 'the group has vanished: somebody removed it meanwhile',
  'group ENODEV': 'the group has vanished: somebody removed it meanwhile',
  'cgroup.procs EACCES': V2_EACCES,
  'cgroup.procs EPERM': V2_EACCES,
  'cgroup.procs EBUSY': V2_BUSY,
  'cgroup.procs ESRCH': 'no process has that number in this PID namespace',
  'cgroup.subtree_control EBUSY': `${V2_BUSY}: in a container, start it with a group of its own that is empty`,
  'cgroup.subtree_control ENOENT': 'the group above does not hand that controller down; see its cgroup.controllers',
  'memory.limit_in_bytes EBUSY': 'the group holds more than that already, and v1 kills nobody to make room',
  'memory.limit_in_bytes EACCES': NOT_YOURS,
  'memory.max EACCES': NOT_YOURS,
  'memory.memsw.limit_in_bytes EACCES': NOT_YOURS,
  'memory.swap.max EACCES': NOT_YOURS,
  'rmdir EBUSY': 'there are still processes in the group: see its cgroup.procs',
  'unshare EPERM': () => `a new namespace ${needsRoot()}; see unshare(2)`,
  'unshare ENOSPC':
    'a limit on namespaces is reached: 33 levels of user namespaces, or what /proc/sys/user/max_*_namespaces says',
  'unshare EINVAL':
    'a process with several threads (Node is one) cannot unshare CLONE_NEWUSER or CLONE_VM; use clone()',
  'setns EPERM': () => `joining a namespace ${needsRoot()}; see setns(2)`,
  'setns EINVAL':
    'the descriptor is no namespace of that kind, or a process with several threads (Node is one) asked for a user or mount namespace: do it in a child of fork()',
  'sethostname EPERM': () => `changing the host name ${needsRoot()}; see sethostname(2)`,
  'mount EPERM': () => `mounting ${needsRoot()}; see mount(2)`,
  'umount2 EPERM': () => `unmounting ${needsRoot()}; see umount(2)`,
  'pivot_root EPERM': () => `another root ${needsRoot()}; see pivot_root(2)`,
  'chroot EPERM': () => `another root ${needsRoot()}; see chroot(2)`,
  'kill ESRCH': 'no process has that number in this PID namespace; see kill(2)',
  'waitpid ECHILD': 'no such child to wait for; a child cloned without SIGCHLD is only found with __WALL',
  'ioctl ENODEV': 'no interface has that name in this network namespace; see netdevice(7)',
  'ioctl EPERM': () => `changing an interface ${needsRoot()}; see netdevice(7)`,
  'RTM_NEWLINK EEXIST': 'an interface of that name is there already: ip link shows it',
  'RTM_NEWLINK EOPNOTSUPP': 'this kernel has no interfaces of that kind: modprobe bridge, or modprobe veth',
  'RTM_NEWLINK ESRCH': 'no process has that number, so there is no network of its to be born in',
  'RTM_NEWLINK EPERM': () => `changing an interface ${needsRoot()}; see rtnetlink(7)`,
  'RTM_GETLINK ENODEV':
    'no interface has that name in this network namespace: it may be in another one; ip link lists those here',
  'RTM_NEWADDR EEXIST': 'the interface has that address already',
  'RTM_NEWADDR EPERM': () => `giving an address ${needsRoot()}; see rtnetlink(7)`,
  'RTM_NEWADDR EACCES': 'IPv6 is disabled on that interface: sysctl net.ipv6.conf.all.disable_ipv6',
  'RTM_NEWADDR EOPNOTSUPP': 'this kernel has no IPv6',
  'RTM_NEWROUTE ENETUNREACH':
    'the gateway is on none of the wires here: the interface needs its address first, and has to be up',
  'RTM_NEWROUTE EEXIST': 'there is a route for that destination already: ip route shows it',
  'RTM_NEWROUTE ENETDOWN': 'the interface is down: set it up first',
  'RTM_NEWROUTE EPERM': () => `adding a route ${needsRoot()}; see rtnetlink(7)`,
  'bind EADDRINUSE': 'somebody listens at that address and port already: ss -lntup shows who',
  'bind EADDRNOTAVAIL': 'no interface of this network namespace has that address',
  'connect ECONNREFUSED': 'somebody has that address, and nobody listens at that port',
  'connect ENETUNREACH': 'there is no route to that address: ip route shows those there are',
  'connect EHOSTUNREACH': 'nobody on the wire answers for that address, or for that of the gateway',
  'connect ETIMEDOUT': 'no answer came: the packets, or their answers, get lost on the way',
  'tty EPERM': "it takes a session leader without a terminal of its own (setsid), and a terminal that is nobody else's",
  'mknod EPERM':
    'a device node takes root of the machine itself: root of a user namespace binds nodes of the machine instead',
  'setresuid EINVAL': 'the map of this user namespace has no such user: see /proc/self/uid_map',
  'setresgid EINVAL': 'the map of this user namespace has no such group: see /proc/self/gid_map',
  'capset EPERM':
    'a capability can be given up and never taken: permitted is at most what it was, effective at most what is permitted',
  'kcmp ENOSYS': 'this kernel is built without kcmp(2) (CONFIG_KCMP)',
  'ptrace EPERM': 'the process is traced already, or kernel.yama.ptrace_scope forbids it; see ptrace(2)',
}

/** What helps whatever the call was. */
const ANYWHERE: Readonly<Record<string, string>> = {
  EROFS: 'the file system is mounted read-only here: choose another place, or mount it for writing',
  EMFILE:
    'this process has as many descriptors open as it may (see ulimit -n): close those that are not needed any more',
  ENFILE: 'the whole machine has as many files open as it may: see /proc/sys/fs/file-nr',
}

/**
 * The hint for a failed call, if there is one.
 * @param topic the call, or what stands for it where the call alone says too little
 * @param code the name of the errno, `EPERM`
 */
export function hintFor(topic: string, code: string): string | undefined {
  const key = `${topic} ${code}`
  const hint = Object.hasOwn(HINTS, key) ? HINTS[key] : undefined
  if (hint !== undefined) return typeof hint === 'string' ? hint : hint()
  return Object.hasOwn(ANYWHERE, code) ? ANYWHERE[code] : undefined
}
