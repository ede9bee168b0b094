/**
 * What the witness of layers records. Overlays are named by their place in the list.
 */
import type { Propagation } from '../../../lib/mount/propagation.ts'

/** How a process stands in its mount namespace at one moment. */
export interface Standing {
  readonly pid: number
  readonly order: number
  /** The overlay that its root directory lies on; `undefined` where that is something else. */
  readonly overlay: number | undefined
  /** Its root directory, as a path of its mount namespace. */
  readonly rootPath: string
  /** Whether its root lies on the mount that is the root of its whole mount namespace: nothing is above that. */
  readonly isBelowTop: boolean
  /** Whether its root is the top of the overlay, and not a directory in there. */
  readonly isTop: boolean
  /** Whether a root of this mount namespace has been exchanged by pivot_root(2). */
  readonly hasPivoted: boolean
  /** Whether it is in a mount namespace and in a PID namespace that are not those it was started from. */
  readonly isApart: boolean
  /** What leads from it to the old root, in words. */
  readonly waysOut: readonly string[]
}

/** Something that a call in a container has done to the upper layer of its overlay. */
export interface Change {
  readonly order: number
  readonly pid: number
  readonly overlay: number
  /** `copied`: a file of a layer below is in the upper one as well. */
  readonly kind: 'copied' | 'added' | 'removed' | 'opaque'
  /** Its path in the container, without a leading slash. */
  readonly path: string
  /** Of one that was copied: whether its contents have become other than those below. */
  differs: boolean
  readonly standing: Standing | undefined
}

/** What the layers of one overlay hold when it is mounted. */
export interface Image {
  /** The regular files and links of `./fs` that the lowest layer lacks or has otherwise. */
  readonly lacks: readonly string[]
  /** What the layers above it change, add and remove, by path. */
  readonly changed: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** One overlay. */
export interface OverlayRecord {
  readonly order: number
  /** Where it was mounted, as it was written. */
  readonly target: string
  /** Its lower directories, the uppermost first, and the upper one, by device and inode; missing where not found. */
  readonly lower: readonly (string | undefined)[]
  readonly upper: string | undefined
  readonly image: Image | undefined
  /** The lower directories that hold more than is looked at, as they were written. */
  readonly tooLarge: readonly string[]
  /** What in a lower directory was found changed while a container was at work, `etc/hosts of the layer small`. */
  readonly spoilt: readonly string[]
  /** What came into the upper directory, but by no call in a container on this overlay. */
  readonly strange: readonly string[]
}

/** A look at one overlay from a container on it, and at what another one on the same layers has changed. */
export interface Comparison {
  readonly order: number
  readonly pid: number
  readonly overlay: number
  readonly other: number
  /** How many changes of the other it was asked about. */
  readonly asked: number
  /** Of those the paths that this container sees as well. */
  readonly sees: readonly string[]
}

/** Somebody in a container whose working directory lay outside of their root changed their root once more. */
export interface Escape {
  readonly order: number
  readonly pid: number
  readonly overlay: number
  /** Where they came out: at the root of their container, at something else below it, or outside of it. */
  readonly to: 'own root' | 'below' | 'outside'
  readonly path: string
  readonly standing: Standing | undefined
}

/** Somebody in a container wrote, or tried to, below a mount that is not its root. */
export interface VolumeUse {
  readonly order: number
  readonly pid: number
  readonly overlay: number
  /** The mount, as in mountinfo, and where it is inside. */
  readonly mount: number
  readonly target: string
  readonly isReadOnly: boolean
  /** The same directory outside; missing where it is nowhere outside. */
  readonly outside: string | undefined
  readonly answer: 'written' | 'refused'
}

/** Where a mount has appeared that somebody made. */
export interface Spread {
  readonly order: number
  readonly pid: number
  readonly by: 'inside' | 'outside'
  /** Of the mounts inside below which it has appeared: how they pass on, and of which peer group they are or are slaves. */
  readonly inside: readonly { readonly kind: Propagation; readonly group: number | undefined }[]
  /** Whether the directory above it inside is one from outside. */
  readonly isOfVolume: boolean
  /** Where it has appeared outside. */
  readonly outside: readonly string[]
  /** Whether at that time a mount inside of the same directory was private. */
  readonly hadPrivate: boolean
}

/** What this witness records. */
export interface LayersRecord {
  readonly overlays: readonly OverlayRecord[]
  /** The error with which the kernel last refused to mount an overlay, `EINVAL`; nothing if it never did. */
  readonly refused: string | undefined
  /** How processes in containers stood, at their ends and at what they did. */
  readonly standings: readonly Standing[]
  readonly changes: readonly Change[]
  readonly comparisons: readonly Comparison[]
  readonly escapes: readonly Escape[]
  readonly volumes: readonly VolumeUse[]
  readonly spreads: readonly Spread[]
  /** Whether there was more than is looked at, so that what is missing here proves nothing. */
  readonly isFlooded: Readonly<Record<'overlays' | 'standings' | 'comparisons', boolean>>
  /** Whether file systems in memory keep the attribute of an opaque directory here. */
  readonly keepsNotes: boolean
}
