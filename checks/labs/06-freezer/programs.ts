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
  'right/cgroup-tools.sh': [],
  'right/freezer.c': [],
  'right/freezer.py': [],
  'right/freezer.sh': [],
  'right/freezes-itself.py': [],
  'right/frozen-again.sh': [],
  'right/half-a-second.py': [],
  'right/in-turn.py': [],
  'right/outer-group.sh': [],
  'right/shell-loop.sh': [],
  'right/spins.sh': [],
  'right/ten-a-second.sh': [],
  'right/threads.py': [],
  'right/timer.c': [],
  'right/three-together.sh': [],
  'right/stopped-before.py': [],
  'right/parent-was-in.py': [],
  'wrong/answers-sigcont.sh': [WORKED, SAME],
  'wrong/answers-signals.sh': [WORKED, SAME],
  'wrong/empty-group.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
  'wrong/few-wakes-after.sh': [SAME],
  'wrong/four-a-second.sh': [WORKED, SAME],
  'wrong/idle.sh': [WORKED, SAME],
  'wrong/killed-at-thaw.sh': [SAME],
  'wrong/killed-soon.sh': [SAME],
  'wrong/left-behind.sh': [LEFT],
  'wrong/left-frozen.sh': [SAME, LEFT],
  'wrong/moved-out.sh': [FROZEN, SAME],
  'wrong/never-thawed.sh': [SAME],
  'wrong/no-work-before.sh': [WORKED],
  'wrong/one-thread.py': [WORKED, SAME],
  'wrong/prints-only.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
  'wrong/replaced.sh': [SAME],
  'wrong/sleeps-by-itself.py': [FROZEN, STILL, FREEZER, SAME],
  'wrong/slept-before.sh': [WORKED],
  'wrong/stop-signal.sh': [FROZEN, STILL, FREEZER, SAME],
  'wrong/stopped-and-frozen.sh': [FREEZER],
  'wrong/stopped-by-tkill.py': [FREEZER],
  'wrong/takes-signals.sh': [WORKED, SAME],
  'wrong/thawed-at-once.sh': [FROZEN],
  'wrong/ticked-once.sh': [WORKED, SAME],
  'wrong/timer-stop.c': [FREEZER],
  'wrong/too-short.sh': [FROZEN],
  'wrong/two-groups.sh': [WORKED, SAME],
  'wrong/two-short.sh': [FROZEN],
  'wrong/worker-outside.sh': [WORKED, SAME],
  'wrong/zombie.py': [FROZEN, STILL, FREEZER, SAME],
  'wrong/group-stopped.sh': [FREEZER],
  'right/fed-by-pipe.sh': [],
  'wrong/busy-judge.sh': [WORKED, SAME],
  'wrong/leaves-at-thaw.sh': [SAME],
}
