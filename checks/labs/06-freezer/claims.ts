/**
 * Lab 6: a process held by the freezer, as shown by the state of its group, and by the kernel's counters of its CPU
 * time and its sleeps before, during and after the freeze. Any freeze that fulfils all claims will do.
 */
import { signalName } from '../../../lib/status.ts'
import { wasBusy } from '../../observer/load.ts'
import type { Observation } from '../../observer/record.ts'
import { STOP_SIGNALS } from '../../observer/signal-calls.ts'
import type { FreezerRecord } from '../../witnesses/freezing/freezer.ts'
import type { GroupsRecord } from '../../witnesses/groups.ts'
import type { Checker, Objection } from '../claim.ts'
import { isUnjudged, unless, unlessUnderWay } from '../claim.ts'
import type { Look } from './interval.ts'
import { isOwnLoad, LONGEST_SLEEP, lookedSeldom, type Work, workAnywhere, workAt } from './work.ts'

/** What the claims of this lab see. */
export type Seen = Observation & GroupsRecord & FreezerRecord

/** How long it has to work, be frozen, and work again, in seconds. */
const [BEFORE, FROZEN, AFTER] = [0.3, 0.5, 0.5]
/**
 * What may still be counted while it is frozen: its last step into the kernel's refrigerator, and wakes by signals
 * (v2).
 */
const LAST_STEP = { ran: 0.001, switches: 3 }
/** Of how many processes that were never frozen it is asked whether they were at work. */
const UNFROZEN = 20
/** How exactly a judge that is not late knows the length of a freeze, in seconds. */
const EXACT = 0.02
/** Seconds as they are shown to a reader. */
const round = (seconds: number) => seconds.toFixed(2)

/** The cause for the claims about the time after a freeze, where there was none. */
const NEVER = 'there was no freeze: see what is said of FROZEN above'

/** A look at a process, and whether the program itself was in the group: then it was not the child's own. */
interface PlacedLook extends Look {
  readonly hasProgram: boolean
}

/** One process in one group, and one freeze of it, as a series of looks. */
export interface Ticker {
  readonly group: string
  readonly pid: number
  /** From when it joined, or from the thaw before, to the freeze. */
  readonly before: readonly Look[]
  readonly frozen: readonly Look[]
  /** From the last look at it frozen to its end, to the next freeze, or until it left the group. */
  readonly after: readonly Look[]
  /** Whether it left the group then. */
  readonly hasLeft: boolean
  /** The last look before the group said that it is frozen, and the first after. */
  readonly edges: { readonly before: Look | undefined; readonly after: Look | undefined }
  /** Whether the program itself was in the group when it was frozen, or at all where it never was. */
  readonly hadProgram: boolean
}

/** The looks at every process in every group that the program has made, except at the program itself. */
function seriesOf({ freezer, program }: Seen): PlacedLook[][] {
  const found = new Map<string, PlacedLook[]>()
  for (const { processes, ...moment } of freezer) {
    const hasProgram = processes.some(({ pid, isMember }) => pid === program && isMember)
    for (const activity of processes.filter(({ pid }) => pid !== program)) {
      const key = `${moment.group} ${activity.pid}`
      const looks = found.get(key) ?? []
      looks.push({ ...activity, ...moment, hasCompany: processes.length > 1, hasProgram })
      found.set(key, looks)
    }
  }
  return [...found.values()]
}

const isHeld = ({ isFrozen, isMember }: Look) => isFrozen && isMember

/** The places in a series where a freeze of the process begins, and where it is over. */
function freezesIn(looks: readonly Look[]): (readonly [from: number, to: number])[] {
  const starts = looks
    .map((_, i) => i)
    .filter(i => isHeld(looks[i] as Look) && !(i > 0 && isHeld(looks[i - 1] as Look)))
  return starts.map(start => {
    const end = looks.findIndex((look, i) => i > start && !isHeld(look))
    return [start, end < 0 ? looks.length : end]
  })
}

const NO_EDGES = { before: undefined, after: undefined }

