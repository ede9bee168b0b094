/**
 * The programs on which the checker of lab 1 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [FORKED, MEMORY, FILES, DIRECTORY] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/fork-vs-clone.c': [],
  'right/fork_vs_clone.py': [],
  'right/late-thread.c': [],
  'right/together.c': [],
  'right/vfork-and-clone3.c': [],
  'right/grandchildren.c': [],
  'right/a-thread-each.c': [],
  'right/stopped-first.c': [],
  'right/in-namespaces.c': [],
  'right/leader-ended.c': [],
  'right/no-signal.c': [],
  'right/own-words.ts': [],
  'right/wrapped.sh': [],
  'right/creator-gone.c': [],
  'right/thread-of-its-own.c': [],
  'right/told-by-a-signal.c': [],
  'right/number-used-again.c': [],
  'right/other-thread-moves.c': [],
  'right/closes-all.c': [],
  'wrong/prints-only.sh': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/threads.c': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/four-forks.py': [MEMORY, FILES, DIRECTORY],
  'wrong/parent-acts.py': [FILES, DIRECTORY],
  'wrong/files-left-open.py': [FILES],
  'wrong/own-descriptor.py': [FILES],
  'wrong/stays-put.py': [DIRECTORY],
  'wrong/vfork-exec.py': [MEMORY],
  'wrong/memory-shares-all.py': [MEMORY],
  'wrong/memory-always-shared.py': [FILES, DIRECTORY],
  'wrong/directory-removed.py': [DIRECTORY],
  'wrong/parent-moves-too.py': [FORKED],
  'wrong/not-waited.py': [FORKED],
  'wrong/unshared-later.c': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/forged-report.c': [FORKED, MEMORY, FILES, DIRECTORY, LEFT],
  'wrong/empty-name.c': [FORKED, DIRECTORY],
  'wrong/late-daemon.c': [FORKED, MEMORY, FILES, DIRECTORY, LEFT],
  'wrong/breaks-xml.sh': [FORKED, MEMORY, FILES, DIRECTORY, LEFT],
  'wrong/left-behind.sh': [LEFT],
  'wrong/shares-undo.c': [FORKED],
  'wrong/parent-replaces.c': [FORKED],
  'wrong/wrapped-parent.sh': [FORKED],
  'wrong/opened-once.c': [DIRECTORY],
  'wrong/only-pipes.c': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/runs-itself.c': [FORKED, DIRECTORY],
  'wrong/orphans.c': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/grandchild-acts.c': [MEMORY, FILES, DIRECTORY],
  'wrong/number-reused.c': [FORKED, MEMORY, FILES, DIRECTORY],
  'wrong/parent-enters.c': [FORKED],
  'wrong/unshares-between.c': [FORKED, FILES],
  'wrong/opened-again.c': [FORKED],
  'wrong/pivots.c': [FORKED],
}
