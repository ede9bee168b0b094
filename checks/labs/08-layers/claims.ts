/**
 * Lab 8: a container whose root is an overlay, by what is in its layers before and after, by how it stands in its mount
 * namespace, and by where mounts appear.
 */
import type { Observation } from '../../observer/record.ts'
import type { Change, LayersRecord, OverlayRecord, Spread, Standing } from '../../witnesses/layers/record.ts'
import type { Checker, Objection } from '../claim.ts'
import { unless, unlessUnderWay } from '../claim.ts'

/** What the claims of this lab see. */
export type Seen = Observation & LayersRecord

/** How many names a report shows. */
const MOST = 4
const list = (names: readonly string[]) =>
  names.length === 0
    ? 'nothing'
    : [...names.slice(0, MOST), ...(names.length > MOST ? [`and ${names.length - MOST} more`] : [])].join(', ')

/** A change by which a reader would know it: a file that became another, a new one, one that is gone. */
const isReal = ({ kind, differs }: Change) => kind !== 'copied' || differs
const changesOf = (seen: Seen, overlay: number) =>
  seen.changes.filter(change => change.overlay === overlay && isReal(change))

/** The overlay on which a container has done most; the claims about layers are about this one. */
export function chosen(seen: Seen): { readonly place: number; readonly overlay: OverlayRecord } | undefined {
  const weight = (place: number) => {
    const kinds = new Set(changesOf(seen, place).map(({ kind }) => kind)).size
    const isRoot = seen.standings.some(({ overlay }) => overlay === place)
    return kinds * 4 + (isRoot ? 2 : 0) + ((seen.overlays[place]?.lower.length ?? 0) > 1 ? 1 : 0)
  }
  const [place] = seen.overlays.map((_, i) => i).sort((one, other) => weight(other) - weight(one))
  const overlay = place === undefined ? undefined : seen.overlays[place]
  return place === undefined || !overlay ? undefined : { place, overlay }
}

const NO_OVERLAY: Objection = {
  expected: 'a mount of type overlay',
  seen: 'no overlay was mounted',
  cause:
    'the layers were copied together, or mount(2) failed: mount -t overlay -o lowerdir=…:…,upperdir=…,workdir=… overlay DIRECTORY',
}

/** A claim about the chosen overlay. */
const about =
  (what: string, refute: (seen: Seen, place: number, overlay: OverlayRecord) => Objection | undefined) =>
  (seen: Seen) => {
    const found = chosen(seen)
    return unlessUnderWay(seen, what, found ? refute(seen, found.place, found.overlay) : NO_OVERLAY)
  }

/** How those stood whose root was an overlay, at what they changed and at their ends. */
export const standingsOn = (seen: Seen, place: number): Standing[] => [
  ...changesOf(seen, place).flatMap(({ standing }) => (standing ? [standing] : [])),
  ...seen.standings.filter(({ overlay }) => overlay === place),
]

/** The same, but for those who were not in the container yet: from its first change on, or else at the last end. */
function settled(seen: Seen, place: number): Standing[] {
  const first = Math.min(...changesOf(seen, place).map(({ order }) => order))
  const all = standingsOn(seen, place)
  if (Number.isFinite(first)) return all.filter(({ order }) => order >= first)
  const inner = all.filter(({ isApart }) => isApart)
  return (inner.length > 0 ? inner : all).slice(-1)
}

const DONE = { copied: 'changed', added: 'added', removed: 'removed', opaque: 'made opaque' } as const
const summary = (changes: readonly Change[]) => list(changes.map(({ kind, path }) => `/${path} ${DONE[kind]}`))

function changesObjection(seen: Seen, place: number, { strange }: OverlayRecord): Objection | undefined {
  const changes = changesOf(seen, place)
  const lacking = (['copied', 'added', 'removed'] as const).filter(
    kind => !changes.some(change => change.kind === kind),
  )
  const behind =
    strange.length > 0 ? `; and ${list(strange)}, which came into the upper directory by no call in the container` : ''
  const same = seen.changes.filter(change => change.overlay === place && !isReal(change)).map(({ path }) => path)
  const unchanged = same.length > 0 ? `; ${list(same)} was copied up and is the same as below` : ''
  return unless(
    lacking.length === 0,
    'calls in the container by which a file of a layer below is copied up and becomes another, a new file comes, and a whiteout',
    `by calls in the container: ${summary(changes)}${unchanged}${behind}`,
    strange.length > 0 && changes.length === 0
      ? 'the upper directory was written to from outside, behind the back of the overlay'
      : `nothing was ${lacking.map(kind => DONE[kind]).join(', nothing ')} inside: it has to be done by a process whose root is the overlay`,
  )
}

