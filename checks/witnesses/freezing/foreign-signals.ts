/**
 * The signals that reach a process from others. A tracee is woken by every signal, also by one that it ignores; so what
 * it does when one comes does not show what it would have done untraced.
 */
import { nsPids, statusField } from '../../../lib/trace/proc.ts'
import { SI, signalInfo } from '../../../lib/trace/ptrace.ts'
import type { Observer } from '../../observer/observer.ts'
import type { SignalCall } from '../../observer/record.ts'
import { STOP_SIGNALS } from '../../observer/signal-calls.ts'

/** Counts, for each process, the signals of others, and apart from those the signals that stop, whoever has sent them. */
export class Foreign {
  readonly #observer: Observer
  readonly #counts = new Map<number, number>()
  readonly #stops = new Map<number, number>()
  /**
   * Signals to a process group, to all processes, or by a pidfd of an unknown process: they may have reached any
   * process.
   */
  #toUnknown = 0

  constructor(observer: Observer) {
    this.#observer = observer
  }

  /** How many have reached a process so far. */
  count(pid: number): number {
    return (this.#counts.get(pid) ?? 0) + this.#toUnknown
  }

  /** How many of those that stop have been sent to a process so far. */
  stops(pid: number): number {
    return this.#stops.get(pid) ?? 0
  }

  #add(pid: number): void {
    this.#counts.set(pid, (this.#counts.get(pid) ?? 0) + 1)
  }

  /**
   * A process is about to send one. Its delivery may not be seen, because sigwaitinfo(2) takes a signal without
   * stopping for the tracer.
   */
  called({ signal, from, found, target, reached }: SignalCall): void {
    if (STOP_SIGNALS.includes(signal))
      for (const pid of reached ?? (found === undefined ? [] : [found])) this.#stops.set(pid, this.stops(pid) + 1)
    if (signal === 0 || found === from) return
    if (found !== undefined) this.#add(found)
    else if (target <= 0) this.#toUnknown++
  }

  /** A signal is about to be delivered to a thread, which is stopped meanwhile. */
  delivered(tid: number): void {
    const pid = Number(statusField(tid, 'Tgid'))
    if (!this.#isOwn(pid, tid)) this.#add(pid)
  }

  /** Whether a process has brought a signal about: by a timer, by the end of a child, by sending it to itself. */
  #isOwn(pid: number, tid: number): boolean {
    const info = signalInfo(tid)
    if (!info) return true
    const { signal, code } = info
    if (code >= SI.CLD_FIRST && code <= SI.CLD_LAST) return this.#isOwnChild(pid, info.pid, signal)
    // It was sent by kill(2) or its like, and is the process's own if that process sent it.
    if (code <= 0 && code !== SI.TIMER) return info.pid === nsPids(pid).at(-1)
    return catches(pid, signal)
  }

  /**
   * Whether the signal of a child's end is a process's own: it made the child, and handles the signal or has reaped the
   * child. A process that does neither would sleep on if it were not traced.
   */
  #isOwnChild(pid: number, number: number, signal: number): boolean {
    const level = nsPids(pid).length - 1
    const children = [...this.#observer.processes.values()].filter(({ numbers }) => numbers[level] === number)
    const child = children.at(-1)
    if (child?.creator !== pid) return false
    return catches(pid, signal) || (!ignores(pid, signal) && statusField(child.pid, 'State') === undefined)
  }
}

/** Whether a bit of a mask of /proc/PID/status is set. */
function isIn(pid: number, mask: 'SigCgt' | 'SigIgn', signal: number): boolean {
  const bits = BigInt(`0x${statusField(pid, mask) ?? '0'}`)
  return ((bits >> BigInt(signal - 1)) & 1n) === 1n
}

const catches = (pid: number, signal: number) => isIn(pid, 'SigCgt', signal)
const ignores = (pid: number, signal: number) => isIn(pid, 'SigIgn', signal)
