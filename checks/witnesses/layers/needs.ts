/**
 * What the witness of layers needs of a sandbox, and of the machine.
 */
import { CannotRun } from '../../../lib/errors.ts'
import { ensureRootfs } from '../../../lib/mount/rootfs.ts'
import { whyNoOverlay } from '../../../lib/rights/overlay-trial.ts'
import { FILE_CALLS, type StoppedCall } from '../../../lib/trace/seccomp.ts'

/** Calls about mounts at which a program stops. */
const MOUNTING: readonly StoppedCall[] = ['mount', 'move_mount', 'umount2', 'pivot_root', 'chroot']
const CALLS: readonly StoppedCall[] = [...(Object.keys(FILE_CALLS) as StoppedCall[]), ...MOUNTING]

/** @throws CannotRun on a machine whose user namespaces have no overlay */
export function needs() {
  const { seen, cause, remedy } = whyNoOverlay(true) ?? {}
  if (cause !== undefined)
    throw new CannotRun(
      `a program in the sandbox is root of a user namespace alone, and has no overlay: ${seen}: ${cause}` +
        (remedy === undefined ? '' : `\nhint: ${remedy}`),
    )
  return { rootfs: ensureRootfs(), calls: CALLS }
}
