/**
 * Following a tree of processes from outside: ptrace(2) with PTRACE_SEIZE, which does not stop the tracee.
 */
import koffi from 'koffi'
import { CannotRun, syscallError } from '../errors.ts'
import { call, lastErrno, libcFunction } from '../machine/libc.ts'
import { __WALL, WNOHANG } from '../process.ts'
import { decodeStatus, type WaitStatus } from '../status.ts'

const libcPtrace = libcFunction('long ptrace(int request, int pid, uintptr_t addr, uintptr_t data)')
const libcPtraceData = libcFunction('long ptrace(int request, int pid, uintptr_t addr, _Out_ uint8_t *data)')
koffi.struct('iovec', { base: 'uint8_t *', length: 'size_t' })
const libcPtraceVector = libcFunction('long ptrace(int request, int pid, uintptr_t addr, _Inout_ iovec *data)')
const libcWaitid = libcFunction('int waitid(int idtype, unsigned int id, _Out_ uint8_t *infop, int options)')
const libcWaitpid = libcFunction('int waitpid(int pid, _Out_ int *wstatus, int options)')

/** Requests, `<linux/ptrace.h>`. */
export const PTRACE = {
  CONT: 7,
  SYSCALL: 24,
  GETEVENTMSG: 0x4201,
  GETSIGINFO: 0x4202,
  GETREGSET: 0x4204,
  SETREGSET: 0x4205,
  SEIZE: 0x4206,
  LISTEN: 0x4208,
  GET_SYSCALL_INFO: 0x420e,
} as const

/** Options of PTRACE_SEIZE. */
export const PTRACE_O = {
  TRACESYSGOOD: 0x1,
  TRACEFORK: 0x2,
  TRACEVFORK: 0x4,
  TRACECLONE: 0x8,
  TRACEEXEC: 0x10,
  TRACEEXIT: 0x40,
  TRACESECCOMP: 0x80,
  EXITKILL: 0x100000,
} as const

const EVENTS = { 1: 'fork', 2: 'vfork', 3: 'clone', 4: 'exec', 6: 'exit', 7: 'seccomp', 128: 'stop' } as const

/** `siginfo_t` of waitid(2), `<signal.h>`. */
export const SIGINFO = { size: 128, code: 8, pid: 16 } as const
/** `struct ptrace_syscall_info`, `<linux/ptrace.h>`: an entry or a seccomp stop has nr and args, an exit has rval. */
export const SYSCALL_INFO = { size: 88, op: 0, nr: 24, args: 32, rval: 24 } as const

/** Where the kernel writes its answers. Each is read before the next call, and to make it anew would cost more than that. */
const [info, syscallInfo, message] = [SIGINFO.size, SYSCALL_INFO.size, 8].map(size => Buffer.alloc(size)) as [
  Buffer,
  Buffer,
  Buffer,
]
const wstatus = new Int32Array(1)

/** Why a traced thread is stopped. */
export type StopReason = (typeof EVENTS)[keyof typeof EVENTS] | 'syscall' | 'signal'

/** What happened to one traced thread. */
export type TraceEvent =
  | { readonly tid: number; readonly kind: StopReason; readonly signal: number }
  | { readonly tid: number; readonly kind: 'ended'; readonly status: WaitStatus }

/** Options to follow a program with all processes and threads that it makes; all of them are killed with the tracer. */
export const FOLLOW_TREE =
  PTRACE_O.TRACESYSGOOD |
  PTRACE_O.TRACEFORK |
  PTRACE_O.TRACEVFORK |
  PTRACE_O.TRACECLONE |
  PTRACE_O.TRACEEXEC |
  PTRACE_O.TRACEEXIT |
  PTRACE_O.TRACESECCOMP |
  PTRACE_O.EXITKILL

/**
 * Begins to trace a process without stopping it.
 * @param options `PTRACE_O_…`
 * @throws SyscallError EPERM (traced already, or not allowed), ESRCH
 * @see ptrace(2)
 */
export function seize(pid: number, options: number): void {
  call('ptrace', libcPtrace, [PTRACE.SEIZE, pid, 0, options], [Symbol('PTRACE_SEIZE'), pid, 0, options])
}

/**
 * Lets a stopped thread go on. Nothing happens if the thread has died meanwhile.
 * @param how PTRACE.CONT, PTRACE.SYSCALL (stop again at the end of the system call) or PTRACE.LISTEN (stay stopped)
 * @param signal delivered to it, 0 for none
 */
