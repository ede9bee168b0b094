/**
 * How late a judge learns of events: a stopped tracee waits for it, and on a busy machine the judge itself waits for a
 * processor. Measured by its own clock and by the kernel's count of its waiting, so that it is known since when
 * something may have been so, and not only when the judge learned of it.
 */
import { openSync, readSync } from 'node:fs'
import { parseSchedstat } from '../../lib/trace/scheduling.ts'

const now = () => performance.now() / 1000

/** The kernel's count of a judge's waiting. It is held open, because it is read twice for every event. */
class OwnWait {
  readonly #fd: number | undefined
  readonly #text = Buffer.alloc(80)

  constructor() {
    try {
      this.#fd = openSync('/proc/self/schedstat', 'r')
    } catch {
      // ENOENT: this kernel does not count.
    }
  }

  /** Seconds that the first thread of the judge has waited for a processor so far. */
  get seconds(): number {
    if (this.#fd === undefined) return 0
    const length = readSync(this.#fd, this.#text, 0, this.#text.length, 0)
    return parseSchedstat(this.#text.toString('latin1', 0, length)).waited
  }
}

/** The lateness of one judge. Times are in seconds, of the clock of `performance.now`. */
export class Lateness {
  readonly #own = new OwnWait()
  #since = now()
  #waited = 0
  #spent = 0

  /** Nothing is left to do: the judge goes to sleep until something happens. */
  quiet(): void {
    this.#spent += now() - this.#since
    this.#waited = this.#own.seconds
  }

  /** The judge is awake again, and what has happened meanwhile has waited for it. */
  woke(): void {
    // With a free processor it would have been awake earlier, by the time that it has waited for one.
    this.#since = now() - (this.#own.seconds - this.#waited)
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
