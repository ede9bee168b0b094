/**
 * Lab 7: a child that is root of its own user namespace and nobody's root outside, by its maps, by what it made, by what
 * it was allowed and refused, and by what was left of its capabilities.
 */
import { outsideOf } from '../../../lib/rights/id-ranges.ts'
import type { Checker, Objection } from '../claim.ts'
import { programOf, unless, unlessUnderWay } from '../claim.ts'
import { deedsOf, isRootInside, isSingle, losses, MISSED, nameSome, namespacesSeen, type Seen } from './facts.ts'
import { byRoot, refuteMay, refuteMayNot } from './powers.ts'
import { offers } from './programs-run.ts'

function refuteFile(seen: Seen): Objection | undefined {
  const all = deedsOf(seen, 'made file')
  const byRootInside = all.filter(({ by }) => isRootInside(by))
  const flaws = byRootInside.map(({ path, file, by, isSeenOutside }) => {
    if (file.uid !== outsideOf(by.maps.users, 0)) return `${path} is of another user than 0 inside`
    if (file.gid !== outsideOf(by.maps.groups, 0)) return `${path} is of another group than 0 inside`
    return isSeenOutside ? undefined : `${path} was made where nobody outside can see it`
  })
  const [other] = all
  return unless(
    flaws.includes(undefined),
    'a new file, made by root inside, that has an owner on both sides: 0 inside, and outside whoever that is',
    flaws[0] ?? (other ? `${other.path} was made by somebody who was not root inside` : 'nobody made a file there'),
    'the child has to be root before it makes the file, in a directory of the outside that it may write to (in a set-group-ID one the file has the group of that)',
  )
}

function refuteLoss(seen: Seen): Objection | undefined {
  const all = losses(seen)
  const { moment, lost, left = [] } = all.at(-1) ?? {}
  return unless(
    all.some(({ gone }) => gone !== 0n),
    'root inside has a capability, and later neither it nor its child has that in CapEff, CapPrm, CapInh, CapBnd or CapAmb',
    moment === undefined
      ? 'root inside could always do what it could at first'
      : `of some sets ${nameSome(lost ?? 0n)} had gone, and stayed in: ${left.join(', ')}`,
    'PR_CAPBSET_DROP takes it from the bounding set, capset() from the other three, and that from the ambient one',
  )
}

function refuteAfterExec(seen: Seen): Objection | undefined {
  const all = losses(seen)
  const hasRun = byRoot(seen, 'program').length > 0
  const dropped = all.find(({ gone }) => gone !== 0n)
  return unless(
    all.some(({ moment, gone }) => moment.isExec && gone !== 0n),
    'whoever has given it up runs a program, still as user 0 inside, and does not have it there either',
    dropped
      ? `nobody who had given up ${nameSome(dropped.gone)} ran a program as user 0`
      : hasRun
        ? 'every program that user 0 ran had all capabilities again'
        : 'root inside ran no program',
    'to user 0 execve gives whatever the bounding or the inheritable set has: only what is gone from both does not come back',
  )
}

function refuteSetUserId(seen: Seen): Objection | undefined {
  const all = offers(seen)
  const given = all.filter(({ isGiven, isBound }) => isGiven && !isBound)
  const withheld = all.filter(({ isGiven, isBound }) => !isGiven && isBound)
  const what = isSingle(seen) ? 'a program that user 0 runs without capabilities' : 'a set-user-ID program of the map'
  const how = !all.length
    ? `nobody inside ran ${what}`
    : !given.length
      ? `${what} was run, and never gave anything`
      : !withheld.length
        ? `${what} gave what it could, and was never run with NoNewPrivs: 1 while it had something to give`
        : 'one program gave, and another one was kept from it'
  return unless(
    given.some(one => withheld.some(other => other.file === one.file)),
    `${what} is run twice: it makes its user another one or gives capabilities; and with NoNewPrivs: 1, it does not`,
    how,
    'PR_SET_NO_NEW_PRIVS comes before execve, and the file is copied, given to 0 and made 4755 inside: one of the outside does not count there',
  )
}

/** What could still have come when the program's time was up is neither right nor wrong. */
const inTime = (what: string, refute: (seen: Seen) => Objection | undefined) => (seen: Seen) =>
  unlessUnderWay(seen, what, refute(seen))

export const checker: Checker<Seen> = [
  {
    title: 'a child lives in a user namespace of its own, and the program stays outside',
    section: 'user-namespace',
    refute: inTime('a child in a user namespace', seen => {
      const own = [...namespacesSeen(seen).keys()]
      const { exit, birth } = programOf(seen)
      const isOutside = (exit ?? birth).namespaces.user === seen.sandbox.user
      return unless(
        own.length > 0 && isOutside,
        'a process whose user namespace is another than that of the program',
        isOutside
          ? 'every process stayed in the user namespace that it was started in'
          : 'the program itself moved, and nobody was left outside',
        'CLONE_NEWUSER is missing, or unshare was called by the program itself instead of a child',
      )
    }),
  },
  {
    title: '0 inside is an ordinary user outside, by maps that have a range where there is one',
    section: 'map',
    refute: inTime('a map', seen => {
      const flaws = [...namespacesSeen(seen).values()]
      const isMissed = flaws.includes(undefined) && seen.isFlooded
      // The first one is what the program is about; those that it only descends through come later.
      const worst = isMissed ? MISSED : flaws.find(flaw => flaw !== undefined)
      return unless(
        flaws.includes(undefined) && !isMissed,
        'a process that is 0 inside, user and group alike, and for the outside one of many that are nobody there',
        worst?.seen ?? 'there was no user namespace to map',
        worst?.cause ?? 'without CLONE_NEWUSER a user is the same everywhere',
      )
    }),
  },
  {
    title: 'a file that root inside makes belongs to 0 inside and to that user outside',
    section: 'file',
    refute: inTime('a file', refuteFile),
  },
  {
    title: 'root inside mounts, sets a host name and gives a file away, where all of it is its own',
    section: 'root',
    refute: inTime('what root may', refuteMay),
  },
  {
    title: "root inside is refused the outer host name, a device, a file of the outer root's, and a level too deep",
    section: 'refused',
    refute: inTime('what root may not', refuteMayNot),
  },
  {
    title: 'root inside gives a capability up, in all five sets',
    section: 'less',
    refute: inTime('a capability given up', refuteLoss),
  },
  {
    title: 'after execve that capability is still gone, although the user is 0',
    section: 'across-execve',
    refute: inTime('a program that is run after it', refuteAfterExec),
  },
  {
    title: 'a set-user-ID program gives what it can, and with no_new_privs nothing',
    section: 'no-new-privs',
    refute: inTime('such a program', refuteSetUserId),
  },
]
