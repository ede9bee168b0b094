/**
 * What a path means to whoever has written it, found without following a link out of where they are. A path proves nothing
 * about what is there later: what is found is held open, or known by device and inode.
 */
import { closeSync, constants, fstatSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { AT_FDCWD, O_PATH, openInside } from '../../../lib/trace/open-inside.ts'
import { FILE_CALLS, OPEN_CALLS, type StoppedCall } from '../../../lib/trace/seccomp.ts'
import { int, mountOf, openFlags, pathAt } from '../call-arguments.ts'

const DIRECTORY = O_PATH | constants.O_DIRECTORY
/** What in the flags of open(2) says that something is written. */
const WRITES = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC

/** A file or directory as the kernel knows it. */
export interface Spot {
  /** Its device and inode, `64:2`. */
  readonly id: string
  readonly device: number
  /** The mount that it was reached by, as in mountinfo. */
  readonly mount: number
}

/** One that is held open. */
export interface Held extends Spot {
  readonly fd: number
}

/** What the judge has open. */
export function spotBehind(fd: number): Spot {
  const { dev, ino } = fstatSync(fd)
  return { id: `${dev}:${ino}`, device: dev, mount: mountOf('self', fd) }
}

/**
 * Opens what a path means to a thread.
 * @param directory where it begins if it is relative: a descriptor of the thread's
 * @returns `undefined` where nothing is there, or the thread is gone
 */
export function holdPath(tid: number, path: string, directory = AT_FDCWD, flags = DIRECTORY): Held | undefined {
  let fd: number | undefined
  try {
    fd = openInside(tid, directory, path, flags)
    return { fd, ...spotBehind(fd) }
  } catch {
    if (fd !== undefined) closeSync(fd)
    return undefined
  }
}

/** The same, only looked at. */
export function lookAtPath(tid: number, path: string, directory = AT_FDCWD, flags = DIRECTORY): Spot | undefined {
  const found = holdPath(tid, path, directory, flags)
  if (found) closeSync(found.fd)
  return found
}

/** What a call is about to make, change or remove. */
export interface FileCall {
  readonly path: string
  /** What is there, or the directory that it is to be in; missing where there is neither. */
  readonly at: Spot | undefined
}

const isWrite = (name: StoppedCall, args: readonly bigint[], tid: number) =>
  !OPEN_CALLS.includes(name) || (openFlags(name, args, tid) & WRITES) !== 0

/** What a call is about; `undefined` if it is none of {@link FILE_CALLS}, or only reads. */
export function fileCall(name: StoppedCall, args: readonly bigint[], tid: number): FileCall | undefined {
  const places = FILE_CALLS[name]
  try {
    if (!places || !isWrite(name, args, tid)) return undefined
    const path = pathAt(tid, args[places[1]])
    const directory = places[0] < 0 ? AT_FDCWD : int(args[places[0]])
    // Only open(2) and its like follow a link. A single file may be a mount of its own.
    const itself = lookAtPath(tid, path, directory, /^open|^creat/.test(name) ? O_PATH : O_PATH | constants.O_NOFOLLOW)
    return { path, at: itself ?? lookAtPath(tid, dirname(path.replace(/\/+$/, '') || '/'), directory) }
  } catch {
    // The pointer is wrong, or the thread was killed while it stood there.
    return undefined
  }
}

/** Where something that a thread has open is below its root, without a leading slash. */
export function pathInRoot(tid: number, fd: number): string {
  const [root, path] = [readlinkSync(`/proc/${tid}/root`), readlinkSync(`/proc/${tid}/fd/${fd}`)]
  return path.slice(root === '/' ? 1 : root.length + 1)
}