export function resume(tid: number, how: number, signal = 0): void {
  libcPtrace(how, tid, 0, signal)
}

/** The message of an event: the new PID of a fork, the wait status of an exit; `undefined` if the thread has died. */
export function eventMessage(tid: number): number | undefined {
  return libcPtraceData(PTRACE.GETEVENTMSG, tid, 0, message) < 0 ? undefined : Number(message.readBigUInt64LE())
}

/** The origin of a signal that a thread is stopped at. */
export interface SignalInfo {
  readonly signal: number
  /** `si_code`: above 0 the kernel sent it, as CLD_EXITED; 0 and below a process did, by kill(2) and its like. */
  readonly code: number
  /** `si_pid`: who sent it, or whose end it tells of, as the receiver numbers it. */
  readonly pid: number
}

/** `si_code`, `<asm-generic/siginfo.h>`: a child has ended, or stopped, or goes on; a timer of timer_create(2) is over. */
export const SI = { CLD_FIRST: 1, CLD_LAST: 6, TIMER: -2 } as const

/** Who sent the signal that a thread is stopped at; `undefined` if it has died. */
export function signalInfo(tid: number): SignalInfo | undefined {
  if (libcPtraceData(PTRACE.GETSIGINFO, tid, 0, info) < 0) return undefined
  return { signal: info.readInt32LE(0), code: info.readInt32LE(SIGINFO.code), pid: info.readInt32LE(SIGINFO.pid) }
}

/** The system call a thread is stopped at. */
export type SyscallStop = { readonly nr: number; readonly args: bigint[] } | { readonly result: number }

const EIO = 5

/**
 * What a seccomp or syscall stop is about; `undefined` if the thread has died.
 * @throws CannotRun before Linux 5.3, where `undefined` would be taken for "no call"
 */
export function syscallStop(tid: number): SyscallStop | undefined {
  if (libcPtraceData(PTRACE.GET_SYSCALL_INFO, tid, syscallInfo.length, syscallInfo) < 0) {
    if (lastErrno() === EIO)
      throw new CannotRun(
        'this kernel does not tell a tracer which call was made (PTRACE_GET_SYSCALL_INFO)\nhint: Linux 5.3 does',
      )
    return undefined
  }
  if (syscallInfo.readUInt8(SYSCALL_INFO.op) === 2)
    return { result: Number(syscallInfo.readBigInt64LE(SYSCALL_INFO.rval)) }
  const args = [0, 1, 2, 3, 4, 5].map(i => syscallInfo.readBigInt64LE(SYSCALL_INFO.args + 8 * i))
  return { nr: Number(syscallInfo.readBigUInt64LE(SYSCALL_INFO.nr)), args }
}

/** The general registers, `<linux/elf.h>`, and where in them the result of a call is, by architecture. */
export const NT_PRSTATUS = 1
export const RESULT_REGISTER = { x64: { size: 27 * 8, at: 10 * 8 }, arm64: { size: 34 * 8, at: 0 } }

/** Gives a thread that is stopped at the end of a system call another result of that call. */
export function setResult(tid: number, result: number): void {
  const { size, at } = RESULT_REGISTER[process.arch as 'x64' | 'arm64']
  const registers = Buffer.alloc(size)
  // struct iovec { void *iov_base; size_t iov_len; }
  const vector = { base: registers, length: size }
  if (libcPtraceVector(PTRACE.GETREGSET, tid, NT_PRSTATUS, vector) < 0) return
  registers.writeBigInt64LE(BigInt(result), at)
  libcPtraceVector(PTRACE.SETREGSET, tid, NT_PRSTATUS, vector)
}

/** Where in the registers the first argument of a call is, by architecture. */
export const FIRST_ARGUMENT = { x64: 14 * 8, arm64: 0 }

/** Changes the first argument of the system call that a thread is about to make. */
export function setFirstArgument(tid: number, value: bigint): void {
  const registers = Buffer.alloc(RESULT_REGISTER[process.arch as 'x64' | 'arm64'].size)
  const vector = { base: registers, length: registers.length }
  if (libcPtraceVector(PTRACE.GETREGSET, tid, NT_PRSTATUS, vector) < 0) return
  registers.writeBigUInt64LE(value, FIRST_ARGUMENT[process.arch as 'x64' | 'arm64'])
  libcPtraceVector(PTRACE.SETREGSET, tid, NT_PRSTATUS, vector)
}

