/**
 * How late a judge is: what stops waits for it, and on a busy machine it comes when it gets a processor. Measured by its
 * own clock and by what the kernel says of its own waiting, so that whoever asks knows since when something may have been
 * so, and not only when it was heard of.
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

  /** Nothing more is to be done: it goes to sleep until something happens. */
  quiet(): void {
    this.#spent += now() - this.#since
    this.#waited = ownWait()
  }

  /** It is awake again. From here on whatever has happened meanwhile waits for it. */
  woke(): void {
    // Had it had a processor, it would have been awake so much earlier.
    this.#since = now() - (ownWait() - this.#waited)
  }

  /** The earliest time at which what is handled now can have happened. */
  get since(): number {
    return this.#since
  }

  /** How long others may have waited for it by now, in all. */
  get total(): number {
    return this.#spent + now() - this.#since
  }
}
