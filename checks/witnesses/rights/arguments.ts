/**
 * Which file a call means, and how it is meant: from the arguments of a thread that stands still at its beginning.
 */
import { closeSync, constants, fstatSync, readlinkSync, statSync } from 'node:fs'
import { AT_FDCWD, O_PATH, openInside } from '../../../lib/trace/open-inside.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'
import { int, openFlags, pathAt } from '../call-arguments.ts'

const AT_SYMLINK_NOFOLLOW = 0x100
const AT_EMPTY_PATH = 0x1000
const S_ISUID = 0o4000

/** A file at one moment. */
export interface FileThere {
  /** Device and inode. */
  readonly identity: string
  readonly uid: number
  readonly gid: number
  readonly isSetUserId: boolean
}

/** The file that a call names. */
export interface Target {
  /** The path as the program wrote it, or that of the descriptor. */
  readonly path: string
  /** What is there now; `undefined` where there is nothing, or nothing that could be seen. */
  readonly look: () => FileThere | undefined
}

/** A file by a path that is the judge's own. */
export function fileAt(path: string): FileThere | undefined {
  try {
    const { dev, ino, uid, gid, mode } = statSync(path)
    return { identity: `${dev}:${ino}`, uid, gid, isSetUserId: (mode & S_ISUID) !== 0 }
  } catch {
    return undefined
  }
}

/** A file by a path as a process has it. */
export function fileInside(pid: number, directory: number, path: string, follows = true): FileThere | undefined {
  let fd: number | undefined
  try {
    fd = openInside(pid, directory, path, O_PATH | (follows ? 0 : constants.O_NOFOLLOW))
    const { dev, ino, uid, gid, mode } = fstatSync(fd)
    return { identity: `${dev}:${ino}`, uid, gid, isSetUserId: (mode & S_ISUID) !== 0 }
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function byDescriptor(tid: number, fd: number): Target {
  const link = `/proc/${tid}/fd/${fd}`
  let path = `descriptor ${fd}`
  try {
    path = readlinkSync(link)
  } catch {
    // It is not open.
  }
  return { path, look: () => fileAt(link) }
}

function byPath(tid: number, directory: number, address: bigint | undefined, flags = 0): Target {
  const path = pathAt(tid, address)
  if (path === '' && (flags & AT_EMPTY_PATH) !== 0) return byDescriptor(tid, directory)
  const follows = (flags & AT_SYMLINK_NOFOLLOW) === 0
  return { path, look: () => fileInside(tid, directory, path, follows) }
}

/**
 * The file that a call of OPEN_CALLS or OWNER_CALLS means.
 * @throws Error if the thread was killed while it stood there, or a pointer of it is wrong
 */
export function targetOf(name: StoppedCall, args: readonly bigint[], tid: number): Target {
  switch (name) {
    case 'openat':
    case 'openat2':
    case 'fchmodat':
      return byPath(tid, int(args[0]), args[1])
    case 'fchmodat2':
      return byPath(tid, int(args[0]), args[1], int(args[3]))
    case 'fchownat':
      return byPath(tid, int(args[0]), args[1], int(args[4]))
    case 'fchown':
    case 'fchmod':
      return byDescriptor(tid, int(args[0]))
    case 'lchown':
      return byPath(tid, AT_FDCWD, args[0], AT_SYMLINK_NOFOLLOW)
    default:
      return byPath(tid, AT_FDCWD, args[0])
  }
}

/** How a call opens its file: whether it makes one where there is none, and whether it writes. */
export function openingOf(name: StoppedCall, args: readonly bigint[], tid: number) {
  const { O_CREAT, O_WRONLY, O_RDWR, O_TRUNC } = constants
  const flags = openFlags(name, args, tid)
  return { makes: (flags & O_CREAT) !== 0, writes: (flags & (O_WRONLY | O_RDWR | O_TRUNC)) !== 0 }
}