const SIGTRAP = 5
const ECHILD = 10

/** `<sys/wait.h>` */
export const WAITID = { P_ALL: 0, P_PID: 1, WSTOPPED: 2, WEXITED: 4, WNOWAIT: 0x1000000, CLD_DUMPED: 3 } as const

/** The next thread (or `only` that one) that has an event, which is left in place; `undefined` if none has. */
function peek(only?: number): { readonly tid: number; readonly hasEnded: boolean } | undefined {
  const { P_ALL, P_PID, WEXITED, WSTOPPED, WNOWAIT, CLD_DUMPED } = WAITID
  const [kind, id] = only === undefined ? [P_ALL, 0] : [P_PID, only]
  if (libcWaitid(kind, id, info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0) return undefined
  const tid = info.readInt32LE(SIGINFO.pid)
  // CLD_EXITED, CLD_KILLED, CLD_DUMPED are 1 to 3.
  return tid === 0 ? undefined : { tid, hasEnded: info.readInt32LE(SIGINFO.code) <= CLD_DUMPED }
}

/** Whether a thread has an event that nobody has taken yet. */
export const hasEvent = (tid: number): boolean => peek(tid) !== undefined

/**
 * Which event comes next. The kernel goes through the threads in an order of its own, and one that comes
 * early in it and always has an event would keep all others waiting: so some threads are asked before. Of these in turn
 * an end that they may have heard of comes first. waitid(2) cannot be asked for ends alone: of traced threads it tells stops
 * in any case.
 */
function choose(first: readonly number[], alive: Iterable<number>): ReturnType<typeof peek> {
  const any = peek()
  if (!any || any.hasEnded) return any
  let next: ReturnType<typeof peek>
  for (const tid of first) next ??= peek(tid)
  if (!next) return any
  if (next.hasEnded) return next
  for (const tid of alive) {
    const one = peek(tid)
    if (one?.hasEnded) return one
  }
  return next
}

/**
 * Makes sure that the calling process can hear of events at all: with a filter that refuses one of the two calls it would
 * wait for ever. Nothing is taken by it: nobody is a child of their own.
 * @throws SyscallError EPERM, ENOSYS
 * @see waitid(2), wait4(2)
 */
export function checkEvents(): void {
  const options = WAITID.WEXITED | WNOHANG | WAITID.WNOWAIT | __WALL
  if (libcWaitid(WAITID.P_ALL, 0, info, options) < 0 && lastErrno() !== ECHILD)
    throw syscallError('waitid', [Symbol('P_ALL'), 0], lastErrno())
  if (libcWaitpid(process.pid, [0], __WALL | WNOHANG) < 0 && lastErrno() !== ECHILD)
    throw syscallError('wait4', [process.pid, Symbol('WNOHANG')], lastErrno())
}

/**
 * The next thing that happened to a traced thread or a child; `undefined` if nothing has.
 * @param beforeEnd called with a thread that has ended, while its parent does not know it yet
 * @param first threads whose events come before all others but ends: they may have heard of one by a pidfd, and what they
 *   then did came later
 * @param alive the threads whose end is not known
 */
export function nextEvent(
  beforeEnd: (tid: number) => void = () => {},
  first: readonly number[] = [],
  alive: Iterable<number> = [],
): TraceEvent | undefined {
  const next = choose(first, alive)
  if (!next) return undefined
  if (next.hasEnded) beforeEnd(next.tid)
  const tid = libcWaitpid(next.tid, wstatus, __WALL | WNOHANG)
  if (tid <= 0) return undefined
  const status = wstatus[0] as number
  if ((status & 0xff) !== 0x7f) return { tid, kind: 'ended', status: decodeStatus(status) }
  const signal = (status >> 8) & 0xff
  const event = status >> 16
  if (event !== 0) return { tid, kind: EVENTS[event as keyof typeof EVENTS] ?? 'stop', signal }
  return { tid, kind: signal === (SIGTRAP | 0x80) ? 'syscall' : 'signal', signal }
}

/** Is called with what a system call returned. @returns the result that the caller is to see instead, if any */
// biome-ignore lint/suspicious/noConfusingVoidType: most listeners return nothing.
export type Listener = (result: number) => number | void
