/**
 * A process between two looks at it: how often it woke, and how long it slept, ran and waited, by the kernel's own counters.
 */
import type { Activity, FreezerMoment } from '../../witnesses/freezing/freezer.ts'

/** A process at a moment of its group. */
export interface Look extends Activity, Omit<FreezerMoment, 'processes'> {
  /** Whether there are other processes in its group, for which it may wait. */
  readonly hasCompany: boolean
}

/** How long the effect of a signal may take, in seconds. */
const SIGNAL = 0.04

/** What there was between two looks, in seconds. */
export interface Interval {
  readonly wakes: number
  /**
   * Into how many sleeps the interval may have been cut: by its wakes, and by standing still for the judge, for which it
   * has to be awake.
   */
  readonly parts: number
  /** How long all of its threads have slept: at most, and surely. */
  readonly slept: { readonly most: number; readonly surely: number }
  /** The same without the time in which it may have waited for others of the sandbox that were held up themselves. */
  readonly sleptOnItsOwn: number
  /** How much of it the process may have stood still for the judge. */
  readonly stood: number
  readonly length: number
  readonly ran: number
  readonly waited: number
  readonly isSignalled: boolean
  readonly hasCompany: boolean
  readonly from: Look
  readonly to: Look
}

/**
 * What there was between two looks.
 * @param signalledAt when the last signal of another process came
 */
export function interval(from: Look, to: Look, signalledAt: number): Interval {
  const ran = to.work.ran - from.work.ran
  const waited = to.work.waited - from.work.waited
  const busy = ran + waited
  const [longest, shortest] = [to.to - from.from, Math.max(0, to.from - from.to)]
  // Where no thread has stopped, none has waited for the judge. One of which the judge has not heard yet does.
  const late = to.heard > from.heard || stops(from, to) ? to.late - from.late : 0
  const stood = stops(from, to) ? late : 0
  const others = to.sandbox.ran + to.sandbox.waited - from.sandbox.ran - from.sandbox.waited - busy
  const wakes = to.sleeps - from.sleeps
  // The kernel counts a wait when it is over: a thread that is ready at the end may have waited all the time.
  const surely = to.isReady ? 0 : Math.max(0, shortest - busy)
  const stands = from.state === 't' && to.state === 't' && to.heard === from.heard
  const isAwake = stands || (from.isReady && to.isReady && wakes === 0)
  return {
    wakes,
    // For a moment the kernel says that a thread stands still and has not yet counted that: a wake can be missing.
    parts: Math.max(wakes, to.stops > from.stops ? 1 : 0) + 1,
    slept: {
      most: isAwake ? 0 : Math.max(0, longest - (from.isReady ? 0 : busy)),
      surely: Math.max(0, surely - stood),
    },
    sleptOnItsOwn: Math.max(0, surely - Math.max(0, others) - late),
    stood,
    length: to.at - from.at,
    ran,
    waited,
    isSignalled: to.signals > from.signals || from.at < signalledAt + SIGNAL,
    hasCompany: from.hasCompany || to.hasCompany,
    from,
    to,
  }
}

/** Whether it may have been stopped for the judge. */
const stops = (from: Look, to: Look) => to.stops > from.stops || from.state === 't' || to.state === 't'

/** What there was between each look and the next. */
export function intervalsOf(looks: readonly Look[]): Interval[] {
  let signalledAt = Number.NEGATIVE_INFINITY
  return looks.slice(1).map((to, i) => {
    const from = looks[i] as Look
    if (to.signals > from.signals) signalledAt = to.at
    return interval(from, to, signalledAt)
  })
}
