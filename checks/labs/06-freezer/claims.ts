/**
 * Lab 6: a process held by the freezer, by its group's own word, and by its CPU time and its context switches before,
 * while and after.
 */
import { signalName } from '../../../lib/status.ts'
import type { Observation } from '../../observer/record.ts'
import type { Activity, FreezerRecord } from '../../witnesses/freezer.ts'
import type { GroupsRecord } from '../../witnesses/groups.ts'
import type { Checker, Objection } from '../claim.ts'
import { unless } from '../claim.ts'

/** What the claims of this lab see. */
export type Seen = Observation & GroupsRecord & FreezerRecord

/** How long it has to work, be frozen, and work again, in seconds; the judge looks every 20 ms. */
const [BEFORE, FROZEN, AFTER] = [0.3, 0.5, 0.5]
const TOLERANCE = 0.06
/** A judge that gets a processor looks more often than that, in seconds. */
const RARE = 0.15
/** What counts as work, at ten times a second: it got the CPU so often, or for so long (ns). */
const WAKES = { before: 2, after: 3 }
const BUSY = 20e6
/** What may still be counted while it is frozen: its last step into the refrigerator, and signals that wake it (v2). */
const LAST_STEP = { runtime: 1e6, switches: 3 }
const STOP_SIGNALS = [19, 20, 21, 22]

/** Why what comes after a freeze does not hold either. */
const NEVER = 'there was no freeze: see what is said of FROZEN above'

/** One process in one group, look after look. */
interface Series {
  readonly group: string
  readonly pid: number
  readonly looks: readonly (Activity & { readonly at: number; readonly isFrozen: boolean })[]
}

/** A part of a series. */
interface Span {
  readonly before: Series['looks']
  readonly frozen: Series['looks']
  readonly after: Series['looks']
}

function allSeries({ freezer, program }: Seen): Series[] {
  const found = new Map<string, Series & { looks: Series['looks'][number][] }>()
  for (const { at, group, isFrozen, processes } of freezer) {
    for (const activity of processes.filter(({ pid }) => pid !== program)) {
      const key = `${group} ${activity.pid}`
      const series = found.get(key) ?? { group, pid: activity.pid, looks: [] }
      series.looks.push({ ...activity, at, isFrozen })
      found.set(key, series)
    }
  }
  return [...found.values()]
}

export const lengthOf = (looks: Series['looks']) => (looks.at(-1)?.at ?? 0) - (looks[0]?.at ?? 0)

/** The longest time it was frozen, and what came before and after. */
function split({ looks }: Series): Span {
  let best: readonly [number, number] = [looks.length, looks.length]
  let start: number | undefined
  for (const [i, { isFrozen }] of [...looks, { isFrozen: false }].entries()) {
    if (isFrozen) start ??= i
    else if (start !== undefined) {
      if (lengthOf(looks.slice(start, i)) >= lengthOf(looks.slice(...best))) best = [start, i]
      start = undefined
    }
  }
  return { before: looks.slice(0, best[0]), frozen: looks.slice(...best), after: looks.slice(best[1]) }
}

/** How much it has done meanwhile. Of a process that is being killed threads are missing already: the most counts. */
export const grown = (looks: Series['looks'], what: 'runtime' | 'switches') =>
  Math.max(0, ...looks.map(look => look[what])) - (looks[0]?.[what] ?? 0)

/** Whether it was at work for so long, in seconds, and woke so often or was busy. */
const hasWorked = (looks: Series['looks'], least: number, wakes: number) =>
  lengthOf(looks) >= least - TOLERANCE && (grown(looks, 'switches') >= wakes || grown(looks, 'runtime') >= BUSY)

/** The longest time that nobody looked, in seconds. */
const longestGap = (looks: Series['looks']) =>
  Math.max(0, ...looks.slice(1).map(({ at }, i) => at - (looks[i]?.at ?? at)))

/**
 * The last so many seconds: what it took to start, before that, is no work. More of it where looks are rare, because
 * whoever is looked at waits for the judge at every call.
 */
function lastPart(looks: Series['looks'], seconds: number): Series['looks'] {
  const end = looks.at(-1)?.at ?? 0
  const gap = longestGap(looks)
  const wanted = seconds + (gap > RARE ? 3 * gap : 0)
  const start = looks.findLastIndex(({ at }) => at <= end - wanted)
  return looks.slice(Math.max(0, start))
}

/** No verdict on work that a judge without a processor has slowed down. */
function unlessBusy(looks: Series['looks'], objection: Objection | undefined): Objection | undefined {
  const gap = longestGap(looks)
  if (!objection || gap <= RARE) return objection
  return {
    missing: `what it did: this machine is too busy, and the judge could not look for ${gap.toFixed(2)} s`,
    remedy: 'check it again when less is going on',
  }
}

