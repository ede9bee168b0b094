/**
 * Lab 8: a container whose root is an overlay, by what is in its layers before and after, by how it stands in its mount
 * namespace, and by where mounts appear.
 */
import type { OverlayRecord } from '../../witnesses/layers/record.ts'
import type { Checker, Objection } from '../claim.ts'
import { unless, unlessUnderWay } from '../claim.ts'
import { changesOf, chosen, list, type Seen, standingsOn } from './evidence.ts'
import * as O from './objections.ts'

/** What mostly stands behind an error of mount(2) for an overlay. */
const CAUSES: Readonly<Partial<Record<string, string>>> = {
  EINVAL:
    'the upper directory lies on an overlay itself (here only the directory in which the program is started does not), upper and work directory are on two file systems, or an option is wrong',
  ENOENT: 'one of the directories of lowerdir, upperdir and workdir is not there',
  EPERM: 'whoever mounts needs CAP_SYS_ADMIN in the user namespace that the mount namespace belongs to',
  ENODEV: 'this kernel has no overlay file system, or its module could not be loaded',
  EBUSY: 'upper and work directory belong to one overlay alone',
}

function noOverlay({ refused }: Seen): Objection {
  return {
    expected: 'a mount of type overlay',
    seen: refused === undefined ? 'no overlay was mounted' : `mount(2) of an overlay was answered ${refused}`,
    cause:
      refused === undefined
        ? 'the layers were copied together, or nobody called mount(2): mount -t overlay -o lowerdir=…:…,upperdir=…,workdir=… overlay DIRECTORY'
        : (CAUSES[refused] ??
          'one of the directories, or an option, is not as an overlay needs it: dmesg may say which'),
  }
}

/** A claim about the chosen overlay. */
const about =
  (what: string, refute: (seen: Seen, place: number, overlay: OverlayRecord) => Objection | undefined) =>
  (seen: Seen) => {
    const found = chosen(seen)
    return unlessUnderWay(seen, what, found ? refute(seen, found.place, found.overlay) : noOverlay(seen))
  }

export const checker: Checker<Seen> = [
  {
    title: 'a layer above ./fs changes a file of it, adds one and removes one',
    section: 'layers',
    refute: about('a layer above ./fs', (_seen, _place, { image }) =>
      image === undefined
        ? unless(
            false,
            'two lower directories',
            'one, or one that could not be found',
            'lowerdir=SMALL:BASE has the uppermost first',
          )
        : unless(
            image.lacks.length === 0 && [image.changed, image.added, image.removed].every(names => names.length > 0),
            'when the overlay is mounted, the lowest directory has all files of ./fs; those above have one of them with other contents, one more, and a whiteout for one',
            image.lacks.length > 0
              ? `the lowest directory lacks, or has changed: ${list(image.lacks)}`
              : `changed: ${list(image.changed)}; added: ${list(image.added)}; removed: ${list(image.removed)}`,
            image.lacks.length > 0
              ? 'the directories are in the wrong order (the uppermost comes first), or ./fs was not copied whole'
              : 'a layer that removes a file has a whiteout in its place: a character device 0,0, as mknod NAME c 0 0 makes it',
          ),
    ),
  },
  {
    title: 'the root of the container is an overlay: two read-only layers or more, and an upper one',
    section: 'overlay',
    refute: about('a container on an overlay', (seen, place, { lower, upper }) => {
      const isRoot = standingsOn(seen, place).length > 0
      const unknown = lower.includes(undefined) || upper === undefined
      return unless(
        lower.length >= 2 && !unknown && isRoot,
        'mount(2) of an overlay with two lower directories or more and an upper one, which becomes the root of a process in another mount namespace',
        `an overlay of ${lower.length} lower ${lower.length === 1 ? 'directory' : 'directories'} and ${upper === undefined ? 'no' : 'an'} upper one, ${isRoot ? 'which is' : 'and not'} the root of a process${unknown && upper !== undefined ? '; not all of them could be found' : ''}`,
        isRoot
          ? 'lowerdir has several directories with : between them, the uppermost first; upperdir is where is written'
          : 'the container has to enter it: nobody lived in another mount namespace with that overlay as root',
      )
    }),
  },
  {
    title: 'what the container changes, adds and removes comes into its upper layer',
    section: 'changes',
    refute: about('changes in the container', O.changesObjection),
  },
  {
    title: 'a directory of a layer below that it removes and makes again is opaque',
    section: 'opaque',
    refute: about('an opaque directory', (seen, place) => {
      const opaque = changesOf(seen, place).filter(({ kind }) => kind === 'opaque')
      if (opaque.length === 0 && !seen.keepsNotes)
        return {
          missing: 'an opaque directory: in a file system in memory, without root of the machine, it takes Linux 6.6',
          remedy: 'check it on Linux 6.6 or later: npm run vm -- --kernel 6.12 npm run check lab8',
        }
      return unless(
        opaque.length > 0,
        'a directory in the upper layer with the attribute overlay.opaque, made by mkdir(2) in the container where a layer below has one',
        O.summary(changesOf(seen, place)),
        'no directory of a layer below was removed and made again; EIO means that the overlay cannot keep its notes: in a user namespace it takes the option userxattr',
      )
    }),
  },
  {
    title: 'the layers below stay what they were, byte for byte',
    section: 'overlay',
    refute: about('the layers at the end of the container', (seen, place, { lower, tooLarge }) => {
      // Also what was changed only while a second container was on them.
      const isSame = (one: OverlayRecord) => one.lower.some(id => id !== undefined && lower.includes(id))
      const spoilt = [...new Set(seen.overlays.filter(isSame).flatMap(one => one.spoilt))]
      const unseen =
        tooLarge.length > 0
          ? `more than the judge looks at in ${list(tooLarge)}`
          : seen.isFlooded.overlays
            ? 'more overlays than the judge looks at'
            : undefined
      return unless(
        spoilt.length === 0 && unseen === undefined && standingsOn(seen, place).length > 0,
        'the same inodes, times, owners and contents as when the overlay was mounted, at every end of a process in the container',
        spoilt.length > 0 ? `changed: ${list(spoilt)}` : (unseen ?? 'no process on the overlay came to its end'),
        spoilt.length > 0
          ? 'somebody wrote to a lower directory while it was mounted, and the kernel promises nothing then'
          : unseen !== undefined
            ? 'of a layer 5,000 names are looked at and 64 MB are read, and of overlays 20: with less it can be judged'
            : 'the container was killed, or never was',
      )
    }),
  },
  {
    title: 'a second container on the same layers sees none of that',
    section: 'a-second-container',
    refute: about('a second container', O.secondObjection),
  },
  {
    title: 'it was entered by pivot_root, and nothing of the old root can be reached',
    section: 'pivot',
    refute: about('a root that was exchanged', O.pivotObjection),
  },
  {
    title: 'the escape from chroot is tried inside, and ends at its own root',
    section: 'escape',
    refute: about('an attempt to escape', O.escapeObjection),
  },
  {
    title: 'of two volumes from outside one can be written to, and one cannot',
    section: 'volumes',
    refute: about('writes to volumes', O.volumesObjection),
  },
  {
    title: 'mounts below a shared, a slave and a private volume appear where they should, and nowhere else',
    section: 'propagation',
    refute: about('mounts on both sides', O.propagationObjection),
  },
]
