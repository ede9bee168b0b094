/**
 * Lab 7: programs that would give whoever runs them more than they have: what they gave, and what was withheld.
 */
import { insideOf } from '../../../lib/rights/id-ranges.ts'
import type { Deed } from '../../witnesses/rights/deeds.ts'
import { deedsOf, isRootInside, isSingle, type Seen } from './facts.ts'

type Run = Extract<Deed, { kind: 'program' }>

/** One such program: whether it gave what it could, and whether no_new_privs was set when it was run. */
export interface Offer {
  readonly file: string
  readonly pid: number
  readonly at: number
  readonly isGiven: boolean
  readonly isBound: boolean
}

/** A program that is set-user-ID of another user of the map than the one who runs it. */
function setUserIdOffer({ file, by, after }: Run): boolean | undefined {
  const [, before] = by.uids
  const isOffer = file.isSetUserId && file.uid !== before && insideOf(by.maps.users, file.uid) !== undefined
  return isOffer ? after.uids[1] === file.uid : undefined
}

/**
 * Where there is but one user, nobody can be made another. To user 0 every program gives all that the bounding set has,
 * by the same rule of the kernel.
 */
function rootOffer({ by, after }: Run): boolean | undefined {
  const { permitted, bounding } = by.capabilities
  if (!isRootInside(by) || (bounding & ~permitted) === 0n) return undefined
  return (after.capabilities.permitted & ~permitted) !== 0n
}

/** All such programs that were run inside, in their order. */
export function offers(seen: Seen): Offer[] {
  return deedsOf(seen, 'program').flatMap(run => {
    const isGiven = isSingle(seen) ? rootOffer(run) : setUserIdOffer(run)
    const { pid, at, file, after } = run
    return isGiven === undefined ? [] : [{ file: file.identity, pid, at, isGiven, isBound: after.noNewPrivs }]
  })
}
