/**
 * Errors for readers: a failed system call, a wrong argument, and a machine that cannot run the program.
 */
import './machine/node-only.ts'
import { constants } from 'node:os'
import { getSystemErrorMap, inspect } from 'node:util'
import koffi from 'koffi'

/**
 * Exit codes of every program of this project: what was asked holds, or does not; wrong usage; the program itself failed,
 * which says nothing about what was asked (EX_SOFTWARE of sysexits.h); it cannot run on this machine.
 */
export const EXIT = { HOLDS: 0, FAILS: 1, USAGE: 2, FAULT: 70, CANNOT: 77 } as const

const strerror = koffi.load(null).func('const char *strerror(int errnum)') as unknown as (errno: number) => string

// For the numbers that libuv has no name for. Where Node lists two names for one number, the first is the usual one.
const OTHERS = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number as number, name]),
)

/** The name of an errno, `errnoName(1)` → `EPERM`. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? OTHERS.get(errno) ?? `errno ${errno}`
}

/** What strerror(3) says of an errno. */
export function errnoText(errno: number): string {
  return strerror(errno)
}

const NEEDS_ROOT = 'needs root (or a user namespace that grants it): run the program with sudo'
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
const HINTS: Record<string, string> = {
  'clone EPERM': `a new namespace ${NEEDS_ROOT}; see clone(2)`,
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
  'cgroup mkdir EACCES': 'making a group at the root of a hierarchy needs root: run the program with sudo',
  'cgroup mkdir EPERM': 'making a group at the root of a hierarchy needs root: run the program with sudo',
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
  'unshare EPERM': `a new namespace ${NEEDS_ROOT}; see unshare(2)`,
  'unshare EINVAL':
    'a process with several threads (Node is one) cannot unshare CLONE_NEWUSER or CLONE_VM; use clone()',
  'setns EPERM': `joining a namespace ${NEEDS_ROOT}; see setns(2)`,
  'setns EINVAL':
    'the descriptor is no namespace of that kind, or a process with several threads (Node is one) asked for a user or mount namespace: do it in a child of fork()',
  'sethostname EPERM': `changing the host name ${NEEDS_ROOT}; see sethostname(2)`,
  'mount EPERM': `${NEEDS_ROOT}; see mount(2)`,
  'kill ESRCH': 'no process has that number in this PID namespace; see kill(2)',
  'waitpid ECHILD': 'no such child to wait for; a child cloned without SIGCHLD is only found with __WALL',
  'ioctl ENODEV': 'no interface has that name in this network namespace; see netdevice(7)',
  'ioctl EPERM': `changing an interface ${NEEDS_ROOT}; see netdevice(7)`,
  'tty EPERM': "it takes a session leader without a terminal of its own (setsid), and a terminal that is nobody else's",
  'kcmp ENOSYS': 'this kernel is built without kcmp(2) (CONFIG_KCMP)',
  'ptrace EPERM': 'the process is traced already, or kernel.yama.ptrace_scope forbids it; see ptrace(2)',
}

/** One argument of a call as a reader wants to see it: a symbol stands for a constant and is printed bare. */
function show(value: unknown): string {
  if (typeof value === 'symbol') return value.description ?? ''
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return value.name || 'child'
  return value === null ? 'NULL' : String(value)
}

/**
 * A system call that failed, printed as `mount("proc", "/root/proc"): EPERM (Operation not permitted)` with a second
 * line `hint: …` where the errno alone misleads. Made by {@link syscallError} alone.
 */
export class SyscallError extends Error {
  override readonly name = 'SyscallError'
  /** The call, `mount`. */
  declare readonly syscall: string
  /** Its arguments, flags by name. */
  declare readonly args: readonly unknown[]
  /** The number of the error, positive. */
  declare readonly errno: number
  /** The name of the errno, `EPERM`. */
  declare readonly code: string
  /** What to do about it. */
  declare readonly hint: string | undefined