function pivotObjection(seen: Seen, place: number): Objection | undefined {
  const expected =
    'from its first change on: a root that pivot_root(2) has made that of the mount namespace, the old one taken off, in a PID namespace of its own'
  const refused = (what: string, cause: string) => unless(false, expected, what, cause)
  const all = settled(seen, place)
  // Whoever has only started the container may stand with one foot outside: those inside do not see it.
  const inner = all.filter(({ isApart }) => isApart)
  if (all.length === 0)
    return refused(
      'no process had the overlay as its root',
      'pivot_root is missing, or failed, or went to another directory',
    )
  if (!all.some(({ hasPivoted }) => hasPivoted))
    return refused(
      `its root is ${all[0]?.rootPath}, in a mount namespace whose own root is another`,
      'the root was changed by chroot(2), or by moving a mount (MS_MOVE), and the old root is still there above it',
    )
  if (inner.length === 0)
    return refused(
      'it is in the PID namespace of those outside, and /proc/PID/root of each of them is the old root',
      'CLONE_NEWPID is missing',
    )
  const ways = [...new Set(inner.flatMap(({ waysOut }) => waysOut))]
  const odd = inner.find(({ isBelowTop, hasPivoted }) => !isBelowTop || !hasPivoted)
  return unless(
    ways.length === 0 && !odd,
    expected,
    ways.length > 0 ? list(ways) : `its root is ${odd?.rootPath ?? '/'}, with something above it or over it`,
    ways.some(way => way.startsWith('its own layers'))
      ? 'a volume shows the directories of which its root is made'
      : 'after pivot_root the old root has to be taken off (umount2 with MNT_DETACH) before anything is done inside, and nothing of it may stay open',
  )
}

function secondObjection(seen: Seen, place: number): Objection | undefined {
  const { overlays, comparisons } = seen
  const first = overlays[place] as OverlayRecord
  const sameLayers = overlays.filter(
    (one, i) => i !== place && one.lower.join() === first.lower.join() && !one.lower.includes(undefined),
  )
  const expected =
    'a second overlay on the same lower directories, with an upper directory of its own, and a container on it that sees them as they were'
  const shared = sameLayers.filter(({ upper }) => upper === first.upper)
  if (sameLayers.length === 0)
    return unless(
      false,
      expected,
      overlays.length < 2 ? 'one overlay' : 'the other overlays have other layers below',
      'a second container is missing, or its lowerdir is another',
    )
  if (shared.length === sameLayers.length)
    return unless(
      false,
      expected,
      'both have the same upper directory',
      'each container needs an upper and a work directory of its own',
    )
  const asked = comparisons.filter(({ other, overlay }) => other === place && overlays[overlay]?.upper !== first.upper)
  if (asked.length === 0)
    return unless(
      false,
      expected,
      'nobody lived on the second overlay after the first container had changed something',
      'the second container has to run when, or after, the first one changes files',
    )
  const sees = asked.flatMap(each => each.sees)
  return unless(
    sees.length === 0,
    expected,
    `the second container sees ${list([...new Set(sees)])} as the first one has left it`,
    'what the first one writes goes where the second one reads',
  )
}

function escapeObjection(seen: Seen, place: number): Objection | undefined {
  const tried = seen.escapes.filter(({ overlay }) => overlay === place)
  const expected =
    'a process whose working directory lies outside of its root calls chroot(2), and comes out at the root of its container'
  if (tried.length === 0)
    return unless(
      false,
      expected,
      'nobody inside changed their root while they stood outside of it',
      'mkdir("x"), chroot("x") without chdir, chdir("..") again and again, chroot(".")',
    )
  const out = tried.find(({ to }) => to === 'outside')
  if (out)
    return unless(
      false,
      expected,
      `it came out at ${out.path}, outside of its container`,
      'the old root is still there: chroot alone, or no umount2 after pivot_root',
    )
  return unless(
    tried.some(({ to }) => to === 'own root'),
    expected,
    `it came to ${tried[0]?.path}, and no further`,
    'it has to go up (chdir("..")) until it goes no further',
  )
}

function volumesObjection(seen: Seen, place: number): Objection | undefined {
  const uses = seen.volumes.filter(({ overlay, outside }) => overlay === place && outside !== undefined)
  const written = uses.some(({ answer, isReadOnly }) => answer === 'written' && !isReadOnly)
  const refused = uses.some(({ answer, isReadOnly }) => answer === 'refused' && isReadOnly)
  const words = uses.map(
    ({ target, answer }) => `${target} ${answer === 'written' ? 'was written to' : 'answered EROFS'}`,
  )
  return unless(
    written && refused,
    'two directories or files that are bound from outside: one is written to inside, and the other answers EROFS',
    list([...new Set(words)]),
    written
      ? 'one has to be read-only for the container, and it has to try: MS_REMOUNT|MS_BIND|MS_RDONLY after the MS_BIND'
      : 'a volume is a directory from outside that is bound (MS_BIND) before the root is exchanged, and the container writes to it',
  )
}