/** All freezes of a process; where it was never frozen, one entry without a freeze. */
function tickersIn(looks: readonly PlacedLook[]): Ticker[] {
  const [{ group, pid }] = looks as [PlacedLook]
  const freezes = freezesIn(looks)
  if (freezes.length === 0) {
    const before = looks.filter(({ isMember }) => isMember)
    const hadProgram = before.some(({ hasProgram }) => hasProgram)
    return [{ group, pid, before, frozen: [], after: [], hasLeft: false, edges: NO_EDGES, hadProgram }]
  }
  return freezes.map(([from, to], i) => {
    const last = freezes[i - 1]?.[1] ?? 0
    const next = freezes[i + 1]?.[0] ?? looks.length
    const [there, frozen, after] = [looks.slice(last, from), looks.slice(from, to), looks.slice(to - 1, next)]
    // The program may have joined to make it there, if it has left again, and may come when all is done.
    const hadProgram = frozen.some(({ hasProgram }) => hasProgram)
    const over = after.findIndex(look => !look.isMember || (!hadProgram && look.hasProgram))
    return {
      group,
      pid,
      before: there.slice(there.findLastIndex(({ isMember, hasProgram }) => !isMember || hasProgram) + 1),
      frozen,
      after: after.slice(0, over < 0 ? after.length : over),
      hasLeft: after[over]?.isMember === false,
      edges: { before: looks[from - 1], after: looks[to] },
      hadProgram,
    }
  })
}

/**
 * How long it was frozen, from when its group reported that to the write that ended it, in seconds. At least, because
 * the writer is stopped for the judge, and may have been for a while; and at most, because what was between two looks
 * is unknown.
 */
export function lengthOf({ frozen, edges }: Ticker): { readonly least: number; readonly most: number } {
  const [first, last] = [frozen[0], frozen.at(-1)]
  if (!first || !last) return { least: 0, most: 0 }
  // The writer may have stopped before the judge learned of it, and the group is thawed after that.
  const [earliest, latest] = last.isBeforeWrite ? [last.since, last.at] : [last.at, edges.after?.at ?? last.at]
  return { least: Math.max(0, Math.min(earliest, last.at) - first.at), most: latest - (edges.before?.at ?? first.from) }
}

const spent = (looks: readonly Look[], what: 'ran' | 'switches') =>
  Math.max(0, ...looks.map(look => look[what])) - (looks[0]?.[what] ?? 0)

const isBusy = (looks: readonly Look[]) => {
  const [first, last] = [looks[0], looks.at(-1)]
  if (first === undefined || last === undefined || isOwnLoad(first, last)) return false
  return wasBusy(first.load, last.load)
}

/** No verdict on what the judge could not see because the machine was busy. */
const tooBusy = (what: string): Objection => ({
  missing: `${what}: this machine is too busy, and the judge could not look often enough`,
  remedy: 'check it again when less is going on',
})

function describeWork({ sleep, wakes, seconds, signals }: Work, looks: readonly Look[]): string {
  if (looks.length < 2) return 'it was not there'
  // Rounded up, or it would read like what is allowed.
  if (sleep > LONGEST_SLEEP) return `it slept for ${round(Math.ceil(sleep * 100) / 100)} s at a stretch`
  const byOthers = signals > 0 ? `, and ${signals} signals of others` : ''
  return `${wakes} wakes of its own in ${round(seconds)} s${byOthers}`
}

/** Whether a process slept too long, or did nothing but what signals made it do. */
const isIdle = ({ sleep, wakes, signals }: Work) => sleep > LONGEST_SLEEP || signals > wakes

/** The cause where a process was there and did not work. */
const SLEPT = 'it waits for something that comes too seldom, for what others do, or for signals alone'

const AT_WORK = `never asleep for more than ${LONGEST_SLEEP} s at a stretch`

function sat(_: Seen, one: Ticker | undefined): Objection | undefined {
  const title = `a child of the program in a group below the one it was started in, there for at least ${BEFORE} s before it was frozen and ${AT_WORK}; signals of others do not count`
  const cause =
    'its number was never written to cgroup.procs (or another number was), or it was frozen before it had begun'
  if (!one) return unless(false, title, 'nobody was ever in a group that the program made', cause)
  if (one.hadProgram)
    return unless(
      false,
      title,
      'the program itself sat in it',
      'a child is to be frozen, and by somebody outside of the group',
    )
  const work = one.frozen.length > 0 ? workAt(one.before, BEFORE, 'last') : workAnywhere(one.before, BEFORE)
  if (work.answer === 'unknown') return tooBusy('what it did before the freeze')
  const likely = isIdle(work) ? SLEPT : cause
  return unless(work.answer === 'yes', title, describeWork(work, one.before), likely)
}

