/**
 * How late a judge learns of events: a stopped tracee waits for it, and on a busy machine the judge itself waits for a
 * processor. Measured by its own clock and by the kernel's count of its waiting, so that it is known since when
 * something may have been so, and not only when the judge learned of it.
 */
import { readFileSync } from 'node:fs'
import { parseSchedstat } from '../../lib/trace/scheduling.ts'

const now = () => performance.now() / 1000

/** Seconds that the calling thread has waited for a processor so far. */
function ownWait(): number {
  try {
    return parseSchedstat(readFileSync('/proc/self/schedstat', 'utf8')).waited
  } catch {
    return 0
  }
}

/** The lateness of one judge. Times are in seconds, of the clock of `performance.now`. */
export class Lateness {
  #since = now()
  #waited = 0
  #spent = 0

  /** Nothing is left to do: the judge goes to sleep until something happens. */
  quiet(): void {
    this.#spent += now() - this.#since
    this.#waited = ownWait()
  }

  /** The judge is awake again, and what has happened meanwhile has waited for it. */
  woke(): void {
    // With a free processor it would have been awake earlier, by the time that it has waited for one.
    this.#since = now() - (ownWait() - this.#waited)
  }

  /** The earliest time at which what is handled now can have happened. */
  get since(): number {
    return this.#since
  }

  /** How long tracees may have waited for the judge so far, in all. */
  get total(): number {
    return this.#spent + now() - this.#since
  }
}
