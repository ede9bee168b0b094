/**
 * Where a mount has appeared: all mounts of two namespaces before a call and after it.
 */
import type { Mount } from '../../../lib/mount/mount.ts'
import { propagationOf } from '../../../lib/mount/propagation.ts'
import type { Spread } from './record.ts'

/** All mounts of a container and of its outside at one moment. */
export interface BothViews {
  readonly inside: readonly Mount[]
  readonly outside: readonly Mount[]
}

const added = (before: readonly Mount[], after: readonly Mount[]) =>
  after.filter(({ id }) => !before.some(mount => mount.id === id))

/** Where the new mounts have appeared. */
type Appearance = Omit<Spread, 'order' | 'pid' | 'by'>

/** What of a directory a mount shows: two that show the same would show the same mounts, if they passed them on. */
const shown = ({ device, root }: Mount) => `${device} ${root}`

/**
 * What a mount inside is to those outside: one that is a slave and shared at once is a slave to them, unless they are of
 * its peer group.
 */
function kindFor(outside: readonly Mount[]) {
  const groups = new Set(outside.map(({ peers }) => peers))
  return (mount: Mount) => {
    const isSlave = mount.master !== undefined && !(mount.peers !== undefined && groups.has(mount.peers))
    return isSlave
      ? ({ kind: 'slave', group: mount.master } as const)
      : { kind: propagationOf(mount), group: mount.peers ?? mount.master }
  }
}

/** @returns `undefined` where nothing has appeared */
export function appearance(before: BothViews, after: BothViews): Appearance | undefined {
  const inner = added(before.inside, after.inside)
  const outer = added(before.outside, after.outside)
  if (inner.length + outer.length === 0) return undefined
  const above = ({ parent }: Mount, view: readonly Mount[]) => view.find(({ id }) => id === parent)
  const parents = inner.map(mount => above(mount, after.inside)).filter(mount => mount !== undefined)
  const places = [...parents, ...outer.map(mount => above(mount, after.outside)).filter(mount => mount !== undefined)]
  const directories = new Set(places.map(shown))
  return {
    inside: parents.map(kindFor(before.outside)),
    isOfVolume: parents.some(({ device }) => before.outside.some(mount => mount.device === device)),
    outside: outer.map(({ target }) => target),
    hadPrivate: before.inside.some(mount => directories.has(shown(mount)) && propagationOf(mount) === 'private'),
  }
}
