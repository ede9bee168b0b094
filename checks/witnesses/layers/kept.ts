/**
 * What was seen again and again, kept twice at most: a program can make as many processes as it likes, and each is
 * looked at.
 */

/** More different things than this no program of the lab shows. */
const MOST = 4000

/** Of everything that looks the same to a claim, the first and the last time that it was seen. */
export class Kept<T extends { readonly order: number }> {
  /** Whether there were more different things than are kept, so that what is missing here proves nothing. */
  isFlooded = false
  readonly #keyOf: (one: T) => string
  readonly #seen = new Map<string, { readonly first: T; last?: T }>()

  /** @param keyOf what a claim sees of it, as text */
  constructor(keyOf: (one: T) => string) {
    this.#keyOf = keyOf
  }

  add(one: T): void {
    const key = this.#keyOf(one)
    const known = this.#seen.get(key)
    if (known) known.last = one
    else if (this.#seen.size < MOST) this.#seen.set(key, { first: one })
    else this.isFlooded = true
  }

  /** What is kept, in the order of events. */
  get all(): readonly T[] {
    const all = [...this.#seen.values()].flatMap(({ first, last }) => (last === undefined ? [first] : [first, last]))
    return all.sort((one, other) => one.order - other.order)
  }
}
