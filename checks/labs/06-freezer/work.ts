/**
 * Whether a process was at work: whether it woke again and again by itself, or computed. What counts is how long it slept
 * at a stretch, by the kernel's own counters. It does not count that somebody else had the processor when it woke, nor
 * that it stood still for the judge: so a busy machine changes nothing, as long as the judge could look often enough.
 */
import { wasBusy } from '../../observer/load.ts'
import type { Activity, FreezerMoment } from '../../witnesses/freezer.ts'

/** A process at a moment of its group. */
export interface Look extends Activity, Omit<FreezerMoment, 'processes'> {
  /** Whether there are others in its group, for whom it may wait. */
  readonly hasCompany: boolean
}

/** Whoever sleeps longer at a stretch does not wake ten times a second, in seconds. It needs some time for a tick itself. */
export const LONGEST_SLEEP = 0.15
/** Whoever waits for somebody else, as a shell for what it has started, waits longer where that one is kept waiting. */
const WITH_COMPANY = 2
/** Between two looks nobody knows when it woke: so long may a sleep at most have been, in seconds. */
const LONGEST_BETWEEN = 0.3
/** How long the effect of a signal may take, in seconds. */
const SIGNAL = 0.04
const WAKES_PER_SECOND = 10
/** The part of its time for which whoever computes has to have had a processor. */
const COMPUTED = 1 / 3

/** The part of its time that whoever computes, or would, may have slept. */
const AWAKE = 0.1

/** What there was between two looks, in seconds. */
interface Interval {
  readonly wakes: number
  /** How long all of its threads have slept: at most, and surely. */
  readonly slept: { readonly most: number; readonly surely: number }
  /** The same if it waited for somebody in the sandbox whom others, or the judge, kept from going on. */
  readonly sleptOnItsOwn: number
  readonly length: number
  readonly ran: number
  readonly waited: number
  readonly isSignalled: boolean
  readonly hasCompany: boolean
  readonly from: Look
  readonly to: Look
}

function interval(from: Look, to: Look, signalledAt: number): Interval {
  const ran = to.work.ran - from.work.ran
  const waited = to.work.waited - from.work.waited
  const busy = ran + waited
  const [longest, shortest] = [to.to - from.from, Math.max(0, to.from - from.to)]
  // Nobody waits for a judge who has nothing to hear.
  const late = to.heard > from.heard ? to.late - from.late : 0
  const others = to.sandbox.ran + to.sandbox.waited - from.sandbox.ran - from.sandbox.waited - busy
  const wakes = to.sleeps - from.sleeps
  // A wait is counted when it is over: whoever is ready at the end may have waited all the time.
  const surely = to.isReady ? 0 : Math.max(0, shortest - busy)
  const isAwake = from.isReady && to.isReady && wakes === 0
  return {
    wakes,
    slept: {
      most: isAwake ? 0 : Math.max(0, longest - (from.isReady ? 0 : busy)),
      surely: Math.max(0, surely - (stops(from, to) ? late : 0)),
    },
    sleptOnItsOwn: Math.max(0, surely - Math.max(0, others) - late),
    length: to.at - from.at,
    ran,
    waited,
    isSignalled: to.signals > from.signals || from.at < signalledAt + SIGNAL,
    hasCompany: from.hasCompany || to.hasCompany,
    from,
    to,
  }
}

/** Whether it may have stood still for the judge. */
const stops = (from: Look, to: Look) => to.stops > from.stops || from.state === 't' || to.state === 't'

function intervalsOf(looks: readonly Look[]): Interval[] {
  let signalledAt = Number.NEGATIVE_INFINITY
  return looks.slice(1).map((to, i) => {
    const from = looks[i] as Look
    if (to.signals > from.signals) signalledAt = to.at
    return interval(from, to, signalledAt)
  })
}

/** What became of a question: yes, no, or that nobody can know, because others kept the machine busy. */
export type Answer = 'yes' | 'no' | 'unknown'

/** How a process worked. */
export interface Work {
  readonly answer: Answer
  /** How long it was seen at work, in seconds. */
  readonly seconds: number
  readonly wakes: number
  /** The longest time that it surely slept at a stretch. */
  readonly sleep: number
  /** How many signals of others came meanwhile. */
  readonly signals: number
}

/** A judge that comes when it should looks more often than that, in seconds. */
const RARE = 0.1

/**
 * Whether a process was at work for so long.
 * @param looks at least two of them, in their order
 * @param seconds how long it has to be
 * @param end which end of it must be work: the last seconds before a freeze, or the first after a thaw
 */
