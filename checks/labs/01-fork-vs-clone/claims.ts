/**
 * Lab 1: what a child shares and what it copies, by kcmp(2) and by the descriptors and directories in /proc.
 */
import { NOTHING } from '../../observer/moment.ts'
import type { Moment, Observation, ProcessRecord, Sharing } from '../../observer/record.ts'
import type { Act, PlacesRecord } from '../../witnesses/places.ts'
import type { Checker } from '../claim.ts'
import { childrenOf, unless, unlessUnderWay } from '../claim.ts'

/** What the claims of this lab see. */
export type Seen = Observation & PlacesRecord

/** A child that ran no other program and whose last moment was seen. */
export type Child = ProcessRecord & { readonly exit: Moment }

export function plainChildren(seen: Seen): Child[] {
  return childrenOf(seen).filter((child): child is Child => child.exit !== undefined && child.programs.length === 0)
}

/**
 * What it shared with its parent at every moment at which both were there: at its birth, at each of its acts, and at its
 * end; or (`ever`) at one of them. Whose parent has ended before shares nothing any more, and that is no fault of its own.
 */
export function sharing(seen: Seen, child: Child, how: 'always' | 'ever' = 'always'): Sharing {
  const { birth, exit } = child
  const acts = actsOf(seen, child).flatMap(({ before, after }) => [before.sharing, after.sharing])
  const moments = [birth.sharing, ...acts, exit.creator && exit.sharing].filter(each => each !== undefined)
  const both = (what: keyof Sharing) =>
    how === 'ever' ? moments.some(each => each[what]) : moments.every(each => each[what])
  return {
    VM: both('VM'),
    FILES: both('FILES'),
    FS: both('FS'),
    SIGHAND: both('SIGHAND'),
    IO: both('IO'),
    SYSVSEM: both('SYSVSEM'),
  }
}

/** What a child did itself, in its order. */
const actsOf = ({ acts }: Seen, { pid }: ProcessRecord) => acts.filter(act => act.pid === pid)

/** The inherited files that a call of a child closed and that its creator had open at that moment. */
const closed = ({ inherited, before, after }: Act): number[] =>
  inherited.filter(fd => !after.own.descriptors.includes(fd) && before.creator?.descriptors.includes(fd))

const moves = ({ before, after }: Act) => before.own.directory !== after.own.directory

/** Whether a child closed something and moved, while its parent lived. */
export const hasClosed = (seen: Seen, child: ProcessRecord) => actsOf(seen, child).some(act => closed(act).length > 0)
export const hasMoved = (seen: Seen, child: ProcessRecord) =>
  actsOf(seen, child).some(act => moves(act) && act.after.creator !== undefined)

/** Whether the parent lost what a child closed, and went where a child went, by the child's own call. */
export const parentLost = (seen: Seen, child: ProcessRecord) =>
  actsOf(seen, child).some(act => closed(act).some(fd => !act.after.creator?.descriptors.includes(fd)))
export const parentMoved = (seen: Seen, child: ProcessRecord) =>
  actsOf(seen, child)
    .filter(moves)
    .some(({ after }) => after.creator?.directory === after.own.directory)

/**
 * Whether the parent moved, or closed what the child closed, by a call of its own while the child lived. Where the two
 * share neither, nothing else that happens at that time comes from one of them to the other. What the child has closed for
 * both, the parent has no more: it may have another file by that number then.
 */
function parentActed(seen: Seen, child: ProcessRecord): boolean {
  const { creator, born, exiting = Number.POSITIVE_INFINITY } = child
  const fds = actsOf(seen, child).flatMap(act => closed(act).filter(fd => act.after.creator?.descriptors.includes(fd)))
  const own = seen.acts.filter(({ pid, order }) => pid === creator && order > born && order < exiting)
  const lost = ({ before, after, replaced }: Act) =>
    fds.some(fd => fd === replaced || (before.own.descriptors.includes(fd) && !after.own.descriptors.includes(fd)))
  return own.some(act => moves(act) || lost(act))
}

const NAMES: Readonly<Record<keyof Sharing, string>> = {
  VM: 'memory',
  FILES: 'descriptors',
  FS: 'directory',
  SIGHAND: 'signal handlers',
  IO: 'the I/O context',
  SYSVSEM: 'what semop(2) would undo',
}

