/**
 * What was seen of the children of lab 1: what each shared with its parent and when, what it closed, where it went, and
 * what its parent did meanwhile.
 */
import type { Moment, Observation, ProcessRecord, Sharing } from '../../observer/record.ts'
import type { Act, PlacesRecord } from '../../witnesses/places.ts'
import { childrenOf } from '../claim.ts'

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
 * both, the parent has no more: it may have another file by that number then. What a thread of the parent does that has a
 * directory or descriptors of its own is nothing that the thread does which made the child.
 */
export function parentActed(seen: Seen, child: ProcessRecord): boolean {
  const { pid: number, creator, born, exiting = Number.POSITIVE_INFINITY } = child
  const fds = actsOf(seen, child).flatMap(act => closed(act).filter(fd => act.after.creator?.descriptors.includes(fd)))
  const own = seen.acts.filter(({ pid, order }) => pid === creator && order > born && order < exiting)
  const lost = ({ before, after, replaced }: Act) =>
    fds.some(fd => fd === replaced || (before.own.descriptors.includes(fd) && !after.own.descriptors.includes(fd)))
  return own.some(act => {
    const { FS = true, FILES = true } = act.ofMaker.get(number) ?? {}
    return (FS && moves(act)) || (FILES && lost(act))
  })
}

/** Whether the child has taken its parent along by pivot_root(2), which moves all who stand in the old root. */
export const tookAlong = (seen: Seen, child: ProcessRecord) =>
  actsOf(seen, child)
    .filter(({ call, before }) => call === 'pivot_root' && before.sharing?.FS === false)
    .some(({ before, after }) => after.creator && before.creator?.directory !== after.creator.directory)

/** Whether what a child had to close was gone before it was born: a child before it had closed it for their parent, too. */
export const isClosedAlready = (seen: Seen, { creator, born, birth }: Child) =>
  seen.acts.some(({ pid, order, files, before, after }) => {
    const isGone = (fd: number) =>
      before.creator?.descriptors.includes(fd) && after.creator?.descriptors.includes(fd) === false
    return (
      order < born &&
      seen.processes.get(pid)?.creator === creator &&
      files.some(fd => isGone(fd) && !birth.descriptors.includes(fd))
    )
  })

/** Whether a child shared with its parent what is wanted, from its birth to its end, and never anything else. */
export const sharesExactly = (seen: Seen, child: Child, wanted: Sharing) =>
  [sharing(seen, child), sharing(seen, child, 'ever')].every(
    shared => JSON.stringify(shared) === JSON.stringify(wanted),
  )

/** What can be shared, in words. */
export const NAMES: Readonly<Record<keyof Sharing, string>> = {
  VM: 'memory',
  FILES: 'descriptors',
  FS: 'directory',
  SIGHAND: 'signal handlers',
  IO: 'the I/O context',
  SYSVSEM: 'what semop(2) would undo',
}
