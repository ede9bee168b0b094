/**
 * What is in a directory tree, entry by entry, and the contents of its files.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isOpaque, isWhiteout } from '../../../lib/mount/whiteouts.ts'

/** More entries than this no program of the lab needs, and the judge looks at no more. */
const MOST = 5000
/** How many bytes of a tree are read: of files beyond that their sizes and times tell. */
export const MOST_BYTES = 64_000_000
/** What stands for the contents of a file that is not read. */
export const sizeAlone = (size: number): string => `${size} bytes`

/** One entry of a directory tree. */
export interface Entry {
  readonly kind: 'file' | 'directory' | 'opaque' | 'whiteout' | 'link' | 'other'
  readonly inode: string
  /** Everything by which a change would show, but for the contents. */
  readonly marks: string
}

/** What is in a tree, by path. */
export type Tree = ReadonlyMap<string, Entry>

function kindOf(path: string, stat: BigIntStats): Entry['kind'] {
  if (stat.isDirectory()) return isOpaque(path) ? 'opaque' : 'directory'
  if (stat.isSymbolicLink()) return 'link'
  if (stat.isCharacterDevice() || (stat.isFile() && stat.size === 0n)) {
    if (isWhiteout(path, lstatSync(path))) return 'whiteout'
  }
  return stat.isFile() ? 'file' : 'other'
}

/** Everything below a directory that is on its file system; mounts in it are no part of it. */
export function treeOf(top: string): Tree {
  const device = statSync(top).dev
  const found = new Map<string, Entry>()
  const walk = (below: string): void => {
    for (const name of readdirSync(join(top, below)).sort()) {
      if (found.size >= MOST) return
      const path = join(below, name)
      const stat = lstatSync(join(top, path), { bigint: true, throwIfNoEntry: false })
      if (!stat || Number(stat.dev) !== device) continue
      const { ino, mode, uid, gid, size, mtimeNs, ctimeNs, rdev } = stat
      // The time of a directory's last change tells of what it holds, which is looked at itself.
      const times = stat.isDirectory() ? [] : [size, mtimeNs, ctimeNs]
      const marks = [ino, mode, uid, gid, rdev, ...times].join()
      found.set(path, { kind: kindOf(join(top, path), stat), inode: `${device}:${ino}`, marks })
      if (stat.isDirectory()) walk(path)
    }
  }
  walk('')
  return found
}

/** The contents of a file or link, as a digest; a whole kind of entry otherwise. */
export function contentsOf(top: string, path: string, entry: Entry): string {
  const place = join(top, path)
  if (entry.kind === 'link') return `link to ${readlinkSync(place)}`
  if (entry.kind !== 'file') return entry.kind
  const { size } = lstatSync(place)
  return size > MOST_BYTES ? sizeAlone(size) : createHash('sha256').update(readFileSync(place)).digest('hex')
}

/** The contents of the files and links of a tree, as many as are read. */
export function contentsOfAll(top: string, tree: Tree): ReadonlyMap<string, string> {
  let left = MOST_BYTES
  const found = new Map<string, string>()
  for (const [path, entry] of tree) {
    if (entry.kind !== 'file' && entry.kind !== 'link') continue
    left -= lstatSync(join(top, path)).size
    if (left > 0) found.set(path, contentsOf(top, path, entry))
  }
  return found
}
