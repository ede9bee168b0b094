/**
 * The programs on which the checker of lab 5 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [GROUP, LIMIT, COUNTER, LOG, SIGNAL, PEAK, ALONE] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/oom.c': [],
  'right/oom.py': [],
  'right/oom.sh': [],
  'right/cgroup-tools.sh': [],
  'right/helper-is-told.sh': [],
  'right/probe-first.sh': [],
  'right/nested-group.sh': [],
  'right/own-mount.sh': [],
  'right/parent-was-in.sh': [],
  'right/narrowed-first.sh': [],
  'right/helpers-end.sh': [],
  'right/in-a-namespace.sh': [],
  'right/threads.py': [],
  'right/born-inside.c': [],
  'right/lifted-afterwards.sh': [],
  'right/used-afterwards.py': [],
  'right/kills-to-be-sure.py': [],
  'right/spawned-helpers.py': [],
  'right/own-words.ts': [],
  'wrong/bystander.sh': [GROUP],
  'wrong/forged-log.py': [COUNTER, LOG, SIGNAL, PEAK],
  'wrong/killed-by-parent.py': [COUNTER, LOG, SIGNAL, PEAK],
  'wrong/late-limit.py': [LIMIT],
  'wrong/left-behind.sh': [LEFT],
  'wrong/limit-above.sh': [LIMIT, LOG, PEAK],
  'wrong/lowered-meanwhile.sh': [LIMIT],
  'wrong/renamed.py': [GROUP],
  'wrong/lowered-late.py': [LIMIT],
  'wrong/mebibytes.sh': [LIMIT],
  'wrong/nobody-inside.sh': [GROUP, COUNTER, LOG, SIGNAL, PEAK],
  'wrong/parent-joins.sh': [GROUP],
  'wrong/prints-only.sh': [GROUP, LIMIT, COUNTER, LOG, SIGNAL, PEAK],
  'wrong/raised-limit.py': [LIMIT],
  'wrong/rlimit.py': [LIMIT, COUNTER, LOG, SIGNAL, PEAK],
  'wrong/second-group.sh': [ALONE],
  'wrong/stops-short.py': [COUNTER, LOG, SIGNAL, PEAK],
  'wrong/ten-times.sh': [LIMIT],
  'wrong/twice.sh': [COUNTER, ALONE],
  'wrong/two-victims.sh': [GROUP, COUNTER, ALONE],
  'wrong/below-it.sh': [GROUP],
  'wrong/two-writers.c': [LIMIT],
  'wrong/shared-memory.c': [ALONE],
  'wrong/loosened.sh': [LIMIT],
  'right/first-thread-gone.py': [],
}