  constructor(syscall: string, args: readonly unknown[], errno: number, hint: string | undefined) {
    const code = errnoName(errno)
    super(`${syscall}(${args.map(show).join(', ')}): ${code} (${errnoText(errno)})${hint ? `\nhint: ${hint}` : ''}`)
    // Not enumerable: Node would print them all again after the message of an uncaught error.
    for (const [name, value] of Object.entries({ syscall, args, errno, code, hint }))
      Object.defineProperty(this, name, { value })
    // Without the frames of lib/ the first place that a reader sees is in their own file.
    if (typeof this.stack === 'string') this.stack = this.stack.replace(/\n\s+at .*\/lib\/[\w-]+\.ts:.*/g, '')
  }
}

/** The error for a call that failed with `errno`. The hint is that of `topic`, where the call alone says too little. */
export function syscallError(
  syscall: string,
  args: readonly unknown[],
  errno: number,
  topic: string = syscall,
): SyscallError {
  return new SyscallError(syscall, args, errno, HINTS[`${topic} ${errnoName(errno)}`])
}

/** A wrong word on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What this machine cannot do, with the reason and the remedy: exit code 77. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
}

/** A lab found something other than it relies on, and says so in one sentence: exit code 1 of a lab. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

/** The error for a wrong argument: it names the argument, what was expected and what arrived. */
export function argumentError(call: string, argument: string, expected: string, value: unknown): TypeError {
  const arrived = typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : show(value)
  return new TypeError(`${call}: ${argument} must be ${expected}, not ${arrived}`)
}

/** Errors of a full or broken disk. They say nothing about what a program was asked. */
const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EIO: 'the disk cannot be read or written',
}

/** An error of node:fs that a full or broken disk has caused, said in a sentence; `undefined` for any other. */
function diskMessage(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof SyscallError) return undefined
  const { code = '', path } = error as NodeJS.ErrnoException
  const why = Object.hasOwn(DISK, code) ? DISK[code] : undefined
  return why && `${path === undefined ? '' : `${path}: `}${why} (${code})\nhint: make room for it, and start again`
}

/**
 * The exit code for an error.
 * @param otherwise the code for an error that has none of its own: EXIT.FAULT in a tool, EXIT.FAILS in a lab
 */
export function exitCodeOf(error: unknown, otherwise: number): number {
  if (error instanceof UsageError) return EXIT.USAGE
  if (error instanceof CannotRun) return EXIT.CANNOT
  return diskMessage(error) === undefined ? otherwise : EXIT.FAULT
}

/** The message for a failed command, as zx throws it: what the command itself printed. */
function commandMessage(error: Error): string | undefined {
  const { stderr, exitCode } = error as { stderr?: unknown; exitCode?: unknown }
  if (typeof stderr !== 'string' || typeof exitCode !== 'number') return undefined
  return `a command of the lab failed with exit code ${exitCode}: ${stderr.trim() || 'it gave no reason'}`
}

const FOR_READERS = new Set([
  'SyscallError',
  'UsageError',
  'CannotRun',
  'Unexpected',
  'TypeError',
  'GateError',
  'OpenTask',
])
/** Errors that are printed with their place in the reader's own program, because that is where to fix them. */
const WITH_PLACE = new Set(['TypeError', 'OpenTask'])

/**
 * A text for a thrown value that is no Error, or for an Error without a stack (Error.prepareStackTrace may remove it).
 */
function describeThrown(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // It has no toString method, or one that throws.
    return inspect(thrown)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `uncaught: ${describeThrown(error)}`
  const sentence = commandMessage(error) ?? diskMessage(error)
  if (sentence !== undefined) return sentence
  const stack = typeof error.stack === 'string' ? error.stack : describeThrown(error)
  const place = stack.split('\n').find(line => /^\s+at .*\/(labs|mine)\//.test(line))
  if (!FOR_READERS.has(error.name)) return stack
  return place && WITH_PLACE.has(error.name) ? `${error.message}\n${place}` : error.message
}

/**
 * An error as a reader sees it: its message; the stack only where the message is no sentence of ours. It never throws,
 * whatever has been thrown.
 */
export function describeError(error: unknown): string {
  try {
    return describe(error)
  } catch {
    return 'uncaught: something that cannot be shown'
  }
}
