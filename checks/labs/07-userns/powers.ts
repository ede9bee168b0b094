/**
 * Lab 7: what root inside was allowed, and what it was refused.
 */
import { insideOf } from '../../../lib/rights/id-ranges.ts'
import type { Deed } from '../../witnesses/rights/deeds.ts'
import { type Objection, unless } from '../claim.ts'
import { deedsOf, descentsOf, isRootInside, isSingle, may, outsideUser, type Seen } from './facts.ts'

/** Of 33 levels that there can be, some are above the sandbox: those of a container, and of a check without root. */
const LEAST_DEPTH = 25
const CHANGES_OWNER = /chown/

type Missing = readonly (readonly [what: string, isThere: boolean])[]

/** A claim that asks for several things, of which each is there or is not. */
function unlessAll(parts: Missing, expected: string, cause: string): Objection | undefined {
  const missing = parts.filter(([, isThere]) => !isThere).map(([what]) => what)
  const there = parts.filter(([, isThere]) => isThere).map(([what]) => what)
  return unless(
    missing.length === 0,
    expected,
    `not seen: ${missing.join(', ')}${there.length > 0 ? `; seen: ${there.join(', ')}` : ''}`,
    cause,
  )
}

/** The deeds of one kind that were done by root inside. */
export const byRoot = <K extends Deed['kind']>(seen: Seen, kind: K) =>
  deedsOf(seen, kind).filter(({ by }) => isRootInside(by))

export function refuteMay(seen: Seen): Objection | undefined {
  const parts: Missing = [
    [
      'a mount',
      byRoot(seen, 'mount').some(({ answer, owner, by, isNew }) => done(answer) && isNew && owner === by.userNamespace),
    ],
    [
      'a host name',
      byRoot(seen, 'host name').some(({ answer, owner, by }) => done(answer) && owner === by.userNamespace),
    ],
    ['a file given away', byRoot(seen, 'changed file').some(deed => isGift(seen, deed))],
  ]
  return unlessAll(
    parts,
    'each of them done by root inside: in a mount and a UTS namespace that belong to its user namespace, and by chown',
    'unshare(CLONE_NEWNS | CLONE_NEWUTS) by root inside makes namespaces that are its own, and chown knows the users of the map',
  )
}

const done = (answer: string | undefined) => answer === 'done'

/** A file that root inside has given to somebody else of the map; where there is nobody else, to itself. */
function isGift(seen: Seen, { call, answer, before, after }: Extract<Deed, { kind: 'changed file' }>): boolean {
  if (!CHANGES_OWNER.test(call) || !done(answer) || !before || !after) return false
  return isSingle(seen) || before.uid !== after.uid || before.gid !== after.gid
}

/**
 * A file of the outside whose owner is nobody inside: where there are several users, that of its root, or of somebody
 * whom not even the sandbox has a number for.
 */
function isForeign(seen: Seen, { by, before }: Extract<Deed, { kind: 'changed file' }>): boolean {
  if (!before || insideOf(by.maps.users, before.uid) !== undefined) return false
  return isSingle(seen) || (outsideUser(seen, before.uid) ?? 0) === 0
}

export function refuteMayNot(seen: Seen): Objection | undefined {
  const isRefused = (answer: string | undefined, ...codes: readonly string[]) => codes.includes(answer ?? '')
  const levels = descentsOf(seen)
  const parts: Missing = [
    [
      'the outer host name',
      byRoot(seen, 'host name').some(
        ({ answer, owner, by }) => isRefused(answer, 'EPERM') && owner !== by.userNamespace && may(by, 'CAP_SYS_ADMIN'),
      ),
    ],
    [
      'a device',
      byRoot(seen, 'made node').some(({ answer, by }) => isRefused(answer, 'EPERM') && may(by, 'CAP_MKNOD')),
    ],
    [
      "a file of the outer root's",
      byRoot(seen, 'changed file').some(
        deed =>
          isRefused(deed.answer, 'EACCES', 'EPERM') &&
          isForeign(seen, deed) &&
          may(deed.by, 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_CHOWN'),
      ),
    ],
    ['a level more', levels.some(({ answer, within }) => isRefused(answer, 'ENOSPC') && within.length >= LEAST_DEPTH)],
  ]
  return unlessAll(
    parts,
    'root inside, with all its capabilities, asks for each of them, and the kernel says no (the last time with ENOSPC)',
    'the call was not made, or by somebody who lacked the capability: then it is refused for another reason',
  )
}
