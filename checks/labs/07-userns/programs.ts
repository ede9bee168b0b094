/**
 * The programs on which the checker of lab 7 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [OWN, MAP, FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/bound-elsewhere.py': [],
  'right/bubblewrap.sh': [],
  'right/capsh.sh': [],
  'right/clone3.c': [],
  'right/entered.py': [],
  'right/many-namespaces.py': [],
  'right/newuidmap.sh': [],
  'right/one-deeper.sh': [],
  'right/own-words.ts': [],
  'right/userns.py': [],
  'right/userns.sh': [],
  'wrong/also-root.py': [MAP, REFUSED],
  'wrong/bounding-kept.py': [LESS, EXECVE],
  'wrong/bounding-only.py': [LESS, EXECVE],
  'wrong/decoy.py': [FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID],
  'wrong/descends-less.py': [LESS, EXECVE],
  'wrong/effective-only.py': [LESS, EXECVE],
  'wrong/execve-as-user.py': [EXECVE],
  'wrong/file-from-outside.py': [FILE],
  'wrong/forged-refusals.py': [REFUSED],
  'wrong/gives-to-itself.py': [MAY],
  'wrong/group-kept.py': [MAP],
  'wrong/hidden-file.py': [FILE],
  'wrong/inheritable-kept.py': [LESS, EXECVE],
  'wrong/late-no-new-privs.py': [SET_USER_ID],
  'wrong/left-behind.sh': [LEFT],
  'wrong/map-afterwards.py': [FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID],
  'wrong/name-of-outside.py': [MAY],
  'wrong/never-mapped.py': [MAP, FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID],
  'wrong/no-execve.py': [EXECVE],
  'wrong/no-mount.py': [MAY],
  'wrong/nosuid.py': [SET_USER_ID],
  'wrong/one-user.py': [MAP, MAY, SET_USER_ID],
  'wrong/other-program.py': [SET_USER_ID],
  'wrong/outer-program.py': [SET_USER_ID],
  'wrong/owner-runs.py': [SET_USER_ID],
  'wrong/own-files.py': [REFUSED],
  'wrong/own-limit.py': [REFUSED],
  'wrong/powerless.py': [REFUSED],
  'wrong/prints-only.sh': [OWN, MAP, FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID],
  'wrong/program-itself.py': [OWN],
  'wrong/renamed-file.py': [FILE],
  'wrong/root-outside.py': [MAP, REFUSED],
  'wrong/saved-user-kept.py': [MAP],
  'wrong/still-nobody.py': [MAP, FILE, MAY, REFUSED, LESS, EXECVE, SET_USER_ID],
  'wrong/whiteout-device.py': [REFUSED],
  'wrong/wrong-user.py': [MAP],
}
