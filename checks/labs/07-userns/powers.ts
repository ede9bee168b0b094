/**
 * Lab 7: what root inside was allowed, and what it was refused.
 */
import type { Capability } from '../../../lib/rights/capabilities.ts'
import { insideOf } from '../../../lib/rights/id-ranges.ts'
import type { Deed } from '../../witnesses/rights/deeds.ts'
import { type Objection, unless } from '../claim.ts'
import { deedsOf, descentsOf, isRootInside, isSingle, may, outsideUser, type Seen } from './facts.ts'

/** Of 33 levels that there can be, some are above the sandbox: those of a container, and of a check without root. */
const LEAST_DEPTH = 25
const CHANGES_OWNER = /chown/

/** One of several things that are asked for: of the calls that come close, what each of them lacks. */
interface Part {
  readonly what: string
  /** For each call, in words, what keeps it from being the one; nothing if it is the one. */
  readonly flaws: readonly (string | undefined)[]
}

/** A claim that asks for several things, of which each is there or is not. */
function unlessAll(parts: readonly Part[], expected: string, cause: string): Objection | undefined {
  const isThere = ({ flaws }: Part) => flaws.includes(undefined)
  const missing = parts
    .filter(part => !isThere(part))
    .map(({ what, flaws }) => `${what} (${flaws.at(-1) ?? 'nobody in there asked for it'})`)
  const there = parts.filter(isThere).map(({ what }) => what)
  return unless(
    missing.length === 0,
    expected,
    `not seen: ${missing.join(', ')}${there.length > 0 ? `; seen: ${there.join(', ')}` : ''}`,
    cause,
  )
}

/** What a call lacks of one that root inside made and that was answered as it has to be. */
function flawOfCall({ by, answer }: Deed, answers: readonly string[], needs: readonly Capability[] = []) {
  if (!isRootInside(by)) return 'by somebody who was not root inside'
  if (needs.length > 0 && !may(by, ...needs)) return `by somebody without ${needs.join(' or ')}`
  return answers.includes(answer ?? '') ? undefined : `the answer was: ${answer ?? 'none'}`
}

/** The deeds of one kind that were done by root inside. */
export const byRoot = <K extends Deed['kind']>(seen: Seen, kind: K) =>
  deedsOf(seen, kind).filter(({ by }) => isRootInside(by))

export function refuteMay(seen: Seen): Objection | undefined {
  const parts: readonly Part[] = [
    {
      what: 'a mount',
      flaws: deedsOf(seen, 'mount').map(
        deed =>
          flawOfCall(deed, [DONE]) ??
          (deed.owner === deed.by.userNamespace ? undefined : "in a mount namespace that is somebody else's") ??
          (deed.isNew ? undefined : 'it changed a mount, and made none'),
      ),
    },
    {
      what: 'a host name',
      flaws: deedsOf(seen, 'host name').map(
        deed =>
          flawOfCall(deed, [DONE]) ??
          (deed.owner === deed.by.userNamespace ? undefined : "in a UTS namespace that is somebody else's"),
      ),
    },
    {
      what: 'a file given away',
      flaws: deedsOf(seen, 'changed file')
        .filter(({ call }) => CHANGES_OWNER.test(call))
        .map(deed => flawOfCall(deed, [DONE]) ?? (isGift(seen, deed) ? undefined : 'to whom it belonged already')),
    },
  ]
  return unlessAll(
    parts,
    'each of them done by root inside: in a mount and a UTS namespace that belong to its user namespace, and by chown',
    'unshare(CLONE_NEWNS | CLONE_NEWUTS) by root inside makes namespaces that are its own, and chown knows the users of the map',
  )
}

const DONE = 'done'

/** A file that root inside has given to somebody else of the map; where there is nobody else, to itself. */
function isGift(seen: Seen, { before, after }: Extract<Deed, { kind: 'changed file' }>): boolean {
  if (!before || !after) return false
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

/** What an attempt to go one user namespace deeper lacks. */
function flawOfDescent({ answer, within }: Extract<Deed, { kind: 'user namespace' }>): string | undefined {
  const level = within.length + 1
  if (answer !== 'ENOSPC') return `level ${level} was answered ${answer}`
  return within.length >= LEAST_DEPTH ? undefined : `ENOSPC came at level ${level} already, by a limit of somebody`
}

export function refuteMayNot(seen: Seen): Objection | undefined {
  const parts: readonly Part[] = [
    {
      what: 'the outer host name',
      flaws: deedsOf(seen, 'host name')
        .filter(({ owner, by }) => owner !== by.userNamespace)
        .map(deed => flawOfCall(deed, ['EPERM'], ['CAP_SYS_ADMIN'])),
    },
    { what: 'a device', flaws: deedsOf(seen, 'made node').map(deed => flawOfCall(deed, ['EPERM'], ['CAP_MKNOD'])) },
    {
      what: "a file of the outer root's",
      flaws: deedsOf(seen, 'changed file')
        .filter(deed => isForeign(seen, deed))
        .map(deed => flawOfCall(deed, ['EACCES', 'EPERM'], ['CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_CHOWN'])),
    },
    { what: 'a level more', flaws: descentsOf(seen).map(flawOfDescent) },
  ]
  return unlessAll(
    parts,
    'root inside, with all its capabilities, asks for each of them, and the kernel says no (the last time with ENOSPC)',
    'only a call that the kernel refuses for want of a right outside counts, and a level that has no map is refused the next one with EPERM',
  )
}