export function workAt(looks: readonly Look[], seconds: number, end: 'first' | 'last'): Work {
  const intervals = intervalsOf(looks)
  if (end === 'last') intervals.reverse()
  const walk = new Walk(seconds)
  for (const each of intervals) if (walk.step(each)) break
  const signals = (looks.at(-1)?.signals ?? 0) - (looks[0]?.signals ?? 0)
  return { ...walk.result(), signals }
}

/** Goes from interval to interval, until there has been enough work or too long a sleep. */
class Walk {
  readonly #needed: number
  #first: Interval | undefined
  #last: Interval | undefined
  #wakes = 0
  #length = 0
  #ran = 0
  #waited = 0
  #slept = 0
  #hadCompany = false
  /** The longest time between two looks. */
  #gap = 0
  /** The sleep that goes on: at most, surely, and on its own. */
  #sleep = { most: 0, surely: 0, onItsOwn: 0 }
  #longest = { most: 0, surely: 0 }
  #refused: Answer | undefined

  constructor(needed: number) {
    this.#needed = needed
  }

  /** @returns whether nothing that comes later counts */
  step(each: Interval): boolean {
    this.#first ??= each
    this.#gap = Math.max(this.#gap, each.to.at - each.from.at)
    this.#last = each
    // Whatever a signal makes it do is not its own, and says as little of what it would have done.
    if (each.isSignalled) return false
    this.#length += each.length
    this.#ran += each.ran
    this.#waited += each.waited
    const { most, surely } = each.slept
    this.#slept += most
    this.#hadCompany ||= each.hasCompany
    // Somewhere between two looks it woke: in the middle of this, or several times.
    const parts = each.wakes > 0 ? each.wakes + 1 : 1
    const goesOn = each.wakes === 0
    this.#sleep.most += most
    this.#sleep.surely = goesOn ? this.#sleep.surely + surely : surely / parts
    this.#sleep.onItsOwn = goesOn ? this.#sleep.onItsOwn + each.sleptOnItsOwn : each.sleptOnItsOwn / parts
    this.#longest.most = Math.max(this.#longest.most, this.#sleep.most)
    this.#longest.surely = Math.max(this.#longest.surely, this.#sleep.surely)
    if (this.#sleep.surely > LONGEST_SLEEP) {
      // The longer it goes on, the more of it can be told to be its own.
      const longest = LONGEST_SLEEP * (this.#hadCompany ? WITH_COMPANY : 1)
      this.#refused = this.#sleep.onItsOwn > longest ? 'no' : this.#unknown()
      return !goesOn
    }
    if (this.#refused) return true
    if (!goesOn) {
      this.#wakes += each.wakes
      this.#sleep = { most, surely: 0, onItsOwn: 0 }
      this.#hadCompany = each.hasCompany
    }
    return this.#isEnough()
  }

  /** It had the time, and has used it, however often others had the processor meanwhile. */
  #isEnough(): boolean {
    const late = this.#edge()
    const hasUsedIt =
      this.#length - this.#waited - late >= this.#needed ||
      this.#wakes >= WAKES_PER_SECOND * this.#needed ||
      this.#ran >= COMPUTED * this.#needed
    return this.#length - late >= this.#needed && (hasUsedIt || this.#slept <= AWAKE * this.#length)
  }

  /** How much later than it happened the last look may have been. */
  #edge(): number {
    const to = this.#last?.to
    return to ? Math.max(0, to.at - to.since) : 0
  }

  /** Nobody can know only if others were in the way, or the judge itself was late; of a program in its own way it is known. */
  #unknown(): Answer {
    const ends = [this.#first, this.#last].filter(each => each !== undefined)
    const looks = ends.flatMap(({ from, to }) => [from, to]).sort((one, other) => one.at - other.at)
    const [from, to] = [looks[0], looks.at(-1)]
    const isBusy = from !== undefined && to !== undefined && wasBusy(from.load, to.load)
    return isBusy || this.#gap > RARE ? 'unknown' : 'no'
  }

  #answer(): Answer {
    if (this.#refused) return this.#refused
    if (this.#isEnough() && this.#longest.most <= LONGEST_BETWEEN) return 'yes'
    // Not even with all that is uncertain was there time enough.
    if (this.#length < this.#needed) return 'no'
    return this.#unknown()
  }

  result(): Omit<Work, 'signals'> {
    const [seconds, sleep] = [this.#length, this.#longest.surely]
    return { answer: this.#answer(), seconds, wakes: this.#wakes, sleep }
  }
}
