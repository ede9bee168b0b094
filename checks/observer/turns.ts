/**
 * Everybody has their turn: whose event comes next, and when those who have been heard go on. The kernel tells first of
 * whoever is newest, and one that always has something to tell again would keep all others waiting for ever. So from time
 * to time those who are heard stand still until nobody is left who has not been heard.
 */
import { hasEvent, nextEvent, PTRACE, resume, type TraceEvent } from '../../lib/trace/ptrace.ts'

/** So many events are taken in the kernel's order, after which everybody is heard once. */
const FREE = 8

/** How a thread goes on: the request of ptrace(2), and a signal that is delivered to it. */
type Way = readonly [how: number, signal: number]

/** The turns of all threads of one tracer. */
export class Turns {
  /** Threads that have had their turn, and how they will go on. */
  readonly #held = new Map<number, Way>()
  #taken = 0

  /**
   * The next event, as {@link nextEvent} gives it; `undefined` once nobody waits to be heard, and nobody stands still for
   * that.
   */
  next(...words: Parameters<typeof nextEvent>): TraceEvent | undefined {
    const event = nextEvent(...words)
    if (event) {
      this.#taken++
      if (event.kind === 'ended') this.#held.delete(event.tid)
      return event
    }
    this.#taken = 0
    if (this.#held.size === 0) return undefined
    this.releaseAll()
    return this.next(...words)
  }

  /** Lets a thread go on that has been heard, at once or when all others have had their turn. */
  resume(tid: number, how: number = PTRACE.CONT, signal = 0): void {
    if (this.#taken > FREE) this.#held.set(tid, [how, signal])
    else resume(tid, how, signal)
  }

  /** Whether a thread that has been heard still stands still, for the others. */
  holds(tid: number): boolean {
    return this.#held.has(tid)
  }

  /** Whether anybody stands still for the others. */
  get areHeld(): boolean {
    return this.#held.size > 0
  }

  /**
   * Lets everybody go on who stands still for the others; but not one that was killed meanwhile, and stands at its exit,
   * which is heard first.
   */
  releaseAll(): void {
    for (const [tid, [how, signal]] of this.#held) if (!hasEvent(tid)) resume(tid, how, signal)
    this.#held.clear()
  }
}
