/**
 * Overlay mounts: directories that lie over one another and look like one. See the page on overlayfs in the kernel's
 * documentation.
 */
import { mkdirSync, statfsSync } from 'node:fs'
import { CannotRun, SyscallError } from '../errors.ts'
import { kernelIsAtLeast } from '../machine/kernel-version.ts'
import { knowsFewUsers } from '../machine/self.ts'
import { mount } from './mount.ts'

/** The number by which statfs(2) names overlay, `<linux/magic.h>`. */
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630

/** What an overlay is made of. */
export interface Overlay {
  /** The directories that are only read, the uppermost first. They must not change while the overlay is mounted. */
  readonly lower: readonly string[]
  /** The directory to which is written. Of two overlays each needs its own. */
  readonly upper: string
  /** An empty directory on the file system of `upper`, in which the kernel prepares what it moves there. */
  readonly work: string
}

/** A path as the options of overlay take it: `,` ends an option, `:` a lower directory. */
const quoted = (path: string) => path.replace(/[\\:,]/g, character => `\\${character}`)

/** The options of an overlay, as mount(2) takes them. In a user namespace its notes are `user` attributes. */
export function overlayOptions({ lower, upper, work }: Overlay, isOfUser = knowsFewUsers()): string {
  const layers = `lowerdir=${lower.map(quoted).join(':')},upperdir=${quoted(upper)},workdir=${quoted(work)}`
  return isOfUser ? `${layers},userxattr` : layers
}

/** What a machine can lack for any overlay: the file system, and before Linux 5.11 that for a user namespace. */
export const OVERLAY_LACKS = {
  fileSystem: {
    cause: 'this kernel has no overlay file system',
    remedy: 'sudo modprobe overlay, or boot a kernel that has it',
  },
  inUserNamespace: {
    cause: 'overlay in a user namespace came with Linux 5.11',
    remedy: 'run the lab with sudo, or run and check it in npm run vm',
  },
} as const

const liesOnOverlay = (path: string) => statfsSync(path).type === OVERLAYFS_SUPER_MAGIC

/** What the kernel does not say of a failure: it answers EINVAL to most, and tells only its log why. */
function whyNot(error: SyscallError, { lower, upper }: Overlay): Error {
  const lack = (reason: string, remedy: string) =>
    new CannotRun(`${error.message.split('\n')[0]}\n${reason}\nhint: ${remedy}`)
  const known = (what: keyof typeof OVERLAY_LACKS) => lack(OVERLAY_LACKS[what].cause, OVERLAY_LACKS[what].remedy)
  if (error.code === 'ENODEV') return known('fileSystem')
  if (['EPERM', 'EINVAL'].includes(error.code) && knowsFewUsers() && !kernelIsAtLeast(5, 11))
    return known('inUserNamespace')
  if (error.code !== 'EINVAL') return error
  if (liesOnOverlay(upper))
    return lack(
      `the upper directory ${upper} lies on an overlay itself, as all of a container does`,
      'put it on another file system: a volume, or a tmpfs (mount -t tmpfs …)',
    )
  if (lower.some(liesOnOverlay))
    return lack(
      'a lower directory lies on an overlay of overlays',
      'the kernel stacks two and no more: copy that layer',
    )
  return lack(
    'the kernel refuses these directories; its log (dmesg) says why',
    'the upper and the work directory belong on one file system of the machine (ext4, xfs, tmpfs), the latter empty',
  )
}

/**
 * Mounts an overlay in the calling process's mount namespace: what is read comes from the uppermost directory that has it,
 * what is written goes to the upper one.
 * @param overlay its upper and its work directory are made where they are missing
 * @param target `const char *target`, a directory, which is made where it is missing
 * @returns the target
 * @throws CannotRun where the kernel has none, not for this user, or not on these directories; SyscallError ENOENT, EPERM;
 *   Error EACCES, ENOSPC of node:fs where a directory cannot be made
 * @see mount(2)
 */
export function mountOverlay(overlay: Overlay, target: string): string {
  for (const directory of [overlay.upper, overlay.work, target]) mkdirSync(directory, { recursive: true })
  try {
    mount('overlay', target, 'overlay', 0, overlayOptions(overlay))
  } catch (error) {
    throw error instanceof SyscallError ? whyNot(error, overlay) : error
  }
  return target
}
