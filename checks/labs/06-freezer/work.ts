/**
 * Whether a process was at work: whether it woke again and again by itself, or computed. What counts is how long it slept
 * at a stretch, by the kernel's own counters. Time that it waited for a processor, or was stopped for the judge, does
 * not count as sleep: so a busy machine changes nothing, as long as the judge could look often enough.
 */
import { fillsProcessors, wasBusy } from '../../observer/load.ts'
import { type Interval, interval, intervalsOf, type Look } from './interval.ts'

/** The longest sleep of a process that wakes ten times a second, in seconds; some time is for the work of a tick. */
export const LONGEST_SLEEP = 0.15
/**
 * How many times longer a process may sleep that waits for another one, as a shell does, which may be kept waiting
 * itself.
 */
const WITH_COMPANY = 2
/**
 * How long a sleep may have been at most, in seconds: when between two looks a process woke is not known exactly. Of two
 * looks that are g apart, one that sleeps for 0.1 s seems to sleep for up to 0.1 + 2g, one for 0.2 s from 0.2 + g on.
 */
const [LONGEST_BETWEEN, PER_GAP] = [0.3, 1.5]
const WAKES_PER_SECOND = 10
/** The part of its time for which a process that computes must have had a processor. */
const COMPUTED = 1 / 3

/** The part of its time that a process may have slept that computes, or would if it had a processor. */
const AWAKE = 0.1

/** The answer to a question: yes, no, or that it cannot be known, because the machine was busy with others. */
export type Answer = 'yes' | 'no' | 'unknown'

/**
 * So often in a second a program makes its judge stand by that keeps it busy with calls without number: some hundreds are
 * enough for whoever starts a program at each tick.
 */
const CALLS_WITHOUT_NUMBER = 2000

/**
 * Whether the program itself was in the judge's way: its other processes would have kept all processors busy by
 * themselves, or it has kept the judge busy.
 */
export function isOwnLoad(from: Look, to: Look): boolean {
  const seconds = to.at - from.at
  const wanted = (look: Look) => look.sandbox.ran + look.sandbox.waited - look.work.ran - look.work.waited
  if (to.heard - from.heard >= CALLS_WITHOUT_NUMBER * seconds) return true
  return fillsProcessors(wanted(to) - wanted(from), seconds)
}

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

/** The longest time between two looks of a judge that is not late, in seconds. */
const RARE = 0.1

/** Whether the judge could look too seldom, and the other processes of the program are not at fault. */
export function lookedSeldom(looks: readonly Look[]): boolean {
  const [first, last] = [looks[0], looks.at(-1)]
  if (first === undefined || last === undefined || isOwnLoad(first, last)) return false
  return looks.some((look, i) => look.at - (looks[i - 1] ?? look).at > RARE)
}

/**
 * Whether a process was at work for so long.
 * @param looks at least two of them, in their order
 * @param seconds how long it has to be
 * @param end which end of it must be work: the last seconds before a freeze, or the first after a thaw
 */
export function workAt(looks: readonly Look[], seconds: number, end: 'first' | 'last'): Work {
  // From the last look at a frozen process to the first after that it sleeps until the thaw takes effect, however long
  // its writer has to wait for the kernel: that sleep is not its own.
  const intervals = intervalsOf(looks).filter(({ from }) => !from.isFrozen)
  if (end === 'last') intervals.reverse()
  return { ...workFrom(intervals, seconds), signals: signalsIn(looks) }
}

/**
 * Whether a process that nobody froze was at work for so long at any time: what came later, a stop signal for instance,
 * does not undo it. Where it was not, what is known of it is what it did first.
 * @param looks as in {@link workAt}
 * @param seconds how long it has to be
 */
export function workAnywhere(looks: readonly Look[], seconds: number): Work {
  // A program may have many processes, and be looked at often: each interval is computed once.
  const intervals = intervalsOf(looks)
  for (let from = 0; from < intervals.length; from++) {
    if (intervals[from]?.isSignalled) continue
    const work = workFrom(intervals.slice(from, from + MOST_LOOKS), seconds)
    if (work.answer === 'yes') return { ...work, signals: signalsIn(looks) }
  }
  return { ...workFrom(intervals, seconds), signals: signalsIn(looks) }
}

/** Within so many looks a process has been at work, or has not been at work from there on: a few seconds of them. */
const MOST_LOOKS = 500
const signalsIn = (looks: readonly Look[]) => (looks.at(-1)?.signals ?? 0) - (looks[0]?.signals ?? 0)

/** What a process did in these intervals, until it is known whether it was at work for so long. */
function workFrom(intervals: readonly Interval[], seconds: number): Omit<Work, 'signals'> {
  const walk = new Walk(seconds)
  for (const each of intervals) if (walk.step(each)) break
  return walk.result()
}

