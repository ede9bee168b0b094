/**
 * The marks by which an upper directory of overlay says what is no longer there: whiteouts and opaque directories.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { SyscallError } from '../errors.ts'
import { knowsFewUsers } from '../machine/self.ts'
import { mknod } from './device-nodes.ts'
import { getXattr, setXattr } from './xattr.ts'

const S_IFCHR = 0o020000
/** Where overlay keeps its notes: with the option `userxattr` in the second. */
const NAMESPACES = ['trusted.overlay.', 'user.overlay.'] as const

/** Where an overlay that the calling process mounts keeps its notes: only root of the machine may write `trusted` ones. */
export const notesPrefix = (): string => NAMESPACES[knowsFewUsers() ? 1 : 0]

const hasNote = (path: string, note: string) => NAMESPACES.some(prefix => getXattr(path, prefix + note) !== undefined)

/**
 * Whether an entry of an upper directory or layer is a whiteout, which hides the entry of that name in the layers below: a
 * character device 0,0, or an empty file with the note `overlay.whiteout` (Linux 6.7, of layers for overlays in overlays).
 * @param stat of that path, by lstat(2)
 */
export function isWhiteout(path: string, stat: Stats = lstatSync(path)): boolean {
  if (stat.isCharacterDevice()) return stat.rdev === 0
  return stat.isFile() && stat.size === 0 && hasNote(path, 'whiteout')
}

/** Whether a directory of an upper directory or layer is opaque: of that name nothing of the layers below is seen. */
export const isOpaque = (path: string): boolean =>
  NAMESPACES.some(prefix => getXattr(path, `${prefix}opaque`)?.toString() === 'y')

/**
 * Makes a whiteout, in a layer that is not mounted just now.
 * @throws SyscallError EPERM (in a user namespace before Linux 5.8), EEXIST
 */
export const makeWhiteout = (path: string): void => mknod(path, S_IFCHR, 0)

/**
 * Makes a directory of a layer opaque, which is not mounted just now.
 * @throws SyscallError EOPNOTSUPP: its file system has no such attributes (tmpfs without root, before Linux 6.6)
 */
export const makeOpaque = (directory: string): void => setXattr(directory, `${notesPrefix()}opaque`, 'y')

/**
 * Whether overlay can keep its notes in a directory. Without them no directory can be opaque: whoever removes one of a
 * layer below and makes it again gets EIO.
 * @param directory is tried by writing one, which stays there and which overlay does not heed
 * @throws SyscallError EROFS, EACCES
 */
export function keepsNotes(directory: string): boolean {
  try {
    setXattr(directory, `${notesPrefix()}try`, 'y')
    return true
  } catch (error) {
    if (error instanceof SyscallError && ['EOPNOTSUPP', 'EPERM'].includes(error.code)) return false
    throw error
  }
}

/** One entry of a layer. */
export interface LayerEntry {
  /** Its path in the layer, without a leading slash. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'opaque directory' | 'link' | 'whiteout' | 'other'
  readonly stat: Stats
}

function kindOf(path: string, stat: Stats): LayerEntry['kind'] {
  if (isWhiteout(path, stat)) return 'whiteout'
  if (stat.isDirectory()) return isOpaque(path) ? 'opaque directory' : 'directory'
  if (stat.isSymbolicLink()) return 'link'
  return stat.isFile() ? 'file' : 'other'
}

const byName = (one: Dirent, other: Dirent) => (one.name < other.name ? -1 : 1)

/**
 * All that is in a layer or in an upper directory, each directory before what is in it, by name. No link is followed.
 * @param directory its top, which is not itself among the entries
 * @throws Error ENOENT, EACCES of node:fs
 */
export function layerEntries(directory: string, below = ''): LayerEntry[] {
  const names = readdirSync(join(directory, below), { withFileTypes: true }).sort(byName)
  return names.flatMap(({ name }) => {
    const path = join(below, name)
    const stat = lstatSync(join(directory, path))
    const entry: LayerEntry = { path, kind: kindOf(join(directory, path), stat), stat }
    return stat.isDirectory() ? [entry, ...layerEntries(directory, path)] : [entry]
  })
}
