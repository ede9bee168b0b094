/**
 * What the claims of lab 8 look at: one overlay, what was changed in a container on it, how those in it stood, and where
 * mounts have appeared.
 */
import type { Observation } from '../../observer/record.ts'
import type { Change, LayersRecord, OverlayRecord, Spread, Standing } from '../../witnesses/layers/record.ts'

/** What the claims of this lab see. */
export type Seen = Observation & LayersRecord

/** How many names a report shows. */
const MOST = 4
export const list = (names: readonly string[]) =>
  names.length === 0
    ? 'nothing'
    : [...names.slice(0, MOST), ...(names.length > MOST ? [`and ${names.length - MOST} more`] : [])].join(', ')

/** A change by which a reader would know it: a file that became another, a new one, one that is gone. */
export const isReal = ({ kind, differs }: Change) => kind !== 'copied' || differs
export const changesOf = (seen: Seen, overlay: number) =>
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

/** How those stood whose root was an overlay, at what they changed and at their ends. */
export const standingsOn = (seen: Seen, place: number): Standing[] => [
  ...changesOf(seen, place).flatMap(({ standing }) => (standing ? [standing] : [])),
  ...seen.standings.filter(({ overlay }) => overlay === place),
]

/** The same, but for those who were not in the container yet: from its first change on, or else at the last end. */
export function settled(seen: Seen, place: number): Standing[] {
  const first = Math.min(...changesOf(seen, place).map(({ order }) => order))
  const all = standingsOn(seen, place)
  if (Number.isFinite(first)) return all.filter(({ order }) => order >= first)
  const inner = all.filter(({ isApart }) => isApart)
  return (inner.length > 0 ? inner : all).slice(-1)
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
