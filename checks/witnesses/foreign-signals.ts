/**
 * The signals that reach a process and are none of its own. Whoever is traced is woken by every signal, also by one that
 * it ignores; so what a process does when one comes says nothing of what it would have done.
 */
import { nsPids, statusField } from '../../lib/trace/proc.ts'
import { SI, signalInfo } from '../../lib/trace/ptrace.ts'
import type { Observer } from '../observer/observer.ts'
import type { SignalCall } from '../observer/record.ts'

/** Counts, for each process, the signals of others. */
export class Foreign {
  readonly #observer: Observer
  readonly #counts = new Map<number, number>()
  /** Signals to groups of processes, and to numbers that nobody could be found by: they may have reached anybody. */
  #toAnybody = 0

  constructor(observer: Observer) {
    this.#observer = observer
  }

  /** How many have reached a process so far. */
  count(pid: number): number {
    return (this.#counts.get(pid) ?? 0) + this.#toAnybody
  }

  #add(pid: number): void {
    this.#counts.set(pid, (this.#counts.get(pid) ?? 0) + 1)
  }

  /** Somebody is about to send one. Not all are delivered where they would be seen: sigwaitinfo(2) takes them as well. */
  called({ signal, from, found, target }: SignalCall): void {
    if (signal === 0 || found === from) return
    if (found !== undefined) this.#add(found)
    else if (target <= 0) this.#toAnybody++
  }

  /** One is about to be delivered to a thread, which stands still. */
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
    // By kill(2) and its like: called() has heard of it, and knows whether it was itself.
    if (code <= 0 && code !== SI.TIMER) return info.pid === nsPids(pid).at(-1)
    return catches(pid, signal)
  }

  /**
   * Whether the end of a child is a process's own doing: it made the child, and handles the signal or has waited. One that
   * has done neither sleeps on, where it is not traced.
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
