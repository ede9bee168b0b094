/**
 * A process's own numbers, waiting for children, signals, sleeping.
 */
import { constants } from 'node:os'
import { isGuest, leave } from './engine/guest.ts'
import { argumentError } from './errors.ts'
import { call, callUninterrupted, lastErrno, libcFunction } from './machine/libc.ts'
import { decodeStatus, type Signal, signalName, signalNumber, type WaitStatus } from './status.ts'

const libcGetpid = libcFunction('int getpid()')
const libcGetppid = libcFunction('int getppid()')
// The system call and not libc's gettid: musl's returns a number that it has cached in the thread's memory, and in a
// clone that is right only because native/ corrects it.
const libcGettid = libcFunction('long syscall(long number)')
const libcWaitpid = libcFunction('int waitpid(int pid, _Out_ int *wstatus, int options)')
const libcKill = libcFunction('int kill(int pid, int sig)')
const libcSetsid = libcFunction('int setsid()')
const libcNanosleep = libcFunction('int nanosleep(const int64_t *req, _Out_ int64_t *rem)')
const libcExit = libcFunction('void _exit(int status)')

/** Options of waitpid(2), `<sys/wait.h>` and `<linux/wait.h>`. */
export const WNOHANG = 0x1
export const WUNTRACED = 0x2
/** Waits for children of every kind, also those cloned without SIGCHLD. */
export const __WALL = 0x40000000

/** The PID of the calling process in its own PID namespace, as `process.pid` is. @see getpid(2) */
export const getpid = (): number => libcGetpid()

/** The PID of its parent, 0 if the parent lives outside the PID namespace. @see getppid(2) */
export const getppid = (): number => libcGetppid()

/** The number of gettid(2) by architecture, `<asm/unistd.h>`. */
export const SYS_gettid = process.arch === 'x64' ? 186 : 178

/** The ID of the calling thread. @see gettid(2) */
export const gettid = (): number => libcGettid(SYS_gettid)

/**
 * Makes the calling process the leader of a new session and process group.
 * @returns the session's ID
 * @throws SyscallError EPERM when it leads a group already
 * @see setsid(2)
 */
export const setsid = (): number => call('setsid', libcSetsid, [])

/**
 * Ends the calling process at once: no exit handlers, nothing flushed. A child on its parent's heap (CLONE_VM) ends by an
 * exception, which runs its `finally` blocks.
 * @see _exit(2)
 */
export function _exit(status: number): never {
  if (isGuest()) leave(status & 0xff)
  libcExit(status)
  throw new Error('_exit returned')
}

/** What {@link waitpid} says of a child. */
export interface Waited extends WaitStatus {
  /** The child's PID as the caller sees it; 0 with WNOHANG when none has ended. */
  readonly pid: number
}

/**
 * Waits until a child of the calling process ends, and removes it from the process table. It blocks the whole
 * process: no timer, promise or signal handler of JavaScript runs meanwhile.
 * @param pid `pid_t pid`: a child, or -1 for any
 * @param options `int options`: 0, WNOHANG, __WALL
 * @throws SyscallError ECHILD when there is no such child
 * @see waitpid(2)
 */
export function waitpid(pid: number, options = 0): Waited {
  if (!Number.isInteger(pid)) throw argumentError('waitpid', 'pid', 'a whole number', pid)
  const status = [0]
  const ended = callUninterrupted('waitpid', libcWaitpid, [pid, status, options], [pid, options])
  return { pid: ended, ...decodeStatus(status[0] as number) }
}

/**
 * Sends a signal to a process, as the caller's PID namespace numbers it.
 * @param pid `pid_t pid`; 0 is the caller's whole process group, -1 every process it may signal
 * @param signal `int sig`: a name or a number; 0 only asks whether the process is there
 * @throws SyscallError ESRCH (no process has that number here), EPERM
 * @see kill(2)
 */
export function kill(pid: number, signal: Signal): void {
  const number = signalNumber(signal)
  if (!Number.isInteger(pid)) throw argumentError('kill', 'pid', 'a whole number', pid)
  if (number === undefined) throw argumentError('kill', 'signal', 'a signal such as SIGTERM', signal)
  call('kill', libcKill, [pid, number], [pid, number === 0 ? 0 : Symbol(signalName(number))])
}

/**
 * Blocks the calling process; a signal that does not end it does not shorten the sleep.
 * @param seconds how long, fractions allowed
 * @see nanosleep(2)
 */
export function sleep(seconds: number): void {
  if (!(seconds >= 0)) throw argumentError('sleep', 'seconds', 'a number from 0', seconds)
  // struct timespec { time_t tv_sec; long tv_nsec; }
  let left = [Math.floor(seconds), Math.floor((seconds % 1) * 1e9)]
  for (;;) {
    const rest = [0, 0]
    if (libcNanosleep(left, rest) === 0) return
    if (lastErrno() !== constants.errno.EINTR) throw new Error(`nanosleep: errno ${lastErrno()}`)
    left = rest
  }
}
