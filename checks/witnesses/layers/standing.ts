/**
 * How somebody stands in their mount namespace: whether its root is theirs, and what leads from them to the old one.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { type Mount, mounts } from '../../../lib/mount/mount.ts'
import { namespaces } from '../../../lib/namespaces.ts'
import { O_PATH } from '../../../lib/trace/open-inside.ts'
import { procOf } from '../shell/spot.ts'
import { mountOf } from './place.ts'

/** A directory as the kernel knows it: by device, inode and mount. */
interface Spot {
  readonly id: string
  readonly device: number
  readonly mount: number
}

/** @throws Error ENOENT if the process is gone */
export function spotOf(path: string): Spot {
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY)
  try {
    const { dev, ino } = fstatSync(fd)
    return { id: `${dev}:${ino}`, device: dev, mount: mountOf('self', fd) }
  } finally {
    closeSync(fd)
  }
}

/** The old root of a mount namespace: the file system and the directory of it that was mounted as `/`. */
export type OldRoot = Pick<Mount, 'device' | 'root'>

/** Mounts that show the old root as a whole, under another name. */
const shows =
  ({ device, root }: OldRoot) =>
  (mount: Mount) =>
    mount.device === device && mount.root === root

/** Descriptors of directories that lie in no mount of the namespace: their `..` leads up in the old root. */
function strayDescriptors(tid: number, view: readonly Mount[]): number[] {
  const known = new Set(view.map(({ id }) => id))
  const isDirectory = (fd: number) => statSync(`/proc/${tid}/fd/${fd}`, { throwIfNoEntry: false })?.isDirectory()
  return readdirSync(`/proc/${tid}/fd`)
    .map(Number)
    .filter(fd => isDirectory(fd) && !known.has(mountOf(tid, fd)))
}

/**
 * What leads from a process to the old root.
 * @param view all mounts of its mount namespace
 * @param oldRoots what was `/` there before
 * @param outer the PID namespace that it must not see
 * @param layers the directories by which its layers can be reached, by device and inode
 * @throws Error ENOENT if it is gone
 */
export function waysOut(
  tid: number,
  view: readonly Mount[],
  oldRoots: readonly OldRoot[],
  outer: number,
  layers: ReadonlySet<string>,
): string[] {
  const old = view.filter(mount => oldRoots.some(root => shows(root)(mount)))
  const own = namespaces(tid).pid
  const proc = procOf(tid, own)
  const hasProc = view.some(({ type }) => type === 'proc')
  const open = mounts(tid)
    .filter(({ type, target }) => type !== 'proc' && target !== '/')
    .filter(({ target }) => {
      const found = statSync(`/proc/${tid}/root${target}`, { throwIfNoEntry: false })
      return found !== undefined && layers.has(`${found.dev}:${found.ino}`)
    })
  return [
    ...old.map(({ target }) =>
      target === '/'
        ? 'the old root is still mounted, over the new one'
        : `the old root is still mounted, at ${target}`,
    ),
    ...open.map(({ target }) => `its own layers are open to it, at ${target}`),
    ...(own === outer
      ? ['it is in the PID namespace of those outside, and /proc/PID/root of each of them is the old root']
      : []),
    ...(hasProc && proc === 'foreign'
      ? ['its /proc shows those outside, and /proc/PID/root of each of them is the old root']
      : []),
    ...(view.some(({ id }) => id === spotOf(`/proc/${tid}/cwd`).mount)
      ? []
      : [`its working directory is ${readlinkSync(`/proc/${tid}/cwd`)}, in the old root`]),
    ...strayDescriptors(tid, view).map(
      fd => `its descriptor ${fd} is ${readlinkSync(`/proc/${tid}/fd/${fd}`)}, a directory of the old root`,
    ),
  ]
}
