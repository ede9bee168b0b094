/**
 * Lab 6's claims on records made by hand: what is decided when, to the hundredth of a second, on any machine.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Load } from '../../observer/load.ts'
import type { Activity, FreezerMoment } from '../../witnesses/freezing/freezer.ts'
import { isUnjudged } from '../claim.ts'
import { checker, type Seen } from './claims.ts'

const GROUP = '/sys/fs/cgroup/freezer/check/inside/ticks'
const [PROGRAM, CHILD] = [100, 101]
const [WORKED, FROZEN, STILL, FREEZER, SAME] = checker

/** A run of a program, as the kernel would have it. Times are in seconds. */
interface Run {
  /** From joining to the freeze, from then to the thaw, from then to the end. */
  readonly times: readonly [before: number, frozen: number, after: number]
  /** From one tick to the next. */
  readonly pause: number
  /** How long it waits for a processor at each tick. */
  readonly waits?: number
  /** From one look to the next. */
  readonly looks?: number
  /** How late the judge is when a process writes or sends a signal. */
  readonly late?: number
  /** Whether others keep all processors busy. */
  readonly isBusy?: boolean
  /** How many processes of the program itself want a processor all the time. */
  readonly loops?: number
  /** From one signal of another process to the next; each is one more sleep. */
  readonly signals?: number
  /** What such a signal costs it of the processor. */
  readonly costs?: number
  /** From when to when it stands still for a judge that has not heard of it yet. */
  readonly stands?: readonly [from: number, to: number]
  /** Whether the kernel has not counted by then that it stopped. */
  readonly isUncounted?: boolean
  /** For how long whoever thaws it waits for the kernel. */
  readonly thaws?: number
  /** Ticks end here. */
  readonly until?: number
}

/** Adds up what is known at a time of the run. */
function momentAt(run: Run, at: number, isBeforeWrite: boolean): FreezerMoment {
  const [before, frozen] = run.times
  const thaw = before + frozen + (run.thaws ?? 0)
  const isFrozen = at > before && at <= thaw
  const [stop, heard] = run.stands ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const stood = Math.max(0, Math.min(at, heard) - stop)
  // The time that the process has had, without that in which it was frozen, or stood still for the judge.
  const own = Math.min(at, before) + Math.max(0, at - thaw) - stood
  const ticks = Math.floor(Math.min(own, run.until ?? own) / run.pause + 1e-9)
  const signals = run.signals ? Math.floor(at / run.signals) : 0
  const work = { ran: ticks * 1e-4 + signals * (run.costs ?? 0), waited: ticks * (run.waits ?? 0) }
  const activity: Activity = {
    pid: CHILD,
    isMember: true,
    work,
    stops: at >= stop ? 1 : 0,
    sleeps: ticks + signals - (run.isUncounted && stop <= at && at < heard ? 1 : 0),
    ran: work.ran,
    switches: ticks + signals,
    isReady: own % run.pause > run.pause - (run.waits ?? 0) + 1e-9,
    state: isFrozen ? 'D' : at >= stop && at < heard ? 't' : 'S',
    signals,
    stopSignals: 0,
    isStopped: false,
  }
  const sandbox = { ran: work.ran, waited: work.waited + (run.loops ?? 0) * at }
  const load: Load = { machine: { total: 2 * at, idle: run.isBusy ? 0 : 1.9 * at }, own: 0.05 * at, waited: 0 }
  return {
    ...{
      from: at,
      at,
      to: at,
      since: isBeforeWrite ? at - (run.late ?? 0) : at,
      isBeforeWrite,
      group: GROUP,
      isFrozen,
    },
    ...{ heard: at >= heard ? 1 : 0, late: stood, sandbox, load, processes: [activity] },
  }
}

/** What is seen of it: at every look, and at each of the three moments. */
function see(run: Run): Seen {
  const [before, frozen, after] = run.times
  const thawed = before + frozen + (run.thaws ?? 0)
  const end = thawed + after
  const usual = Array.from({ length: Math.ceil(end / (run.looks ?? 0.02)) }, (_, i) => i * (run.looks ?? 0.02))
  const writes = [before, before + frozen, end]
  // The judge waits until the group is frozen, and looks once more.
  const times = [...usual.filter(at => at < end), ...writes, before + 1e-6, thawed + 1e-6]
  const freezer = times.sort((one, other) => one - other).map(at => momentAt(run, at, writes.includes(at)))
  return {
    ...{ program: PROGRAM, processes: new Map(), signals: [], timedOut: undefined },
    ...{
      sandbox: {} as Seen['sandbox'],
      hits: [],
      leftovers: [],
      story: [],
      output: '',
      groupWrites: [],
      stays: [],
      directories: new Map(),
    },
    ...{ members: new Map([[GROUP, new Set([CHILD])]]), freezer },
  }
}

