/**
 * A seccomp filter that stops a traced process at chosen system calls and lets every other one pass.
 */
import koffi from 'koffi'
import { call, libcFunction } from '../machine/libc.ts'
import { callNumbers, type StoppedCall } from './call-numbers.ts'

koffi.struct('sock_fprog', { len: 'unsigned short', filter: 'uint8_t *' })
const libcSeccomp = libcFunction('int prctl(int option, unsigned long mode, sock_fprog *program)')

export { callNumbers, type StoppedCall } from './call-numbers.ts'

/** The calls that send signals to another process. */
export const SIGNAL_CALLS: readonly StoppedCall[] = [
  'kill',
  'rt_sigqueueinfo',
  'pidfd_send_signal',
  'tkill',
  'tgkill',
  'rt_tgsigqueueinfo',
]
/** The flag with which unlinkat(2) removes a directory, `<fcntl.h>`. */
export const AT_REMOVEDIR = 0x200n
/** The calls that can write to a file of a control group, and which argument is the file. */
export const WRITE_CALLS: Readonly<Partial<Record<StoppedCall, number>>> = {
  write: 0,
  pwrite64: 0,
  writev: 0,
  pwritev: 0,
  pwritev2: 0,
  sendfile: 0,
  splice: 2,
  copy_file_range: 2,
}
/** The calls that can write to a file of a control group, and those that remove a group. */
export const GROUP_CALLS = [...Object.keys(WRITE_CALLS), 'rmdir', 'unlinkat'] as readonly StoppedCall[]

/** The calls that make processes and threads and can hide them from a tracer. fork(2) and vfork(2) cannot. */
export const CLONE_CALLS: readonly StoppedCall[] = ['clone', 'clone3']

/** The calls that close a descriptor, put another file in its place, or change the directory. */
export const PLACE_CALLS: readonly StoppedCall[] = [
  'close',
  'close_range',
  'dup2',
  'dup3',
  'chdir',
  'fchdir',
  // Whoever enters a mount namespace stands in its root, and whoever stood in the old root goes to the new one.
  'setns',
  'pivot_root',
]

/** The calls that move a thread into other namespaces. */
export const NAMESPACE_CALLS: readonly StoppedCall[] = ['unshare', 'setns']

/** The calls by which a network is changed, and those by which packets are sent: each may be the other. */
export const NETWORK_CALLS: readonly StoppedCall[] = [
  'ioctl',
  'sendto',
  'sendmsg',
  'sendmmsg',
  'write',
  'writev',
  // Of a socket it is writev(2) if it is given no place in a file.
  'pwritev2',
  'sendfile',
  'splice',
]
/** The calls by which somebody reads what was typed at a terminal. pread(2) and its like cannot. */
export const READ_CALLS: readonly StoppedCall[] = ['read', 'readv', 'preadv2']

/** The calls that may attach a file system or make a device node. */
export const MOUNT_CALLS: readonly StoppedCall[] = ['mount', 'mknod', 'mknodat']

/** Which argument of open(2) and openat(2) has the flags. They stop only where something is to be written. */
const FLAGS_OF: Readonly<Partial<Record<StoppedCall, number>>> = { open: 1, openat: 2 }
/** What in those flags says so: O_WRONLY, O_RDWR, O_CREAT and O_TRUNC of `<fcntl.h>`. */
export const WRITING_FLAGS = 0o1103

/**
 * The calls that make, change or remove files by a path (but for links, owners, permissions and times), each with the place
 * of the directory (a descriptor; -1 where it takes none) and of the path among its arguments.
 */
export const FILE_CALLS: Readonly<Partial<Record<StoppedCall, readonly [directory: number, path: number]>>> = {
  open: [-1, 0],
  creat: [-1, 0],
  openat: [0, 1],
  openat2: [0, 1],
  truncate: [-1, 0],
  unlink: [-1, 0],
  unlinkat: [0, 1],
  rmdir: [-1, 0],
  rename: [-1, 0],
  renameat: [0, 1],
  renameat2: [0, 1],
  link: [-1, 1],
  linkat: [2, 3],
  mkdir: [-1, 0],
  mkdirat: [0, 1],
  mknod: [-1, 0],
  mknodat: [0, 1],
}

/** The calls that open a file for writing, or make one. */
export const OPEN_CALLS: readonly StoppedCall[] = ['open', 'openat', 'openat2', 'creat']

/** The calls that change the owner of a file, its permissions or its length. */
export const OWNER_CALLS: readonly StoppedCall[] = [
  'chown',
  'lchown',
  'fchown',
  'fchownat',
  'chmod',
  'fchmod',
  'fchmodat',
  'fchmodat2',
  'truncate',
]

/** The calls that run a program. */
export const EXEC_CALLS: readonly StoppedCall[] = ['execve', 'execveat']

/** The calls by which a thread becomes another user's, or has fewer capabilities. */
export const RIGHTS_CALLS: readonly StoppedCall[] = ['setuid', 'setreuid', 'setresuid', 'capset']

/**
 * The calls at which a program stops besides where its story is asked for. prctl(2) is the one by which a program on
 * lib/ tells the line of its source that a call comes from. @see lib/machine/announce.ts
 */
