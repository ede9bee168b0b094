/**
 * The programs on which the checker of lab 4 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [NAMESPACES, ROOT, NAME, PROC, ENDS, TYPED, VISIBLE] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)

export const programs: ProgramTable = {
  'right/asks-first.sh': [],
  'right/bound-root.sh': [],
  'right/bubblewrap.sh': [],
  'right/codes-meanwhile.sh': [],
  'right/crun.sh': [],
  'right/controlling-terminal.sh': [],
  'right/enters-late.sh': [],
  'right/inner-terminal.py': [],
  'right/late-shell.sh': [],
  'right/masked-proc.sh': [],
  'right/mount-fails-first.sh': [],
  'right/newns.c': [],
  'right/newns.py': [],
  'right/newns.sh': [],
  'right/one-deeper.sh': [],
  'right/own-terminal.py': [],
  'right/pivot-root.c': [],
  'wrong/changed-shell.sh': [TYPED],
  'wrong/chrooted-child.sh': [ROOT, TYPED],
  'wrong/copied-root.sh': [ROOT],
  'wrong/covered-proc.sh': [PROC],
  'wrong/decoy.sh': [TYPED],
  'wrong/early-proc.sh': [PROC],
  'wrong/ends-at-once.sh': [TYPED],
  'wrong/every-code.sh': [TYPED],
  'wrong/fake-proc.sh': [PROC],
  'wrong/forwarded-lines.sh': [TYPED],
  'wrong/half-proc.sh': [PROC],
  'wrong/inside-without-address.sh': [ENDS],
  'wrong/left-behind.sh': [LEFT],
  'wrong/name-outside-too.sh': [VISIBLE],
  'wrong/no-chdir.sh': [ROOT],
  'wrong/no-chroot.sh': [ROOT],
  'wrong/no-ipc.sh': [NAMESPACES],
  'wrong/no-mount-namespace.sh': [NAMESPACES, VISIBLE],
  'wrong/no-name.sh': [NAME],
  'wrong/no-net.sh': [NAMESPACES, ENDS],
  'wrong/no-pid.sh': [NAMESPACES],
  'wrong/no-proc.sh': [PROC],
  'wrong/no-shell.py': [TYPED],
  'wrong/no-uts.sh': [NAMESPACES, VISIBLE],
  'wrong/on-loopback.sh': [ENDS],
  'wrong/outer-proc.sh': [PROC],
  'wrong/outside-down.sh': [ENDS],
  'wrong/own-shell.sh': [TYPED],
  'wrong/parses-sums.sh': [TYPED],
  'wrong/prints-only.sh': [NAMESPACES, ROOT, NAME, PROC, ENDS, TYPED, VISIBLE],
  'wrong/proc-over-proc.sh': [VISIBLE],
  'wrong/puppet.sh': [TYPED],
  'wrong/reader-outside.sh': [TYPED],
  'wrong/shared-mounts.sh': [VISIBLE],
  'wrong/shell-per-line.sh': [TYPED],
  'wrong/swallowed.sh': [TYPED],
  'wrong/tries-codes.sh': [TYPED],
  'wrong/two-pairs.sh': [ENDS],
}
