/**
 * The programs on which the checker of lab 8 is tried, and for each wrong one the claims that must refuse it.
 */
import { EVERY_LAB } from '../claim.ts'
import { titlesOf } from '../exercise.ts'
import type { ProgramTable } from '../programs.ts'
import { checker } from './claims.ts'

const [IMAGE, ROOT, CHANGES, OPAQUE, BELOW, SECOND, PIVOT, ESCAPE, VOLUMES, PROPAGATION] = titlesOf(checker)
const [, , LEFT] = titlesOf(EVERY_LAB)
const ALL = [IMAGE, ROOT, CHANGES, OPAQUE, BELOW, SECOND, PIVOT, ESCAPE, VOLUMES, PROPAGATION]

export const programs: ProgramTable = {
  'right/bubblewrap.sh': [],
  'right/killed-later.sh': [],
  'right/layers.c': [],
  'right/layers.py': [],
  'right/layers.sh': [],
  'right/on-this-side.sh': [],
  'right/own-hosts.sh': [],
  'right/own-layers-by-hand.sh': [],
  'right/parked-root.sh': [],
  'right/user-namespace.sh': [],
  'right/volume-of-a-file.sh': [],
  'wrong/all-private.sh': [PROPAGATION],
  'wrong/all-shared.sh': [PROPAGATION],
  'wrong/bound-notes.sh': [SECOND],
  'wrong/changes-below-late.sh': [BELOW, SECOND],
  'wrong/changes-directory.sh': [ESCAPE],
  'wrong/chroot.sh': [PIVOT, ESCAPE],
  'wrong/copied-tree.sh': ALL,
  'wrong/decoy.sh': [PIVOT],
  'wrong/deep-below.sh': [BELOW],
  'wrong/from-outside.sh': [CHANGES, OPAQUE, SECOND],
  'wrong/hidden-lower.sh': [BELOW],
  'wrong/holds-namespace.sh': [PIVOT],
  'wrong/idle-overlay.sh': [ROOT, CHANGES, OPAQUE, BELOW, SECOND, PIVOT, ESCAPE, VOLUMES, PROPAGATION],
  'wrong/init-outside.sh': [PIVOT],
  'wrong/large-layer.sh': [BELOW],
  'wrong/left-mounted.sh': [LEFT],
  'wrong/maps-below.sh': [BELOW],
  'wrong/many-ends.sh': [PIVOT],
  'wrong/mknod-whiteout.sh': [CHANGES],
  'wrong/no-escape.sh': [ESCAPE],
  'wrong/no-pid.sh': [PIVOT],
  'wrong/not-from-outside.sh': [VOLUMES],
  'wrong/not-opaque.sh': [OPAQUE],
  'wrong/nsenter.sh': [PIVOT],
  'wrong/old-root-bound.sh': [PIVOT],
  'wrong/old-root-left.sh': [PIVOT],
  'wrong/one-layer.sh': [IMAGE, ROOT],
  'wrong/one-upper.sh': [SECOND],
  'wrong/only-touches.sh': [CHANGES],
  'wrong/open-directory.sh': [PIVOT],
  'wrong/outer-proc.sh': [PIVOT],
  'wrong/prints-only.sh': ALL,
  'wrong/removes-nothing.sh': [IMAGE],
  'wrong/root-left.sh': [PIVOT],
  'wrong/root-moved.sh': [PIVOT],
  'wrong/second-elsewhere.sh': [SECOND],
  'wrong/second-too-early.sh': [SECOND],
  'wrong/slave-of-none.sh': [PROPAGATION],
  'wrong/taken-off-late.sh': [PIVOT],
  'wrong/thread-outside.py': [PIVOT],
  'wrong/through-a-volume.sh': [PIVOT],
  'wrong/volume-in-overlay.sh': [VOLUMES],
  'wrong/walks-not-far.sh': [ESCAPE],
  'wrong/writable.sh': [VOLUMES],
  'wrong/writes-below.sh': [BELOW],
  'wrong/writes-upper.sh': [CHANGES, OPAQUE, SECOND],
  'wrong/wrong-order.sh': [IMAGE],
}
