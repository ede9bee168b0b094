/**
 * Lab 7: what follows from what was seen of users and capabilities. IDs are the judge's; "inside" is a user namespace of
 * the program, "outside" the sandbox that it was started in.
 */
import { type Capability, capabilityNames, hasCapability } from '../../../lib/rights/capabilities.ts'
import { insideOf, outsideOf } from '../../../lib/rights/id-ranges.ts'
import type { IdRange } from '../../../lib/rights/users.ts'
import type { Observation } from '../../observer/record.ts'
import type { Deed } from '../../witnesses/rights/deeds.ts'
import type { Moment, RightsRecord } from '../../witnesses/rights/rights.ts'
import type { Standing } from '../../witnesses/rights/standing.ts'

/** What the claims of this lab see. */
export type Seen = Observation & RightsRecord

/** Users below are those of the system: `UID_MIN` of login.defs(5). */
const FIRST_ORDINARY = 1000

const countOf = (map: readonly IdRange[]) => map.reduce((sum, { count }) => sum + count, 0)

/** Whether the program was started where root is the only user, as in the sandbox of an ordinary user. */
export const isSingle = ({ sandboxMaps }: Seen): boolean => countOf(sandboxMaps.users) < 2

/** A user of the judge's as the program outside numbers it. */
export const outsideUser = ({ sandboxMaps }: Seen, user: number): number | undefined =>
  insideOf(sandboxMaps.users, user)

/** Whether somebody acts as root of their own user namespace. */
export function isRootInside({ uids, maps }: Standing): boolean {
  const root = outsideOf(maps.users, 0)
  return root !== undefined && uids[1] === root && uids[3] === root
}

/** The lowest number outside with which a range of a map begins and that is of the system; `undefined` if none does. */
function systemId(map: readonly IdRange[], known: readonly IdRange[]): number | undefined {
  return map
    .map(({ outside }) => insideOf(known, outside))
    .filter(id => id !== undefined && id < FIRST_ORDINARY)
    .sort((one = 0, other = 0) => one - other)[0]
}

/** What is wrong with being root at one moment, and how far it came. */
export interface Flaw {
  readonly rank: number
  readonly seen: string
  readonly cause: string
}

const MANY =
  'a range is one line, 0 FIRST COUNT, in uid_map and one in gid_map; root may write it, or newuidmap for others'

function mapFlaw(seen: Seen, { maps: { users, groups } }: Pick<Standing, 'maps'>): Flaw | undefined {
  const { sandboxMaps: known } = seen
  if (users.length === 0 || groups.length === 0)
    return {
      rank: 0,
      seen: `nobody wrote its ${users.length === 0 ? 'uid_map' : 'gid_map'}`,
      cause: 'the map has to be written while the child waits for it',
    }
  if (outsideOf(users, 0) === undefined || outsideOf(groups, 0) === undefined)
    return {
      rank: 1,
      seen: outsideOf(users, 0) === undefined ? 'its uid_map has no 0' : 'its gid_map has no 0',
      cause: 'the first number of a line in uid_map and gid_map is the one inside: root is 0 there',
    }
  if (isSingle(seen)) return undefined
  const [user, group] = [systemId(users, known.users), systemId(groups, known.groups)]
  if (user !== undefined || group !== undefined)
    return {
      rank: 2,
      seen: `its map has ${user === undefined ? 'group' : 'user'} ${user ?? group} of the outside`,
      cause: `who is inside must be nobody to the system: users and groups from ${FIRST_ORDINARY} on, and never root`,
    }
  if (countOf(users) < 2 || countOf(groups) < 2)
    return { rank: 3, seen: `its map has only one ${countOf(users) < 2 ? 'user' : 'group'}`, cause: MANY }
  return undefined
}

/** IDs as a reader knows them: those of a map by their number inside, others by that outside. */
function named(ids: readonly number[], map: readonly IdRange[], known: readonly IdRange[]): string {
  const one = (id: number) => {
    const inside = insideOf(map, id)
    return inside === undefined ? `${insideOf(known, id) ?? 'nobody'} outside` : `${inside} inside`
  }
  return [...new Set(ids.map(one))].join(' and ')
}

const AS_ROOT = 'a map gives numbers and makes nobody somebody else: setresuid(0, 0, 0), once it is written'
const IN_GROUP =
  'setresgid(0, 0, 0) and setgroups() belong to setresuid(0, 0, 0): a user or group of the outside is a right there'

/** Somebody who acts as root inside and is still a user, or in a group, of the outside. */
function remnantOf(seen: Seen, { uids, gids, groups, maps }: Standing): Flaw | undefined {
  const { users, groups: known } = seen.sandboxMaps
  const outer = (ids: readonly number[], map: readonly IdRange[]) => ids.filter(id => insideOf(map, id) === undefined)
  // An ordinary user cannot leave their groups.
  const [user, group] = [outer(uids, maps.users), outer(isSingle(seen) ? gids : [...gids, ...groups], maps.groups)]
  if (user.length + group.length === 0) return undefined
  const what = user.length > 0 ? `user ${named(user, [], users)}` : `in group ${named(group, [], known)}`
  return { rank: 5, seen: `root inside was still ${what}`, cause: IN_GROUP }
}

/** What keeps somebody from being root of a proper user namespace, at one moment; `undefined` if they are. */
function flawOf(seen: Seen, moment: Moment): Flaw | undefined {
  const flaw = mapFlaw(seen, moment)
  if (flaw) return flaw
  const { uids, gids, maps } = moment
  const [user, group] = [outsideOf(maps.users, 0), outsideOf(maps.groups, 0)]
  if (uids.some(id => id !== user))
    return {
      rank: 4,
      seen: `the child was user ${named(uids, maps.users, seen.sandboxMaps.users)}, and never only 0 inside`,
      cause: AS_ROOT,
    }
  if (gids.some(id => id !== group))
    return {
      rank: 5,
      seen: `the child was of group ${named(gids, maps.groups, seen.sandboxMaps.groups)}, and never only 0 inside`,
      cause: IN_GROUP,
    }
  return remnantOf(seen, moment)
}