/** The claims that do not hold, and those that cannot be judged. */
function verdictOn(run: Run) {
  const seen = see(run)
  const found = checker.map(claim => ({ claim, objection: claim.refute(seen) }))
  const those = (unjudged: boolean) =>
    found.filter(({ objection }) => objection && isUnjudged(objection) === unjudged).map(({ claim }) => claim)
  return { failed: those(false), unjudged: those(true) }
}

const HOLDS = { failed: [], unjudged: [] }
const GOOD: Run = { times: [0.5, 0.7, 0.7], pause: 0.1 }

test('who stands still for the judge does not sleep, however late the judge hears of that', () => {
  for (const stands of [
    [0.31, 0.45],
    [1.35, 1.65],
  ] as const) {
    const [before, frozen, after] = GOOD.times
    const longer = [before + 0.3, frozen, after + 0.3] as const
    for (const looks of [0.02, 0.1]) assert.deepEqual(verdictOn({ ...GOOD, times: longer, stands, looks }), HOLDS)
    const sleeper = verdictOn({ ...GOOD, times: longer, pause: 0.2, stands: [stands[0], stands[0] + 0.03] })
    assert.ok(sleeper.failed.length > 0)
  }
})

test('a stop for the judge ends a sleep, also where the kernel has not counted it yet', () => {
  // Looks at 0.399 and 0.532: between them it has slept once more, woken, and stopped.
  const run: Run = { times: [0.9, 0.7, 0.9], pause: 0.1, stands: [0.4999, 0.54], isUncounted: true, looks: 0.133 }
  assert.deepEqual(verdictOn(run), HOLDS)
  assert.ok(verdictOn({ ...run, pause: 0.2 }).failed.includes(SAME as (typeof checker)[number]))
})

test('a thaw for which its writer has to wait is no sleep of the frozen process', () => {
  for (const thaws of [0.26, 1])
    for (const pause of [0.1, 0.25]) {
      const { failed } = verdictOn({ times: [1, 0.7, 0.7], pause, thaws, looks: 2 })
      assert.equal(failed.includes(SAME as (typeof failed)[number]), pause > 0.1, `${thaws} ${pause}`)
    }
})

test('ten ticks a second hold, before and after, on a quiet machine and on a busy one', () => {
  assert.deepEqual(verdictOn(GOOD), HOLDS)
  assert.deepEqual(verdictOn({ ...GOOD, isBusy: true }), HOLDS)
})

test('half a second is enough, and less is not, and there is no tolerance', () => {
  assert.deepEqual(verdictOn({ ...GOOD, times: [0.3, 0.501, 0.501] }), HOLDS)
  for (const frozen of [0.46, 0.49, 0.499])
    assert.deepEqual(verdictOn({ ...GOOD, times: [0.5, frozen, 0.7] }), { failed: [FROZEN], unjudged: [] })
  assert.deepEqual(verdictOn({ ...GOOD, times: [0.5, 0.7, 0.45] }), { failed: [SAME], unjudged: [] })
  assert.deepEqual(verdictOn({ ...GOOD, times: [0.25, 0.7, 0.7] }), { failed: [WORKED], unjudged: [] })
})

test('a freeze that a late judge saw cannot be judged, unless it was long enough, or too short, either way', () => {
  const late: Run = { ...GOOD, times: [0.5, 0.52, 0.7], late: 0.05 }
  assert.deepEqual(verdictOn({ ...late, isBusy: true }), { failed: [], unjudged: [FROZEN] })
  assert.deepEqual(verdictOn(late), { failed: [], unjudged: [FROZEN] })
  assert.deepEqual(verdictOn({ ...late, times: [0.5, 0.505, 0.7], late: 0.01 }), { failed: [FROZEN], unjudged: [] })
  assert.deepEqual(verdictOn({ ...late, times: [0.5, 0.6, 0.7], isBusy: true }), HOLDS)
  assert.deepEqual(verdictOn({ ...late, times: [0.5, 0.4, 0.7], isBusy: true }), { failed: [FROZEN], unjudged: [] })
})

test('a process that has ticked once is refused, however busy the machine is and however seldom the judge looks', () => {
  for (const looks of [0.02, 0.2, 0.5])
    for (const isBusy of [false, true]) {
      const { failed } = verdictOn({ ...GOOD, pause: 0.05, until: 0.05, looks, isBusy })
      assert.deepEqual(failed, [WORKED, SAME], `${looks} ${isBusy}`)
    }
})

test('four ticks a second are not ten', () => {
  assert.deepEqual(verdictOn({ times: [1, 0.7, 1], pause: 0.25 }), { failed: [WORKED, SAME], unjudged: [] })
})

test('waiting for a processor that others have is not taken for sleep', () => {
  // Of each 0.2 s it waits for half.
  const starved: Run = { times: [1, 0.7, 1.2], pause: 0.2, waits: 0.1, isBusy: true }
  assert.deepEqual(verdictOn(starved), HOLDS)
  assert.deepEqual(verdictOn({ ...starved, waits: 0 }).failed, [WORKED, SAME])
})