export const STORY_CALLS: readonly StoppedCall[] = [
  ...NAMESPACE_CALLS,
  'umount2',
  'pivot_root',
  'chroot',
  'sethostname',
  'prctl',
]
/** The calls that make a control group, where the story of a lab with groups is asked for. */
export const GROUP_MAKING_CALLS: readonly StoppedCall[] = ['mkdir', 'mkdirat']

let names: ReadonlyMap<number | undefined, StoppedCall> | undefined

/** The name of a stopped call by its number. */
export function callName(number: number): StoppedCall | undefined {
  names ??= new Map(Object.entries(callNumbers()).map(([name, nr]) => [nr, name as StoppedCall]))
  return names.get(number)
}

export const PR_SET_SECCOMP = 22
export const SECCOMP_MODE_FILTER = 2
export const SECCOMP_RET_TRACE = 0x7ff00000
export const SECCOMP_RET_ALLOW = 0x7fff0000
export const SECCOMP_RET_ERRNO = 0x00050000
const ENOSYS = 38
const [LOAD, JUMP_EQUAL, RETURN] = [0x20, 0x15, 0x06]
/** `struct seccomp_data { int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6]; }` */
export const SECCOMP_DATA = { nr: 0, arch: 4, args: 16 } as const

/** `struct sock_filter { __u16 code; __u8 jt; __u8 jf; __u32 k; }`, in `<linux/filter.h>`. */
function instruction(code: number, k: number, jt = 0, jf = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  bytes.writeUInt8(jt, 2)
  bytes.writeUInt8(jf, 3)
  bytes.writeUInt32LE(k >>> 0, 4)
  return bytes
}

/** Jumps `distance` instructions from the last of these comparisons if the number is one of `numbers`. */
const whenOneOf = (numbers: readonly number[], distance: number) =>
  numbers.map((number, i) => instruction(JUMP_EQUAL, number, numbers.length - 1 - i + distance, 0))

/** Calls of x32, a third architecture that an x86-64 kernel may have, are numbered from here. */
export const X32_SYSCALL_BIT = 0x40000000
const JUMP_NOT_LESS = 0x35
const JUMP_SET = 0x45

/** A call that stops only with certain flags: the place of the argument that has them. */
interface FlaggedCall {
  readonly number: number
  readonly argument: number
}

/** If the number is that of the call, it stops or goes on by its flags; what comes behind is for all others. */
const whenWriting = ({ number, argument }: FlaggedCall) => [
  instruction(JUMP_EQUAL, number, 0, 4),
  instruction(LOAD, SECCOMP_DATA.args + 8 * argument),
  instruction(JUMP_SET, WRITING_FLAGS, 1, 0),
  instruction(RETURN, SECCOMP_RET_ALLOW),
  instruction(RETURN, SECCOMP_RET_TRACE),
]

/**
 * The filter as a BPF program: one of `stopped` → stop for the tracer; one of `missing`, or a call of another
 * architecture (32 bits, x32) → fail as if the kernel had no such call; one of `writing` → stop if it writes; else go on.
 */
export function traceFilter(
  audit: number,
  stopped: readonly number[],
  missing: readonly number[] = [],
  writing: readonly FlaggedCall[] = [],
): Buffer {
  const flagged = writing.flatMap(whenWriting)
  const toMissing = flagged.length + stopped.length + missing.length + 2
  return Buffer.concat([
    instruction(LOAD, SECCOMP_DATA.arch),
    instruction(JUMP_EQUAL, audit, 0, toMissing + 2),
    instruction(LOAD, SECCOMP_DATA.nr),
    instruction(JUMP_NOT_LESS, X32_SYSCALL_BIT, toMissing, 0),
    ...flagged,
    ...whenOneOf(stopped, missing.length + 1),
    ...whenOneOf(missing, 2),
    instruction(RETURN, SECCOMP_RET_ALLOW),
    instruction(RETURN, SECCOMP_RET_TRACE),
    instruction(RETURN, SECCOMP_RET_ERRNO | ENOSYS),
  ])
}

/**
 * From here on the calling process and all it starts stop at these calls, for their tracer (PTRACE_O_TRACESECCOMP).
 * Without a tracer such a call fails with ENOSYS.
 * @param missing these fail with ENOSYS, as on an older kernel
 * @throws SyscallError EACCES without CAP_SYS_ADMIN
 * @see seccomp(2)
 */
export function stopAtCalls(calls: readonly StoppedCall[], missing: readonly StoppedCall[] = []): void {
  const { audit, ...numbers } = callNumbers()
  const known = (names: readonly StoppedCall[]) =>
    names.map(name => numbers[name]).filter(number => number !== undefined)
  const writing = calls.flatMap(name => {
    const [number, argument] = [numbers[name], FLAGS_OF[name]]
    return number === undefined || argument === undefined ? [] : [{ number, argument }]
  })
  const others = calls.filter(name => !(name in FLAGS_OF))
  const filter = traceFilter(audit as number, known(others), known(missing), writing)
  // struct sock_fprog { unsigned short len; struct sock_filter *filter; }: koffi fills in the pointer.
  const program = { len: filter.length / 8, filter }
  call(
    'prctl',
    libcSeccomp,
    [PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program],
    [Symbol('PR_SET_SECCOMP'), Symbol('filter')],
  )
}