function wasFrozen(_: Seen, one: Ticker | undefined): Objection | undefined {
  const { least, most } = one ? lengthOf(one) : { least: 0, most: 0 }
  const isUncertain = most - least > EXACT || (one && isBusy(one.frozen))
  if (one && least < FROZEN && most >= FROZEN && isUncertain) return tooBusy('how long it was frozen')
  const [asLittle, asMuch] = [round(least), round(Math.min(most, FROZEN - 0.005))]
  return unless(
    least >= FROZEN,
    `freezer.state FROZEN, or frozen 1 in cgroup.events, for ${FROZEN} s, and the process in it`,
    !one || one.frozen.length === 0
      ? 'no group with a process in it was ever frozen'
      : `frozen for ${asLittle === asMuch ? asLittle : `${asLittle} to ${asMuch}`} s, from the word of the group to the write that thawed it`,
    'nothing was written to freezer.state or cgroup.freeze, the group was empty, or it was thawed at once',
  )
}

function stoodStill(_: Seen, one: Ticker | undefined): Objection | undefined {
  const frozen = one?.frozen ?? []
  const [ran, switches] = [spent(frozen, 'ran'), spent(frozen, 'switches')]
  const signals = (frozen.at(-1)?.signals ?? 0) - (frozen[0]?.signals ?? 0)
  const isWithin = switches <= LAST_STEP.switches + signals
  // In v2 each signal takes it out of the refrigerator and back. What that costs a slow machine, whose processor others
  // had in between, is not known.
  const isCheap = ran <= LAST_STEP.ran * (1 + signals)
  if (isWithin && !isCheap && signals > 0 && lookedSeldom(frozen)) return tooBusy('what it did while it was frozen')
  return unless(
    frozen.length > 0 && isWithin && isCheap,
    'the same CPU time and the same number of context switches, look after look',
    frozen.length === 0 ? 'it was never frozen' : `${(ran * 1000).toFixed(1)} ms of CPU time and ${switches} switches`,
    frozen.length === 0 ? NEVER : 'another process, or another thread, was frozen than the one at work',
  )
}

function notStopped(seen: Seen, one: Ticker | undefined): Objection | undefined {
  const frozen = one?.frozen ?? []
  const sent = (frozen.at(-1)?.stopSignals ?? 0) - (frozen[0]?.stopSignals ?? 0)
  // One that came before the freeze, and that SIGCONT had undone by then, does not count.
  const stopped = frozen.some(({ state, isStopped }) => isStopped || state === 'T')
  // The last of them that were sent by the thaw; those sent later did not stop it then.
  const until = frozen.at(-1)?.stopSignals ?? 0
  const call = seen.signals.filter(({ signal, found, reached }) => {
    return STOP_SIGNALS.includes(signal) && one !== undefined && (reached ?? [found]).includes(one.pid)
  })[until - 1]
  const name = call ? signalName(call.signal) : 'a stop signal'
  return unless(
    frozen.length > 0 && sent === 0 && !stopped,
    'no SIGSTOP or SIGTSTP, and a state of its own (D in v1, S in v2)',
    [sent > 0 ? `${name} was sent to it` : '', stopped ? `${name} had stopped it` : ''].filter(Boolean).join(', ') ||
      'it was never frozen',
    'SIGSTOP stops one process and can be undone by anybody; the freezer holds a group, and nobody in it is told',
  )
}

function wentOn(_: Seen, one: Ticker | undefined): Objection | undefined {
  const expected = `the process of before, at work again for ${AFTER} s and ${AT_WORK}`
  if (!one || one.frozen.length === 0) return unless(false, expected, 'it was never frozen', NEVER)
  const work = workAt(one.after, AFTER, 'first')
  if (work.answer === 'unknown') return tooBusy('what it did after the thaw')
  return unless(
    work.answer === 'yes',
    expected,
    describeWork(work, one.after),
    one.hasLeft && work.sleep <= LONGEST_SLEEP
      ? 'it was moved out of the group, in which it has to be thawed and to go on'
      : isIdle(work)
        ? SLEPT
        : 'it was never thawed, was killed or frozen again at once, or another process took its place',
  )
}

