/**
 * What the kernel says of a process that stands still: its namespaces, what it shares, its descriptors.
 */
import { readlinkSync, statSync } from 'node:fs'
import { CLONE_IO, CLONE_SYSVSEM } from '../../lib/flags.ts'
import { openDescriptors } from '../../lib/machine/descriptors.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { type Shareable, shares } from '../../lib/trace/kcmp.ts'
import type { Moment, Place, Sharing } from './record.ts'

/** Whether a look failed because the process was killed while it stood there, or belongs to somebody else by now. */
const isGone = (error: unknown) => ['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')

/** What a process has now. By inode: a path changes its text when somebody removes or renames the directory. */
function placeOf(tid: number): Place {
  const { dev, ino } = statSync(`/proc/${tid}/cwd`)
  return { directory: `${dev}:${ino}`, descriptors: openDescriptors(tid) }
}

/** The same; `undefined` if it is gone. */
export function lookAtPlace(tid: number | undefined): Place | undefined {
  try {
    return tid === undefined ? undefined : placeOf(tid)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** What two processes share that share nothing. */
export const NOTHING: Sharing = { VM: false, FILES: false, FS: false, SIGHAND: false, IO: false, SYSVSEM: false }

/**
 * What two processes share; nothing, if one of them is gone.
 * @param flags of the clone that made the one from the other. Who has no I/O context, and no list of what semop(2) would
 *   undo, shares that with everybody else who has none: only with its flag it was meant to be shared
 */
export function sharingOf(tid: number, other: number, flags: number): Sharing {
  const compare = (what: Shareable) => shares(tid, other, what)
  try {
    return {
      VM: compare('VM'),
      FILES: compare('FILES'),
      FS: compare('FS'),
      SIGHAND: compare('SIGHAND'),
      IO: (flags & CLONE_IO) !== 0 && compare('IO'),
      SYSVSEM: (flags & CLONE_SYSVSEM) !== 0 && compare('SYSVSEM'),
    }
  } catch (error) {
    if (isGone(error)) return NOTHING
    throw error
  }
}

/**
 * A process at this moment, and its creator.
 * @param tid a thread of it that stands still
 * @param creator a living thread of its creator, if that has one
 * @param flags of the clone that made it
 * @returns `undefined` if the process itself has just been killed
 */
export function look(tid: number, creator: number | undefined, flags: number): Moment | undefined {
  try {
    const beside = lookAtPlace(creator)
    const sharing = creator === undefined || !beside ? NOTHING : sharingOf(tid, creator, flags)
    return { namespaces: namespaces(tid), ...placeOf(tid), sharing, ...(beside && { creator: beside }) }
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** For a process that was killed before it could be looked at: where its creator was when that one was born. */
export const notSeen = (creatorsBirth: Moment | undefined): Moment | undefined =>
  creatorsBirth && { ...creatorsBirth, sharing: NOTHING }

/** The file of the program that a process runs, as the kernel has loaded it. */
export function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return '?'
  }
}
