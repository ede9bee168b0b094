/**
 * The likely cause where no child of lab 1 did as it should: that of the child that came closest.
 */
import type { Sharing } from '../../observer/record.ts'
import { childrenOf } from '../claim.ts'
import {
  type Child,
  hasClosed,
  hasMoved,
  isClosedAlready,
  NAMES,
  parentActed,
  plainChildren,
  type Seen,
  sharesExactly,
  sharing,
  tookAlong,
} from './deeds.ts'

const ALL = Object.keys(NAMES) as (keyof Sharing)[]

const CLOSED_ALREADY =
  'it moved, but had nothing left to close: the child that shares the descriptors had closed that file for the parent, too. Open a file anew for each child'

/** What a child lacks that shares exactly what it has to. */
function whatIsMissing(seen: Seen, child: Child): string[] {
  const parts = [
    !hasClosed(seen, child) &&
      (hasMoved(seen, child) && isClosedAlready(seen, child)
        ? CLOSED_ALREADY
        : 'it closed nothing that it had inherited and that its parent had open then: a file, a directory or a device, and no pipe or socket'),
    !hasMoved(seen, child) && 'it did not change its directory while its parent lived',
    parentActed(seen, child) && 'its parent moved, or closed that file, by itself while the child lived',
    tookAlong(seen, child) && 'its parent stood in the old root, and pivot_root(2) took it along',
  ]
  return parts.filter(part => part !== false)
}

/** Why a child that shared what is wanted at some time does not share exactly that. */
function whyOther(seen: Seen, child: Child, wanted: Sharing): string {
  const [ever, always] = [sharing(seen, child, 'ever'), sharing(seen, child)]
  const more = ALL.filter(what => ever[what] && !wanted[what])
  if (more.length > 0) return `${more.map(what => `CLONE_${what}`).join(' and ')} came with it`
  const left = ALL.filter(what => wanted[what] && !always[what]).map(what => NAMES[what])
  return `it shared ${left.join(' and ')} for a part of its life only: unshare(2), or close_range(2) with CLOSE_RANGE_UNSHARE`
}

/** @param wanted what a child has to share with its parent, and nothing else */
export function whyNot(seen: Seen, wanted: Sharing): string {
  const children = plainChildren(seen)
  if (children.length === 0)
    return childrenOf(seen).some(({ programs }) => programs.length > 0)
      ? 'each child ran another program, and so left what it shared'
      : 'there was no child process that ended: a thread is no process'
  const exact = children.filter(child => sharesExactly(seen, child, wanted)).map(child => whatIsMissing(seen, child))
  const [closest] = exact.sort((one, other) => one.length - other.length)
  if (closest) return closest.join('; ') || 'what it did was undone for its parent'
  const flags = ALL.filter(what => wanted[what])
  const near = children.find(child => flags.length > 0 && flags.every(what => sharing(seen, child, 'ever')[what]))
  if (near) return whyOther(seen, near, wanted)
  if (flags.length === 0) return 'every child shares something with its parent: fork() shares nothing'
  const isLost = wanted.VM && childrenOf(seen).some(({ programs }) => programs.length > 0)
  const missing = `${flags.map(what => `CLONE_${what}`).join(' and ')} is missing`
  return isLost ? `${missing}, or the child ran another program and so left the memory` : missing
}
