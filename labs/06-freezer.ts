/**
 * Lab 6: the freezer. What does a process notice of being frozen?
 *
 * You will see a child that ticks ten times a second stand still in the middle of its work and go on as if nothing had
 * happened, and what each dialect of control groups makes of SIGKILL to a frozen process.
 *
 * Man pages: cgroups(7), signal(7), proc_pid_status(5). Needs root, or a group that is yours, and the freezer.
 * Run it: sudo npx tsx labs/06-freezer.ts
 */
import { closeSync, readFileSync } from 'node:fs'
import { fork } from '../lib/clone.ts'
import { Unexpected } from '../lib/errors.ts'
import { pipe } from '../lib/gate.ts'
import { makeOwnGroup } from '../lib/group/cgroup.ts'
import { homesWith, homeWith } from '../lib/group/delegation.ts'
import { type Dialect, layout } from '../lib/group/hierarchies.ts'
import { choice, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import { drawTicks } from '../lib/lab/strip.ts'
import { writeAll } from '../lib/machine/output.ts'
import { until } from '../lib/machine/until.ts'
import { kill, sleep, WNOHANG, waitpid } from '../lib/process.ts'
import { describeStatus } from '../lib/status.ts'
import { sleepsOn, statusField } from '../lib/trace/proc.ts'

const DIALECTS = ['v1', 'v2'] as const
const knobs = await startLab('06-freezer', {
  freeze: seconds(1, 'how long the child is frozen'),
  dialect: choice(DIALECTS, undefined, 'v1 or v2, where this machine has both'),
  pace: seconds(0, 'pause after each line, to read along'),
})
const { dialect } = homeWith('freezer', knobs.dialect).hierarchy
note(`This machine's control groups: ${layout()}. This lab now speaks ${dialect}.`)

const now = () => performance.now() / 1000
const began = now()
const ticks = pipe()

// #region child
/** Ticks ten times a second: writes down the time. Nothing in here knows about the freezer. */
function child(): void {
  for (;;) {
    // #region work
    writeAll(ticks.writeEnd, `${now() - began}\n`)
    sleep(0.1)
    // #endregion work
  }
}
// #endregion child

/** Prints the state of a process as the kernel reports it; `tell` prints the shell command for a step. */
const showState = (pid: number) => outside(`/proc/${pid}/status, State: ${statusField(pid, 'State')}`)
const tell = (command: string) => outside(`# ${command}`)
/** Lets a process work for some seconds, and for longer if a busy machine has not let it wake up `wakes` times by then. */
function letWork(pid: number, seconds: number, wakes: number): void {
  const count = () => Number(statusField(pid, 'voluntary_ctxt_switches'))
  const enough = count() + wakes
  const isOver = () => statusField(pid, 'State')?.startsWith('Z') ?? true
  sleep(seconds)
  until(() => isOver() || count() >= enough, 10)
  if (isOver()) throw new Unexpected(`${pid} has ended, and should be at work`)
}

// #region freeze
const group = makeOwnGroup('lab6', 'freezer', { dialect, tell })
const pid = fork(child)
// #region join
group.add(pid)
// #endregion join
letWork(pid, 0.4, 4)
showState(pid)
// #region freeze-it
group.freeze()
// #endregion freeze-it
outside(`${group.freezerFiles.state} says: ${group.freezerState()}`)
showState(pid)
const frozenAt = now()
sleep(knobs.freeze)
// #region thaw-it
group.thaw()
// #endregion thaw-it
outside(`${group.freezerFiles.state} says: ${group.freezerState()}, after ${(now() - frozenAt).toFixed(2)} s.`)
letWork(pid, 0.6, 5)
// #region the-end
kill(pid, 'SIGKILL')
waitpid(pid)
group.remove()
// #endregion the-end
// #endregion freeze

// #region strip
closeSync(ticks.writeEnd)
const times = readFileSync(ticks.readEnd, 'utf8').trim().split('\n').map(Number)
const gap = Math.max(...times.slice(1).map((time, i) => time - (times[i] as number)))
note('A | is a tick of the child (or several), by its own clock; a . is none:')
for (const line of drawTicks(times, times.at(-1) as number)) inside(line)
inside(`I ticked ${times.length} times. Once, from one tick to the next, it was suddenly ${gap.toFixed(2)} s later.`)
// #endregion strip

// #region sigkill
/** What SIGKILL does to a process that is frozen. */
function killFrozen(dialect: Dialect): void {
  const group = makeOwnGroup('lab6-killed', 'freezer', { dialect })
  const pid = fork(() => sleep(3600))
  group.add(pid)
  group.freeze()
  const state = group.freezerState()
  kill(pid, 'SIGKILL')
  // If the kernel lets it die, it has woken it by now. If it sleeps on, with the signal pending, it has to wait for the thaw.
  let isHeld = sleepsOn(pid, 'SIGKILL')
  while (!isHeld && waitpid(pid, WNOHANG).pid !== pid) {
    sleep(0.001)
    isHeld = sleepsOn(pid, 'SIGKILL')
  }
  if (isHeld) {
    outside(`${dialect}: ${state}, then SIGKILL: the signal is pending, and the process sleeps on.`)
    showState(pid)
    group.thaw()
    outside(`${dialect}: ${group.freezerState()}, and only now it ends: ${describeStatus(waitpid(pid))}.`)
  } else outside(`${dialect}: ${state}, then SIGKILL: it died, and nobody had thawed it.`)
  group.remove()
}

note('What does SIGKILL do to a frozen process?')
const spoken = homesWith('freezer').map(({ hierarchy }) => hierarchy.dialect)
for (const each of DIALECTS) {
  if (spoken.includes(each)) killFrozen(each)
  else
    note(`${each}: no such group can be made here. There it ${each === 'v1' ? 'stays until the thaw' : 'dies frozen'}.`)
}
// #endregion sigkill