/** Goes from interval to interval, until there has been enough work or too long a sleep. */
class Walk {
  readonly #needed: number
  #first: Interval | undefined
  #last: Interval | undefined
  #wakes = 0
  #length = 0
  #ran = 0
  /** What was left out for a signal only because the judge looked so seldom. */
  #unseen = 0
  #waited = 0
  #slept = 0
  #hadCompany = false
  /** How much longer its sleeps may seem for other reasons: whoever waits for another one sleeps longer. */
  #slack = 0
  /** The longest time between two looks. */
  #gap = 0
  /** The present sleep: at most, certainly, and without waiting for others. */
  #sleep = { most: 0, surely: 0, onItsOwn: 0 }
  #longest = { most: 0, surely: 0 }
  #refused: Answer | undefined
  /** The first interval of those that no signal has interrupted so far, and whether it had company in one of them. */
  #run: { readonly first: Interval; hadCompany: boolean } | undefined

  constructor(needed: number) {
    this.#needed = needed
  }

  /** @returns whether nothing that comes later counts */
  step(each: Interval): boolean {
    this.#first ??= each
    this.#gap = Math.max(this.#gap, each.to.at - each.from.at)
    this.#last = each
    // What a signal makes it do is not its own work, and does not show what it would have done without.
    if (each.isSignalled) {
      this.#run = undefined
      this.#unseen += Math.max(0, each.length - RARE)
      return false
    }
    if (this.#sleptTooLong(each)) return true
    this.#length += each.length
    this.#ran += each.ran
    this.#waited += each.waited
    const { most, surely } = each.slept
    this.#slept += most
    this.#hadCompany ||= each.hasCompany
    this.#slack += each.hasCompany ? LONGEST_BETWEEN : each.stood
    // It woke somewhere between the two looks, once or several times.
    const goesOn = each.parts === 1
    this.#sleep.most += most
    this.#sleep.surely = goesOn ? this.#sleep.surely + surely : surely / each.parts
    this.#sleep.onItsOwn = goesOn ? this.#sleep.onItsOwn + each.sleptOnItsOwn : each.sleptOnItsOwn / each.parts
    this.#longest.most = Math.max(this.#longest.most, this.#sleep.most)
    this.#longest.surely = Math.max(this.#longest.surely, this.#sleep.surely)
    if (this.#sleep.surely > LONGEST_SLEEP) {
      // The longer it lasts, the more of it is certainly the process's own sleep.
      const longest = LONGEST_SLEEP * (this.#hadCompany ? WITH_COMPANY : 1)
      this.#refused = this.#sleep.onItsOwn > longest ? 'no' : this.#unknown()
      return !goesOn
    }
    if (this.#refused) return true
    if (!goesOn) {
      this.#wakes += Math.max(0, each.wakes)
      this.#sleep = { most, surely: 0, onItsOwn: 0 }
      this.#hadCompany = each.hasCompany
    }
    return this.#isEnough()
  }

  /**
   * Whether it surely slept too long once, however seldom the judge could look: of so much sleep in so few pieces one was at
   * least as long as their mean.
   */
  #sleptTooLong(each: Interval): boolean {
    this.#run ??= { first: each, hadCompany: false }
    this.#run.hadCompany ||= each.hasCompany
    const [one, other] = [this.#run.first, each]
    const [from, to] = one.from.at < other.from.at ? [one.from, other.to] : [other.from, one.to]
    const whole = interval(from, to, Number.NEGATIVE_INFINITY)
    // Standing still for the judge cuts a sleep in two as well.
    const mean = whole.sleptOnItsOwn / (to.sleeps + to.stops - from.sleeps - from.stops + 1)
    if (mean <= LONGEST_SLEEP * (this.#run.hadCompany ? WITH_COMPANY : 1)) return false
    this.#longest.surely = Math.max(this.#longest.surely, mean)
    this.#refused = 'no'
    return true
  }

  /** Whether it had enough time, and has used it, however often others had the processor meanwhile. */
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

  /** Unknown only if others were in the way, or the judge was late; if a program is in its own way, the answer is no. */
  #unknown(): Answer {
    const ends = [this.#first, this.#last].filter(each => each !== undefined)
    const looks = ends.flatMap(({ from, to }) => [from, to]).sort((one, other) => one.at - other.at)
    const [from, to] = [looks[0], looks.at(-1)]
    if (from === undefined || to === undefined || isOwnLoad(from, to)) return 'no'
    return wasBusy(from.load, to.load) || this.#gap > RARE ? 'unknown' : 'no'
  }

  #answer(): Answer {
    if (this.#refused) return this.#refused
    const bound = Math.min(LONGEST_BETWEEN, LONGEST_SLEEP + PER_GAP * this.#gap + this.#slack)
    if (this.#isEnough() && this.#longest.most <= bound) return 'yes'
    // There was not enough time, even counting all that is uncertain.
    if (this.#length + this.#unseen < this.#needed) return 'no'
    return this.#unknown()
  }

  result(): Omit<Work, 'signals'> {
    const [seconds, sleep] = [this.#length, this.#longest.surely]
    return { answer: this.#answer(), seconds, wakes: this.#wakes, sleep }
  }
}
