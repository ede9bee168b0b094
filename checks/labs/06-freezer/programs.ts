/**
 * The programs on which the checker of lab 6 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [WORKED, FROZEN, STILL, FREEZER, SAME] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/freezer.c': [],
  'right/freezer.py': [],
  'right/freezer.sh': [],
  'right/shell-loop.sh': [],
  'right/threads.py': [],
  'right/cgroup-tools.sh': [],
  'wrong/empty-group.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
  'wrong/idle.sh': [WORKED, SAME],
  'wrong/killed-at-thaw.sh': [SAME],
  'wrong/killed-soon.sh': [SAME],
  'wrong/left-behind.sh': [LEFT],
  'wrong/left-frozen.sh': [SAME, LEFT],
  'wrong/moved-out.sh': [FROZEN, STILL],
  'wrong/never-thawed.sh': [SAME],
  'wrong/no-work-before.sh': [WORKED],
  'wrong/prints-only.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
  'wrong/replaced.sh': [SAME],
  'wrong/sleeps-by-itself.py': [FROZEN, STILL, FREEZER, SAME],
  'wrong/stop-signal.sh': [FROZEN, STILL, FREEZER, SAME],
  'wrong/stopped-and-frozen.sh': [FREEZER],
  'wrong/stopped-by-tkill.py': [FREEZER],
  'wrong/thawed-at-once.sh': [FROZEN],
  'wrong/timer-stop.c': [FREEZER],
  'wrong/too-short.sh': [FROZEN],
  'wrong/two-groups.sh': [WORKED, SAME],
  'wrong/zombie.py': [FROZEN, STILL, FREEZER, SAME],
}
