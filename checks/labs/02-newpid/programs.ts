/**
 * The programs on which the checker of lab 2 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/clone-parent.c': [],
  'right/deeper.sh': [],
  'right/newpid.c': [],
  'right/newpid.py': [],
  'right/newpid.sh': [],
  'right/sigqueue.c': [],
  'right/told-by-signals.py': [],
  'right/pidfd.c': [],
  'right/numbers-again.c': [],
  'right/second-try.sh': [],
  'right/two-deeper.sh': [],
  'right/own-words.ts': [],
  'right/job-control.sh': [],
  'right/last-first.c': [],
  'right/told-by-pidfds.c': [],
  'right/leader-ended.c': [],
  'right/made-by-helper.c': [],
  'wrong/prints-only.sh': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
  'wrong/dead-number.c': [OUTSIDE],
  'wrong/late-thread.c': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
  'wrong/no-namespace.sh': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
  'wrong/kills-forkers.c': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
  'wrong/two-children.sh': [CHILDREN, OUTLIVE],
  'wrong/grandchildren.py': [CHILDREN, OUTLIVE],
  'wrong/never-asks.sh': [OUTSIDE],
  'wrong/earlier-number.sh': [OUTSIDE],
  'wrong/probe-only.sh': [OUTSIDE],
  'wrong/nobodys-number.sh': [OUTSIDE],
  'wrong/kills-itself.sh': [KILLS],
  'wrong/killed-from-outside.py': [KILLS],
  'wrong/terminates.sh': [KILLS],
  'wrong/kills-three.sh': [KILLS, OUTLIVE],
  'wrong/left-behind.sh': [LEFT],
  'wrong/kills-everybody.sh': [KILLS, OUTLIVE],
  'wrong/ends-too-early.sh': [OUTLIVE],
  'wrong/failing-children.sh': [OUTLIVE],
  'wrong/zombie-number.c': [OUTSIDE],
  'wrong/kills-zombie.c': [KILLS],
  'wrong/parent-leaves.c': [END],
  'wrong/cousins.c': [OUTSIDE],
  'wrong/first-fails.sh': [END],
  'wrong/others-shoot.c': [OUTSIDE, KILLS],
  'wrong/thread-number.c': [OUTSIDE],
  'wrong/shot-before.c': [KILLS],
  'wrong/pidfd-of-group.c': [KILLS],
  'wrong/death-signal.c': [KILLS],
}