/** Whether it was in the group all the time that the group was frozen. */
const stayed = (frozen: Series['looks']) => frozen.every(({ isMember }) => isMember)

/** The process the lab is about: of all, the one that was frozen longest, else the one that did most. */
export function ticker(seen: Seen): (Series & Span) | undefined {
  const all = allSeries(seen).map(series => ({ ...series, ...split(series) }))
  const weight = ({ frozen, looks }: Series & Span) => lengthOf(frozen) * 1e6 + grown(looks, 'switches')
  return all.sort((one, other) => weight(other) - weight(one))[0]
}

function describeWork(looks: Series['looks']): string {
  const [time, wakes] = [(grown(looks, 'runtime') / 1e6).toFixed(1), grown(looks, 'switches')]
  return looks.length === 0
    ? 'no look at it'
    : `${time} ms of CPU time and ${wakes} context switches in ${lengthOf(looks).toFixed(2)} s`
}

export const checker: Checker<Seen> = [
  {
    title: 'a process sat in a freezer group of its own and was at work',
    section: 'the-ticker',
    refute: seen => {
      const one = ticker(seen)
      const isAlone = one && !seen.members.get(one.group)?.has(seen.program)
      const objection = unless(
        isAlone === true && hasWorked(lastPart(one.before, BEFORE), BEFORE, WAKES.before),
        `a child of the program in a group below the one it was started in, which woke at least ${WAKES.before} times in the ${BEFORE} s before it was frozen`,
        one ? describeWork(lastPart(one.before, BEFORE)) : 'nobody was ever in a group that the program made',
        'its number was never written to cgroup.procs (or another number was), or it was frozen before it had begun',
      )
      return isAlone ? unlessBusy(one.before, objection) : objection
    },
  },
  {
    title: `its group said FROZEN (v2: frozen 1) for at least ${FROZEN} s`,
    section: 'freeze',
    refute: seen => {
      const frozen = ticker(seen)?.frozen ?? []
      return unless(
        lengthOf(frozen) >= FROZEN - TOLERANCE && stayed(frozen),
        `freezer.state FROZEN, or frozen 1 in cgroup.events, for ${FROZEN} s`,
        frozen.length === 0
          ? 'no group with a process in it was ever frozen'
          : `frozen for ${lengthOf(frozen).toFixed(2)} s${stayed(frozen) ? '' : ', and the process was not in it all the time'}`,
        'nothing was written to freezer.state or cgroup.freeze, the group was empty, or it was thawed at once',
      )
    },
  },
  {
    title: 'while it was frozen, it got no CPU time and made no progress',
    section: 'freeze',
    refute: seen => {
      const frozen = ticker(seen)?.frozen ?? []
      const stood = grown(frozen, 'runtime') <= LAST_STEP.runtime && grown(frozen, 'switches') <= LAST_STEP.switches
      return unless(
        frozen.length > 0 && stood,
        'the same CPU time and the same number of context switches, look after look',
        frozen.length === 0 ? 'it was never frozen' : describeWork(frozen),
        frozen.length === 0 ? NEVER : 'another process was frozen than the one at work',
      )
    },
  },
  {
    title: 'the freezer held it, and not a stop signal',
    section: 'freezer-or-sigstop',
    refute: seen => {
      const one = ticker(seen)
      const sent = seen.signals.filter(({ found, signal }) => found === one?.pid && STOP_SIGNALS.includes(signal))
      const stopped = one !== undefined && (seen.stopped.has(one.pid) || one.frozen.some(({ state }) => state === 'T'))
      return unless(
        one !== undefined && one.frozen.length > 0 && sent.length === 0 && !stopped,
        'no SIGSTOP or SIGTSTP, and a state of its own (D in v1, S in v2)',
        [...sent.map(({ signal }) => signalName(signal)), stopped ? 'a stop' : ''].filter(Boolean).join(', ') ||
          'it was never frozen',
        'SIGSTOP stops one process and can be undone by anybody; the freezer holds a group, and nobody in it is told',
      )
    },
  },
  {
    title: 'after the thaw the very same process went on',
    section: 'thaw',
    refute: seen => {
      const after = ticker(seen)?.after ?? []
      const objection = unless(
        (ticker(seen)?.frozen.length ?? 0) > 0 && hasWorked(after, AFTER, WAKES.after),
        `the process of before, at work again for ${AFTER} s: at least ${WAKES.after} times awake`,
        (ticker(seen)?.frozen.length ?? 0) === 0 ? 'it was never frozen' : describeWork(after),
        (ticker(seen)?.frozen.length ?? 0) === 0
          ? NEVER
          : 'it was never thawed, was killed at once, or another process took its place',
      )
      return unlessBusy(after, objection)
    },
  },
]