/** Where not all was kept: whether somebody was a proper root inside is asked of all that they did. */
export const MISSED = {
  seen: 'so much that was done in user namespaces that not all of it was kept',
  cause: '20,000 calls are kept: with less it can be judged who did it',
}

/** What keeps each user namespace from having a proper root; for one that has, nothing. */
export function namespacesSeen(seen: Seen): ReadonlyMap<number, Flaw | undefined> {
  const known = knownFlaws.get(seen) ?? flawsIn(seen)
  knownFlaws.set(seen, known)
  return known
}

const knownFlaws = new WeakMap<Seen, ReadonlyMap<number, Flaw | undefined>>()

function flawsIn(seen: Seen): ReadonlyMap<number, Flaw | undefined> {
  const best = new Map<number, Flaw | undefined>()
  for (const moment of seen.moments) {
    const flaw = flawOf(seen, moment)
    const known = best.get(moment.userNamespace)
    const isBetter = !best.has(moment.userNamespace) || (known && (!flaw || flaw.rank > known.rank))
    if (isBetter) best.set(moment.userNamespace, flaw)
  }
  // Who has acted as root and not been it alone: that somebody is it later, or elsewhere, does not heal that.
  for (const { by } of seen.deeds)
    if (isRootInside(by) && !best.get(by.userNamespace)) best.set(by.userNamespace, remnantOf(seen, by))
  return best
}

/**
 * Who counts: those in a user namespace with a proper root or, where there is none, everybody in one of the program's.
 * The map is asked for once more, because it may have been written after what they did.
 */
function whoCounts(seen: Seen): (one: Pick<Standing, 'userNamespace' | 'maps'>) => boolean {
  const proper = new Set([...namespacesSeen(seen)].filter(([, flaw]) => !flaw).map(([number]) => number))
  if (proper.size === 0) return () => true
  return ({ userNamespace, maps }) => proper.has(userNamespace) && !mapFlaw(seen, { maps })
}

/** The deeds of those who count. */
export function deedsOf<K extends Deed['kind']>(seen: Seen, kind: K): Extract<Deed, { kind: K }>[] {
  const counts = whoCounts(seen)
  return seen.deeds.filter((deed): deed is Extract<Deed, { kind: K }> => deed.kind === kind && counts(deed.by))
}

/** The attempts to go one user namespace deeper, below one with a proper root, or any where there is none. */
export function descentsOf(seen: Seen): Extract<Deed, { kind: 'user namespace' }>[] {
  const flaws = namespacesSeen(seen)
  const all = seen.deeds.flatMap(deed => (deed.kind === 'user namespace' ? [deed] : []))
  const proper = all.filter(({ within }) => within.some(number => flaws.has(number) && !flaws.get(number)))
  return [...flaws.values()].includes(undefined) ? proper : all
}

/** A process and all that made it, the nearest first. */
function lineage({ processes }: Seen, pid: number): number[] {
  const line = new Set<number>()
  for (let one = processes.get(pid); one && !line.has(one.pid); one = processes.get(one.creator)) line.add(one.pid)
  return [...line]
}

const SETS = ['effective', 'permitted', 'inheritable', 'bounding', 'ambient'] as const

/** Somebody who is root inside and lacks what they, or who made them, had. */
export interface Loss {
  readonly moment: Moment
  /** What is gone from the effective, the permitted or the bounding set. */
  readonly lost: bigint
  /** What of it is gone from all five. */
  readonly gone: bigint
  /** The sets that still have some of what is lost. */
  readonly left: readonly string[]
}

/** Everybody who is root inside and could do more before, at each moment. */
export function losses(seen: Seen): readonly Loss[] {
  const known = knownLosses.get(seen) ?? lossesIn(seen)
  knownLosses.set(seen, known)
  return known
}

const knownLosses = new WeakMap<Seen, readonly Loss[]>()

/** In one pass, because somebody may become another user twenty thousand times. */
function lossesIn(seen: Seen): Loss[] {
  const counts = whoCounts(seen)
  /** What each process of a user namespace could do so far, also before anybody was root of it. */
  const could = new Map<number, Map<number, bigint>>()
  return seen.moments.flatMap(moment => {
    const { userNamespace, pid, capabilities } = moment
    const here = could.get(userNamespace) ?? new Map<number, bigint>()
    const isRoot = counts(moment) && isRootInside(moment)
    const had = isRoot ? lineage(seen, pid).reduce((all, one) => all | (here.get(one) ?? 0n), 0n) : 0n
    const { effective, permitted, bounding } = capabilities
    const has = effective & permitted & bounding
    could.set(userNamespace, here.set(pid, (here.get(pid) ?? 0n) | has))
    const lost = had & ~has
    const left = SETS.filter(name => (capabilities[name] & lost) !== 0n)
    const gone = SETS.reduce((set, name) => set & ~capabilities[name], lost)
    return lost === 0n ? [] : [{ moment, lost, gone, left }]
  })
}

/** Some capabilities by name, the first of them. */
export function nameSome(set: bigint): string {
  const names = capabilityNames(set)
  return names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ')
}

/** Whether somebody could do a thing, had it been of their own user namespace. */
export const may = ({ capabilities }: Standing, ...needed: readonly Capability[]): boolean =>
  needed.some(name => hasCapability(capabilities.effective, name))
