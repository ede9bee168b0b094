/**
 * What speaks against the claims of lab 8, with what was seen instead and the likely cause.
 */
import type { Change, OverlayRecord } from '../../witnesses/layers/record.ts'
import { type Objection, unless } from '../claim.ts'
import { changesOf, isReal, list, type Seen, settled, spreading } from './evidence.ts'

const DONE = { copied: 'changed', added: 'added', removed: 'removed', opaque: 'made opaque' } as const
/** What was changed, in words. */
export const summary = (changes: readonly Change[]) => list(changes.map(({ kind, path }) => `/${path} ${DONE[kind]}`))

/** Against: what the container does comes into its upper layer. */
export function changesObjection(seen: Seen, place: number, { strange }: OverlayRecord): Objection | undefined {
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

/** Against: entered by pivot_root, and no way back. */
export function pivotObjection(seen: Seen, place: number): Objection | undefined {
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
  if (inner.length === 0 || changesOf(seen, place).some(({ standing }) => standing?.isApart === false))
    return refused(
      'it is in the PID namespace of those outside, and /proc/PID/root of each of them is the old root',
      'CLONE_NEWPID is missing',
    )
  const ways = [...new Set(inner.flatMap(({ waysOut }) => waysOut))]
  if (ways.length === 0 && seen.isFlooded.standings)
    return refused(
      'processes in containers that stood in thousands of different ways, of which not all were kept',
      'a loop that makes processes with directories of their own: with less in it the container can be judged',
    )
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

/** Against: a second container sees none of it. */
export function secondObjection(seen: Seen, place: number): Objection | undefined {
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
  const sees = [...new Set(asked.flatMap(each => each.sees))]
  const isMissed = sees.length === 0 && seen.isFlooded.comparisons
  return unless(
    sees.length === 0 && !isMissed,
    expected,
    isMissed
      ? 'that the containers saw something else of one another so often that not all of it was kept'
      : `the second container sees ${list(sees)} as the first one has left it`,
    'what the first one writes goes where the second one reads',
  )
}

/** Against: the escape is tried, and ends at its own root. */
export function escapeObjection(seen: Seen, place: number): Objection | undefined {
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

/** Against: one volume can be written to, and one cannot. */
export function volumesObjection(seen: Seen, place: number): Objection | undefined {
  const uses = seen.volumes.filter(({ overlay, outside }) => overlay === place && outside !== undefined)
  const written = uses.filter(({ answer, isReadOnly }) => answer === 'written' && !isReadOnly)
  const refused = uses.filter(({ answer, isReadOnly }) => answer === 'refused' && isReadOnly)
  const areTwo = written.some(one => refused.some(({ mount }) => mount !== one.mount))
  const words = uses.map(
    ({ target, answer }) => `${target} ${answer === 'written' ? 'was written to' : 'answered EROFS'}`,
  )
  return unless(
    areTwo,
    'two directories or files that are bound from outside: one is written to inside, and the other answers EROFS',
    list([...new Set(words)]),
    written.length > 0 && refused.length > 0
      ? 'that was one volume, which was made another one meanwhile: they have to be two mounts'
      : written.length > 0
        ? 'one has to be read-only for the container, and it has to try: MS_REMOUNT|MS_BIND|MS_RDONLY after the MS_BIND'
        : 'a volume is a directory from outside that is bound (MS_BIND) before the root is exchanged, and the container writes to it',
  )
}

/** Against: mounts appear where they should. */
export function propagationObjection(seen: Seen): Objection | undefined {
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