const groupsOf = (spread: Spread, kind: string) =>
  spread.inside.filter(each => each.kind === kind).map(({ group }) => group)

/** What of the spreading of mounts was seen. */
export function spreading({ spreads }: Seen) {
  const fromOutside = spreads.filter(({ by, outside }) => by === 'outside' && outside.length > 0)
  const toBoth = fromOutside.some(each =>
    groupsOf(each, 'shared').some(group => groupsOf(each, 'slave').includes(group)),
  )
  const notToPrivate = fromOutside.some(
    each => each.hadPrivate && groupsOf(each, 'shared').length > 0 && groupsOf(each, 'private').length === 0,
  )
  const inside = (kind: string) =>
    spreads.filter(each => each.by === 'inside' && groupsOf(each, kind).length > 0 && each.isOfVolume)
  return {
    'outside, and appears in a shared and in a slave volume': toBoth,
    'outside, and does not appear in a private volume': notToPrivate,
    'inside in the shared volume, and appears outside': inside('shared').some(({ outside }) => outside.length > 0),
    'inside in the slave volume, and does not appear outside': inside('slave').some(
      ({ outside, inside: all }) => outside.length === 0 && all.every(({ kind }) => kind === 'slave'),
    ),
    'inside in the private volume, and does not appear outside': inside('private').some(
      ({ outside, inside: all }) => outside.length === 0 && all.every(({ kind }) => kind === 'private'),
    ),
  }
}

function propagationObjection(seen: Seen): Objection | undefined {
  const all = Object.entries(spreading(seen))
  const lacking = all.filter(([, holds]) => !holds).map(([what]) => what)
  const held = all.filter(([, holds]) => holds).map(([what]) => what)
  return unless(
    lacking.length === 0,
    'what is mounted outside appears in a shared and in a slave volume and not in a private one; of what is mounted inside, only what is mounted in the shared one appears outside',
    held.length === 0 ? 'none of it' : `only a mount that is made ${held.join('; and one ')}`,
    `a shared mount has to be bound three times before pivot_root, one copy made a slave and one private; missing is a mount ${lacking[0]}`,
  )
}

export const checker: Checker<Seen> = [
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
    title: 'its lowest layer is ./fs, and the one above changes a file of it, adds one and removes one',
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
            image.lacks.length + 0 === 0 &&
              [image.changed, image.added, image.removed].every(names => names.length > 0),
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
    title: 'what the container changes, adds and removes comes into its upper layer',
    section: 'changes',
    refute: about('changes in the container', changesObjection),
  },
  {
    title: 'a directory of a layer below that it removes and makes again is opaque',
    section: 'opaque',
    refute: about('an opaque directory', (seen, place) => {
      const opaque = changesOf(seen, place).filter(({ kind }) => kind === 'opaque')
      if (opaque.length === 0 && !seen.keepsNotes)
        return {
          missing: 'an opaque directory: in a file system in memory, without root of the machine, it takes Linux 6.6',
          remedy: 'check it on Linux 6.6 or later, npm run vm',
        }
      return unless(
        opaque.length > 0,
        'a directory in the upper layer with the attribute overlay.opaque, made by mkdir(2) in the container where a layer below has one',
        summary(changesOf(seen, place)),
        'no directory of a layer below was removed and made again; EIO means that the overlay cannot keep its notes: in a user namespace it takes the option userxattr',
      )
    }),
  },
  {
    title: 'the layers below stay what they were, byte for byte',
    section: 'overlay',
    refute: about('the layers at the end of the container', (seen, place, { spoilt }) =>
      unless(
        spoilt.length === 0 && standingsOn(seen, place).length > 0,
        'the same inodes, times, owners and contents as when the overlay was mounted, at every end of a process in the container',
        spoilt.length > 0 ? `changed: ${list(spoilt)}` : 'no process on the overlay came to its end',
        spoilt.length > 0
          ? 'somebody wrote to a lower directory while it was mounted, and the kernel promises nothing then'
          : 'the container was killed, or never was',
      ),
    ),
  },
  {
    title: 'a second container on the same layers sees none of that',
    section: 'a-second-container',
    refute: about('a second container', secondObjection),
  },
  {
    title: 'it was entered by pivot_root, and nothing of the old root can be reached',
    section: 'pivot',
    refute: about('a root that was exchanged', pivotObjection),
  },
  {
    title: 'the escape from chroot is tried inside, and ends at its own root',
    section: 'escape',
    refute: about('an attempt to escape', escapeObjection),
  },
  {
    title: 'of two volumes from outside one can be written to, and one cannot',
    section: 'volumes',
    refute: about('writes to volumes', volumesObjection),
  },
  {
    title: 'mounts below a shared, a slave and a private volume appear where they should, and nowhere else',
    section: 'propagation',
    refute: about('mounts on both sides', propagationObjection),
  },
]