test('looks that are too rare give no verdict', () => {
  const rare: Run = { times: [1, 0.7, 1.2], pause: 0.05, looks: 0.5 }
  for (const isBusy of [false, true])
    assert.deepEqual(verdictOn({ ...rare, isBusy }), { failed: [], unjudged: [WORKED, SAME] })
})

test('a program that would keep the processors busy by itself is not excused by others who do so as well', () => {
  const rare: Run = { times: [1, 0.7, 1.2], pause: 0.05, looks: 0.5, isBusy: true, loops: 1000 }
  assert.deepEqual(verdictOn(rare), { failed: [WORKED, SAME], unjudged: [] })
  assert.deepEqual(verdictOn({ ...GOOD, isBusy: true, loops: 1000 }), HOLDS)
})

test('what signals make a process do is not its own work', () => {
  const idle: Run = { ...GOOD, pause: 60, signals: 0.02 }
  assert.deepEqual(verdictOn(idle).failed, [WORKED, SAME])
  assert.deepEqual(verdictOn({ ...GOOD, signals: 0.6 }).failed, [])
})

/** The same moments five seconds later, of another process in another group. */
function later(run: Run): FreezerMoment[] {
  return see(run).freezer.map(({ from, at, to, since, ...rest }) => ({
    ...rest,
    ...{ from: from + 5, at: at + 5, to: to + 5, since: since + 5 },
    group: `${GROUP}-later`,
    processes: rest.processes.map(activity => ({ ...activity, pid: CHILD + 1 })),
  }))
}

test('of several freezes one that fulfils all claims is enough', () => {
  const one = see({ ...GOOD, times: [0.5, 0.2, 0.7] })
  const both = { ...one, freezer: [...one.freezer, ...later(GOOD)] }
  assert.deepEqual(
    checker.filter(claim => claim.refute(both)).map(({ title }) => title),
    [],
  )
})

test('without a freeze, whoever was at work was, also if stopped later, and the freeze of another is none of theirs', () => {
  const stopped: Run = { times: [0.5, 0, 3], pause: 0.1, until: 0.5 }
  for (const isBusy of [false, true]) {
    const failed = [FROZEN, STILL, FREEZER, SAME]
    assert.deepEqual(verdictOn({ ...stopped, isBusy }), { failed, unjudged: [] })
    const seen = see({ ...stopped, isBusy })
    const freezer = [...seen.freezer, ...later({ times: [0.001, 0.02, 0.001], pause: 60, isBusy })]
    assert.deepEqual(
      checker.filter(claim => claim.refute({ ...seen, freezer })),
      failed,
    )
  }
  assert.deepEqual(verdictOn({ ...stopped, until: 0 }).failed, [WORKED, FROZEN, STILL, FREEZER, SAME])
})

test('a process that computes in the middle of a freeze was not frozen', () => {
  const seen = see(GOOD)
  const freezer = seen.freezer.map(moment => ({
    ...moment,
    processes: moment.processes.map(one => ({ ...one, ran: moment.at / 10 })),
  }))
  assert.deepEqual(
    checker.filter(claim => claim.refute({ ...seen, freezer })),
    [STILL],
  )
})

test('signals of others cost a frozen process some time, which says nothing of it', () => {
  const run: Run = { times: [0.5, 0.7, 0.9], pause: 0.1, signals: 0.05 }
  const ofStill = (more: Partial<Run>) => {
    const objection = STILL?.refute(see({ ...run, ...more }))
    return objection && (isUnjudged(objection) ? 'cannot be judged' : 'does not hold')
  }
  assert.equal(ofStill({ costs: 2e-4 }), undefined)
  assert.equal(ofStill({ costs: 15e-3 }), 'does not hold')
  assert.equal(ofStill({ costs: 15e-3, looks: 0.2 }), 'cannot be judged')
  assert.equal(ofStill({ costs: 15e-3, looks: 0.2, loops: 4 }), 'does not hold')
})

test('one signal takes more from the time at work the more seldom the judge looks, and that is not held against it', () => {
  const run: Run = { times: [0.5, 0.7, 0.8], pause: 0.02, signals: 1.25 }
  const ofSame = (more: Partial<Run>) => {
    const objection = SAME?.refute(see({ ...run, ...more }))
    return objection && (isUnjudged(objection) ? 'cannot be judged' : 'does not hold')
  }
  assert.equal(ofSame({}), undefined)
  assert.equal(ofSame({ looks: 0.3 }), 'cannot be judged')
  assert.equal(ofSame({ looks: 0.3, times: [0.5, 0.7, 0.4] }), 'does not hold')
  // Whoever only answers signals is refused.
  assert.equal(ofSame({ signals: 0.03, pause: 100 }), 'does not hold')
})
