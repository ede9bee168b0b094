/**
 * For tests that judge many programs: a view of the machine in which nobody else mounts anything or adds an interface.
 */
import { CLONE_NEWNET, CLONE_NEWNS } from '../../lib/flags.ts'
import * as M from '../../lib/mount/mount.ts'
import { unshare } from '../../lib/namespaces.ts'

/**
 * Gives the calling process, and all that it starts from now on, a mount and a network namespace of their own: what
 * others change on the machine meanwhile does not reach them, and so leaves no claim about the machine without a verdict.
 * Without root, or where that is refused, nothing happens: then a check needs namespaces of its own anyway.
 */
export function takeOwnView(): void {
  if (process.getuid?.() !== 0) return
  try {
    unshare(CLONE_NEWNS | CLONE_NEWNET)
  } catch {
    // EPERM: root in a container without the right to make any.
    return
  }
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
}
