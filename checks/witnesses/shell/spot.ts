/**
 * Directories as the kernel knows them: by device, inode and mount. A path proves nothing here, because the program can
 * put something else there, or mount something over it.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { O_PATH } from '../../../lib/trace/open-inside.ts'
import { readProc } from '../../../lib/trace/proc.ts'

const DIRECTORY = O_PATH | constants.O_DIRECTORY

/** A directory that is held open. */
interface Spot {
  readonly fd: number
  readonly device: number
  readonly inode: number
  /** The number of the mount it was reached by, as in /proc/PID/mountinfo. */
  readonly mount: number
}

/** @throws Error ENOENT, ENOTDIR and their like */
function openSpot(path: string, flags = 0): Spot {
  const fd = openSync(path, DIRECTORY | flags)
  const { dev, ino } = fstatSync(fd)
  const mount = Number(/^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1])
  return { fd, device: dev, inode: ino, mount }
}

/** Opens a directory, gives it to `act`, and closes it. */
function withSpot<T>(path: string, flags: number, act: (spot: Spot) => T): T {
  const spot = openSpot(path, flags)
  try {
    return act(spot)
  } finally {
    closeSync(spot.fd)
  }
}

const isSame = (one: Spot, other: Spot) =>
  one.device === other.device && one.inode === other.inode && one.mount === other.mount

/** Whether somebody who goes up from a directory comes to another. */
function leadsUpTo(path: string, root: Spot): boolean {
  return withSpot(path, 0, here => {
    if (isSame(here, root)) return true
    const above = `/proc/self/fd/${here.fd}/..`
    return withSpot(above, 0, up => !isSame(up, here)) && leadsUpTo(above, root)
  })
}

/**
 * Whether the working directory of a process lies in its root: after chroot(2) without chdir(2) it does not.
 * @param tid a thread of it
 * @throws Error ENOENT if it is gone
 */
export const isInRoot = (tid: number): boolean =>
  withSpot(`/proc/${tid}/root`, 0, root => leadsUpTo(`/proc/${tid}/cwd`, root))

/**
 * What is at /proc in the root of a process: the proc of its own PID namespace, nothing of the kind, something inside a
 * proc, a proc with something else over its process 1, or the proc of another PID namespace.
 */
export type ProcThere = 'own' | 'none' | 'a part' | 'covered' | 'foreign'

/** The type of a mount and the directory of its file system that is mounted, by its line in mountinfo. */
function mountedAs(tid: number, mount: number): { readonly type: string; readonly root: string } | undefined {
  const line = (readProc(tid, 'mountinfo') ?? '').split('\n').find(each => each.startsWith(`${mount} `))
  if (line === undefined) return undefined
  const [before = '', after = ''] = line.split(' - ')
  return { type: after.split(' ', 1)[0] ?? '', root: before.split(' ')[3] ?? '' }
}

/** Process 1 of a proc is the first of the PID namespace that this proc is of, if nothing is mounted over it. */
function ownerOf(proc: Spot): number | 'covered' {
  try {
    return withSpot(`/proc/self/fd/${proc.fd}/1/ns`, constants.O_NOFOLLOW, ns =>
      ns.mount === proc.mount && ns.device === proc.device
        ? Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/self/fd/${ns.fd}/pid`))?.[1])
        : 'covered',
    )
  } catch {
    // ENOENT: the first of that PID namespace is gone, or something without an `ns` is mounted over it.
    return 'covered'
  }
}

/**
 * What is at /proc in the root of a process.
 * @param tid a thread of it
 * @param own the inode of its PID namespace
 */
export function procOf(tid: number, own: number): ProcThere {
  try {
    // A symbolic link would lead out of that root, and into ours.
    return withSpot(`/proc/${tid}/root/proc`, constants.O_NOFOLLOW, proc => {
      const mount = mountedAs(tid, proc.mount)
      if (mount?.type !== 'proc') return 'none'
      if (mount.root !== '/') return 'a part'
      const owner = ownerOf(proc)
      return owner === 'covered' ? owner : owner === own ? 'own' : 'foreign'
    })
  } catch {
    // ENOENT, ENOTDIR: there is no such directory.
    return 'none'
  }
}
