/**
 * What one container sees of what another one on the same layers has changed.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, readFileSync } from 'node:fs'
import {
  O_PATH,
  openFrom,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../../../lib/trace/open-inside.ts'
import type { KnownOverlay } from './overlay.ts'
import type { Change, Comparison } from './record.ts'
import { MOST_BYTES, sizeAlone } from './tree.ts'

/** No link is followed. */
const OWN = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS

/**
 * The contents of a file in the root of a process; `undefined` where there is none.
 * @param resolve flags of openat2(2)
 * @throws Error EXDEV with RESOLVE_NO_XDEV, where something is mounted at the path or above it
 */
function contentsIn(tid: number, path: string, resolve: number): string | undefined {
  let fd = -1
  try {
    fd = openFrom(`/proc/${tid}/root`, path, O_PATH | constants.O_NOFOLLOW, resolve)
    const stat = fstatSync(fd)
    if (!stat.isFile()) return 'no file'
    // The program can make it as large as it likes, of nothing but a hole.
    if (stat.size > MOST_BYTES) return sizeAlone(stat.size)
    return createHash('sha256')
      .update(readFileSync(`/proc/self/fd/${fd}`))
      .digest('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') throw error
    return undefined
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

/** Whether a change of one overlay is seen by a process on another one. */
function isSeen(tid: number, other: KnownOverlay, { kind, path }: Change): boolean {
  // Of a layer that is too large to be read whole it is not known what this was.
  const below = other.below(path)?.layer.contents.get(path)
  try {
    const here = contentsIn(tid, path, OWN | RESOLVE_NO_XDEV)
    if (kind === 'added') return here !== undefined
    if (kind === 'removed') return here === undefined
    return below !== undefined && here !== below
  } catch {
    // Something is mounted over it: that is no layer, but it may be the very thing that the other one has written.
    const here = kind === 'removed' ? undefined : contentsIn(tid, path, OWN)
    return here !== undefined && here !== below && here === other.upperContents(path)
  }
}

/**
 * Of some changes in another container those that are seen in this one, too.
 * @param tid a process whose root is an overlay
 * @param other the overlay of the changes
 */
const seenOf = (tid: number, other: KnownOverlay, changes: readonly Change[]): string[] =>
  changes.filter(change => isSeen(tid, other, change)).map(({ path }) => path)

/** What one container sees of another: how many changes it was asked about, and which of them it sees. */
type Compared = Omit<Comparison, 'order' | 'pid' | 'overlay'>

/**
 * What a container sees of all others on the same layers.
 * @param place that of its own overlay
 * @param changes of all containers
 */
export function compare(
  tid: number,
  overlays: readonly KnownOverlay[],
  place: number,
  changes: readonly Change[],
): Compared[] {
  const own = changes.filter(({ overlay }) => overlay === place).map(({ path }) => path)
  return overlays.flatMap((overlay, other) => {
    if (other === place || !overlays[place]?.hasLayersOf(overlay)) return []
    const all = changes.filter(each => each.overlay === other && each.kind !== 'opaque' && !own.includes(each.path))
    // Somebody may change the same file again and again.
    const asked = [...new Map(all.map(each => [`${each.kind} ${each.path}`, each])).values()]
    return asked.length === 0 ? [] : [{ other, asked: asked.length, sees: seenOf(tid, overlay, asked) }]
  })
}
