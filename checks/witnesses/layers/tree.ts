/**
 * What is in a directory tree, entry by entry, and the contents of its files.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { isOpaque, isWhiteout } from '../../../lib/mount/whiteouts.ts'

/** More entries than this no program of the lab needs, and the judge looks at no more. */
const MOST = 5000
/** How many bytes of a tree are read: of files beyond that their sizes and times tell. */
export const MOST_BYTES = 64_000_000
/** What stands for the contents of a file that is not read. */
export const sizeAlone = (size: number): string => `${size} bytes`

/** One entry of a directory tree. */
export interface Entry {
  readonly kind: 'file' | 'directory' | 'opaque' | 'whiteout' | 'link' | 'other' | 'unseen'
  readonly inode: string
  /** Everything by which a change would show, but for the contents. */
  readonly marks: string
}

/** What is in a tree, by path. */
export type Tree = ReadonlyMap<string, Entry>

/** Whether there may be more in a tree than was looked at. */
export const isCutOff = (tree: Tree): boolean => tree.size >= MOST || [...tree.values()].includes(UNSEEN)

function kindOf(path: string, stat: BigIntStats): Entry['kind'] {
  if (stat.isDirectory()) return isOpaque(path) ? 'opaque' : 'directory'
  if (stat.isSymbolicLink()) return 'link'
  if (stat.isCharacterDevice() || (stat.isFile() && stat.size === 0n)) {
    if (isWhiteout(path, lstatSync(path))) return 'whiteout'
  }
  return stat.isFile() ? 'file' : 'other'
}

/** What is there, and cannot be looked at: its path is too long, or its name is no text. */
const UNSEEN: Entry = { kind: 'unseen', inode: '?', marks: '?' }
const isText = (name: string) => !name.includes('\ufffd')

/** One entry of a tree; `undefined` where it is gone, or is on another file system. */
function entryAt(place: string, device: number): Entry | undefined {
  try {
    const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false })
    if (!stat) return isText(place) ? undefined : UNSEEN
    if (Number(stat.dev) !== device) return undefined
    const { ino, mode, uid, gid, size, mtimeNs, ctimeNs, rdev } = stat
    // The time of a directory's last change tells of what it holds, which is looked at itself.
    const times = stat.isDirectory() ? [] : [size, mtimeNs, ctimeNs]
    const marks = [ino, mode, uid, gid, rdev, ...times].join()
    return { kind: kindOf(place, stat), inode: `${device}:${ino}`, marks }
  } catch {
    // ENAMETOOLONG: directories can be made in one another without end.
    return UNSEEN
  }
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place).sort()
  } catch {
    // ENOENT: it has been removed meanwhile.
    return []
  }
}

/** Everything below a directory that is on its file system; mounts in it are no part of it. */
export function treeOf(top: string): Tree {
  const device = statSync(top).dev
  const found = new Map<string, Entry>()
  const walk = (below: string): void => {
    for (const name of namesIn(`${top}/${below}`)) {
      if (found.size >= MOST) return
      const path = below === '' ? name : `${below}/${name}`
      const entry = entryAt(`${top}/${path}`, device)
      if (!entry) continue
      found.set(path, entry)
      if (entry.kind === 'directory' || entry.kind === 'opaque') walk(path)
    }
  }
  walk('')
  return found
}

/** The contents of a file or link, as a digest; of anything else its kind. `undefined` if it is gone. */
export function contentsOf(top: string, path: string, entry: Entry): string | undefined {
  const place = `${top}/${path}`
  if (entry.kind !== 'file' && entry.kind !== 'link') return entry.kind
  try {
    if (entry.kind === 'link') return `link to ${readlinkSync(place)}`
    const { size } = lstatSync(place)
    return size > MOST_BYTES ? sizeAlone(size) : createHash('sha256').update(readFileSync(place)).digest('hex')
  } catch {
    // It has been removed, or become something else, since it was listed.
    return undefined
  }
}

/** The contents of the files and links of a tree, the smallest first, but for those that are too large to be read with them. */
export function contentsOfAll(top: string, tree: Tree): ReadonlyMap<string, string> {
  const sized = [...tree].flatMap(([path, entry]) => {
    const isRead = entry.kind === 'file' || entry.kind === 'link'
    return isRead ? [{ path, entry, size: lstatSync(`${top}/${path}`, { throwIfNoEntry: false })?.size ?? 0 }] : []
  })
  let left = MOST_BYTES
  const found = new Map<string, string>()
  for (const { path, entry, size } of sized.sort((one, other) => one.size - other.size)) {
    left -= size
    if (left < 0) break
    const contents = contentsOf(top, path, entry)
    if (contents !== undefined) found.set(path, contents)
  }
  return found
}