function describe(seen: Seen, child: Child): string {
  const [ever, always] = [sharing(seen, child, 'ever'), sharing(seen, child)]
  const all = (Object.keys(NAMES) as (keyof Sharing)[]).filter(what => ever[what])
  const shared = all.map(what => (always[what] ? NAMES[what] : `${NAMES[what]} (for a part of its life)`))
  const did = [hasClosed(seen, child) && 'closed a file', hasMoved(seen, child) && 'changed directory'].filter(Boolean)
  const names = shared.join(' and ') || 'nothing'
  const beside = parentActed(seen, child) ? ', while its parent did so by itself' : ''
  return `a child that shared ${names} and ${did.join(' and ') || 'neither closed a file nor changed directory'}${beside}`
}

function describeAll(seen: Seen): string {
  const all = plainChildren(seen).map(child => describe(seen, child))
  return [...new Set(all)].join('; ') || 'no child that ended without running another program'
}

/** Whether what a child had to close was gone before it was born: a child before it had closed it for their parent, too. */
const isClosedAlready = (seen: Seen, { creator, born, birth }: Child) =>
  seen.acts.some(({ pid, order, files, before, after }) => {
    const isGone = (fd: number) =>
      before.creator?.descriptors.includes(fd) && after.creator?.descriptors.includes(fd) === false
    return (
      order < born &&
      seen.processes.get(pid)?.creator === creator &&
      files.some(fd => isGone(fd) && !birth.descriptors.includes(fd))
    )
  })

const CLOSED_ALREADY =
  'it moved, but had nothing left to close: the child that shares the descriptors had closed that file for the parent, too. Open a file anew for each child'

/** Some child must share exactly `wanted`, close a file that its parent has, change directory, and do as `how` says. */
function refute(wanted: Sharing, expected: string, cause: string, how?: (seen: Seen, child: Child) => boolean) {
  return (seen: Seen) => {
    const same = (child: Child) =>
      [sharing(seen, child), sharing(seen, child, 'ever')].every(
        shared => JSON.stringify(shared) === JSON.stringify(wanted),
      )
    const holds = plainChildren(seen).some(
      child =>
        same(child) &&
        hasClosed(seen, child) &&
        hasMoved(seen, child) &&
        !parentActed(seen, child) &&
        (how?.(seen, child) ?? true),
    )
    const isTooLate = (child: Child) =>
      same(child) && hasMoved(seen, child) && !hasClosed(seen, child) && isClosedAlready(seen, child)
    const likely = plainChildren(seen).some(isTooLate) ? CLOSED_ALREADY : cause
    return unlessUnderWay(seen, expected, unless(holds, expected, describeAll(seen), likely))
  }
}

export const checker: Checker<Seen> = [
  {
    title: 'a forked child works on a copy: its parent keeps its memory, its open file and its directory',
    section: 'copy',
    refute: refute(
      NOTHING,
      'a child that shares nothing, closes a file it inherited and changes directory, while its parent keeps both',
      'no fork at all (a thread is no child), or the child does not close and move, or the parent does it itself',
    ),
  },
  {
    title: "a CLONE_VM child works in its parent's memory, and only the memory is shared",
    section: 'share-memory',
    refute: refute(
      { ...NOTHING, VM: true },
      'a child that shares the memory from its birth to its end, closes a file and changes directory, while its parent keeps both',
      'CLONE_VM is missing, CLONE_FILES or CLONE_FS came with it, or the child ran another program and so left the memory',
    ),
  },
  {
    title: 'what a CLONE_FILES child closes is closed in its parent',
    section: 'share-files',
    refute: refute(
      { ...NOTHING, FILES: true },
      'a child that shares the descriptor table and nothing else, and closes a file that its parent then lacks',
      'CLONE_FILES is missing, or the child does not close anything its parent had open',
      parentLost,
    ),
  },
  {
    title: 'where a CLONE_FS child goes, its parent goes too',
    section: 'share-directory',
    refute: refute(
      { ...NOTHING, FS: true },
      'a child that shares the directory and nothing else, and changes it for both',
      'CLONE_FS is missing, or the child does not change directory',
      parentMoved,
    ),
  },
]
