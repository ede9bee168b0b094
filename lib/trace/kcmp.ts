/**
 * What two processes share, according to the kernel.
 */
import { CannotRun } from '../errors.ts'
import { containerCommand } from '../machine/container.ts'
import { call, libcFunction } from '../machine/libc.ts'

const libcSyscall = libcFunction(
  'long syscall(long number, int pid1, int pid2, int type, unsigned long idx1, unsigned long idx2)',
)

/** Why kcmp(2) does not answer, and what helps. */
export interface NoComparison {
  /** The error of the call, in one line. */
  readonly seen: string
  readonly cause: string
  readonly remedy: string
}

/** What helps where kcmp(2) failed with an error. @param seen the error in one line */
export const explainComparing = (seen: string, container = containerCommand()): NoComparison =>
  /EPERM/.test(seen)
    ? { seen, cause: "a filter, most likely a container's, refuses it", remedy: container }
    : { seen, cause: 'this kernel is built without it', remedy: 'boot a kernel with CONFIG_KCMP=y' }

/** Tries kcmp(2) on the calling process itself. @returns why it fails; `undefined` where it answers */
export function whyNoComparison(): NoComparison | undefined {
  try {
    shares(process.pid, process.pid, 'VM')
    return undefined
  } catch (error) {
    return explainComparing((error as Error).message.split('\n')[0] as string)
  }
}

/** The number of kcmp(2) on this architecture, `<asm/unistd.h>`. */
export const SYS_kcmp = { x64: 312, arm64: 272 }[process.arch as 'x64' | 'arm64']

/** What can be compared, `enum kcmp_type` of <linux/kcmp.h>. */
export const KCMP = { FILE: 0, VM: 1, FILES: 2, FS: 3, SIGHAND: 4, IO: 5, SYSVSEM: 6 } as const

/** What two processes may share as a whole, by its name in {@link KCMP}. */
export type Shareable = Exclude<keyof typeof KCMP, 'FILE'>

/** Asks kcmp(2). @param numbers what is compared, in the one and in the other, where `what` alone does not say it */
function isSame(pid: number, other: number, what: keyof typeof KCMP, numbers: readonly number[]): boolean {
  if (SYS_kcmp === undefined) throw new CannotRun(`kcmp(2) has no known number on ${process.arch}`)
  const [one = 0, two = 0] = numbers
  const shown = [pid, other, Symbol(`KCMP_${what}`), ...numbers]
  return call('kcmp', libcSyscall, [SYS_kcmp, pid, other, KCMP[what], one, two], shown) === 0
}

/**
 * Whether two processes (or threads) share their memory (`VM`), their descriptor table (`FILES`) or their
 * directory, root and umask (`FS`), their signal handlers (`SIGHAND`), their I/O context (`IO`) or the list of what
 * semop(2) would undo at their end (`SYSVSEM`). Of the last two a process may have none, and two that have none count as
 * sharing it.
 * @throws SyscallError ESRCH when one has ended, EPERM when the caller may not trace both, ENOSYS
 * @see kcmp(2)
 */
export function shares(pid: number, other: number, what: Shareable): boolean {
  return isSame(pid, other, what, [])
}

/**
 * Whether a descriptor of two processes (or threads) leads to the same open file description, as it does after a fork: the
 * same file that was opened a second time is another one.
 * @param fd `int fd`, its number in both
 * @throws SyscallError EBADF when one of them has no such descriptor, ESRCH when one has ended, EPERM when the caller may not
 *   trace both, ENOSYS
 * @see kcmp(2)
 */
export function sharesFile(pid: number, other: number, fd: number): boolean {
  return isSame(pid, other, 'FILE', [fd, fd])
}
