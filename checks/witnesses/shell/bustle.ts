/**
 * Whether anybody in a program moves, or can still move by themselves. Where nobody can, waiting is of no use, however
 * busy the machine is; where somebody can, it is, however long they take.
 */
import { readdirSync } from 'node:fs'
import { readProc } from '../../../lib/trace/proc.ts'
import { threadsOf } from '../../../lib/trace/scheduling.ts'

/** How a call says how long it sleeps at most: always so long, unless an argument is NULL, or unless it is negative. */
type Bound = 'always' | { readonly unlessNull: number } | { readonly unlessNegative: number }

/** The calls that sleep for a time, by their numbers, `<asm/unistd.h>`. */
const TIMED: Readonly<Record<'x64' | 'arm64', ReadonlyMap<number, Bound>>> = {
  x64: new Map<number, Bound>([
    [35, 'always'], // nanosleep
    [230, 'always'], // clock_nanosleep
    [219, 'always'], // restart_syscall
    [7, { unlessNegative: 2 }], // poll
    [271, { unlessNull: 2 }], // ppoll
    [23, { unlessNull: 4 }], // select
    [270, { unlessNull: 4 }], // pselect6
    [232, { unlessNegative: 3 }], // epoll_wait
    [281, { unlessNegative: 3 }], // epoll_pwait
    [441, { unlessNull: 3 }], // epoll_pwait2
    [202, { unlessNull: 3 }], // futex
    [128, { unlessNull: 2 }], // rt_sigtimedwait
    [220, { unlessNull: 3 }], // semtimedop
    [299, { unlessNull: 4 }], // recvmmsg
  ]),
  arm64: new Map<number, Bound>([
    [101, 'always'], // nanosleep
    [115, 'always'], // clock_nanosleep
    [128, 'always'], // restart_syscall
    [73, { unlessNull: 2 }], // ppoll
    [72, { unlessNull: 4 }], // pselect6
    [22, { unlessNegative: 3 }], // epoll_pwait
    [441, { unlessNull: 3 }], // epoll_pwait2
    [98, { unlessNull: 3 }], // futex
    [137, { unlessNull: 2 }], // rt_sigtimedwait
    [192, { unlessNull: 3 }], // semtimedop
    [243, { unlessNull: 4 }], // recvmmsg
  ]),
}

/** The calls in which a parent sleeps until its child has become another program or has ended: it shows as D. */
const VFORKS: Readonly<Record<'x64' | 'arm64', readonly number[]>> = { x64: [56, 58, 435], arm64: [220, 435] }

/** The call that a sleeping thread is in, and its arguments; `-1` is no call, `running` one that is over already. */
const callOf = (tid: number) => (readProc(tid, 'syscall') ?? 'running').trim().split(' ')

const arch = process.arch as 'x64' | 'arm64'

/** Whether a sleeping thread wakes up by itself. */
function wakesByItself(tid: number): boolean {
  const [number = 'running', ...args] = callOf(tid)
  if (!/^\d+$/.test(number)) return true
  const bound = TIMED[arch].get(Number(number))
  if (bound === undefined) return false
  if (bound === 'always') return true
  if ('unlessNull' in bound) return BigInt(args[bound.unlessNull] ?? 1) !== 0n
  return BigInt.asIntN(32, BigInt(args[bound.unlessNegative] ?? 1)) >= 0n
}

/** Whether a process has a timer running that sends it a signal or can be read. */
function hasTimer(pid: number): boolean {
  if (readProc(pid, 'timers')) return true
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd =>
      /^it_value: \((?!0, 0\))/m.test(readProc(pid, `fdinfo/${fd}`) ?? ''),
    )
  } catch {
    // ENOENT: it has just ended.
    return true
  }
}

/** The state letter of a thread, as in ps(1); nothing if it is gone. */
const stateOf = (pid: number, tid: number) => /\) (\w)/.exec(readProc(pid, `task/${tid}/stat`) ?? '')?.[1] ?? ''

/** Whether a thread moves. t: it stands still for its tracer, which is about to let it go on; or a signal has stopped it. */
const moves = (state: string, isStopped: boolean) => state === 'R' || (state === 't' && !isStopped)

/** Whether a thread waits for the kernel: for a disk, or for a lock that may be held for long. Not for its own child. */
const waitsForKernel = (tid: number, state: string) => state === 'D' && !VFORKS[arch].includes(Number(callOf(tid)[0]))

/**
 * What the processes of a program are about.
 * @param stopped those that a signal has stopped
 * @returns `busy` if one of their threads runs, wants to, or waits for us; `waiting` if all sleep, and one of them for a
 * time; `stuck` if none can wake up unless somebody else does something
 */
export function bustleOf(pids: readonly number[], stopped: ReadonlySet<number>): 'busy' | 'waiting' | 'stuck' {
  const threads = pids.flatMap(pid => threadsOf(pid).map(tid => ({ pid, tid, state: stateOf(pid, tid) })))
  if (threads.some(({ pid, state }) => moves(state, stopped.has(pid)))) return 'busy'
  const sleeping = threads.filter(({ state }) => state === 'S')
  const canWake =
    sleeping.some(({ tid }) => wakesByItself(tid)) || threads.some(({ tid, state }) => waitsForKernel(tid, state))
  return canWake || [...new Set(sleeping.map(({ pid }) => pid))].some(hasTimer) ? 'waiting' : 'stuck'
}