/** What each of them is about, for what may still come. */
const WHAT = ['a process at work', 'a freeze', 'a freeze', 'a freeze', 'the thaw, and work after it'] as const
const PARTS = [sat, wasFrozen, stoodStill, notStopped, wentOn] as const
/** What is only asked of the time in which it was frozen. */
const IN_FREEZE: readonly (typeof PARTS)[number][] = [stoodStill, notStopped]

/** The freeze the lab is about, and what speaks against it, claim by claim. */
interface Judged {
  readonly one: Ticker | undefined
  readonly objections: readonly (Objection | undefined)[]
}

const judged = new WeakMap<Seen, Judged>()

/** Of those whom nobody froze, of whom there may be very many, a few are enough to tell what is missing. */
const worthJudging = (tickers: readonly Ticker[]) => [
  ...tickers.filter(({ frozen }) => frozen.length > 0),
  ...tickers.filter(({ frozen }) => frozen.length === 0).slice(0, UNFROZEN),
]

/** Of all freezes of all processes the one for which most claims hold; of several the longest. */
function judge(seen: Seen): Judged {
  const known = judged.get(seen)
  if (known) return known
  const all = [...worthJudging(seriesOf(seen).flatMap(tickersIn)), undefined].map(one => ({
    one,
    objections: PARTS.map(part => part(seen, one)),
  }))
  const weight = ({ one, objections }: Judged) => {
    const left = objections.filter(each => each !== undefined)
    const failed = PARTS.filter((_, i) => objections[i] && !isUnjudged(objections[i]))
    // Of a freeze that was none, or over at once, it says nothing that nobody moved in it.
    const telling = failed.includes(wasFrozen) ? failed.filter(part => !IN_FREEZE.includes(part)) : failed
    return [telling.length, failed.length, left.length, one ? -lengthOf(one).least : 1] as const
  }
  const best = all.reduce((one, other) => (isLess(weight(other), weight(one)) ? other : one))
  judged.set(seen, best)
  return best
}

/** Whether a list of numbers is less than another, by the first number in which they differ. */
function isLess(some: readonly number[], others: readonly number[]): boolean {
  const place = some.findIndex((each, i) => each !== others[i])
  return place >= 0 && (some[place] as number) < (others[place] as number)
}

/** The process and its freeze that the lab is about. */
export const ticker = (seen: Seen): Ticker | undefined => judge(seen).one

/** What may still come as long as the process lives: all but the undoing of what it has done in the freeze. */
function isOpen({ processes }: Seen, one: Ticker | undefined, part: (typeof PARTS)[number]): boolean {
  if (!one || one.frozen.length === 0) return true
  return processes.get(one.pid)?.status === undefined && part !== stoodStill && part !== notStopped
}

const refuteBy = (part: (typeof PARTS)[number]) => (seen: Seen) => {
  const { one, objections } = judge(seen)
  return unlessUnderWay(
    seen,
    WHAT[PARTS.indexOf(part)] as string,
    objections[PARTS.indexOf(part)],
    isOpen(seen, one, part),
  )
}

export const checker: Checker<Seen> = [
  {
    title: 'a process sat in a freezer group of its own and was at work',
    section: 'work',
    refute: refuteBy(sat),
  },
  {
    title: `its group said FROZEN (v2: frozen 1) for at least ${FROZEN} s`,
    section: 'freeze-it',
    refute: refuteBy(wasFrozen),
  },
  {
    title: 'while it was frozen, it got no CPU time and made no progress',
    section: 'freeze-it',
    refute: refuteBy(stoodStill),
  },
  {
    title: 'the freezer held it, and not a stop signal',
    section: 'freezer-or-sigstop',
    refute: refuteBy(notStopped),
  },
  {
    title: 'after the thaw the very same process went on',
    section: 'thaw-it',
    refute: refuteBy(wentOn),
  },
]
