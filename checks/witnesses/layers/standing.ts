/**
 * How somebody stands in their mount namespace: whether its root is theirs, and what leads from them to the old one.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { type Mount, mounts } from '../../../lib/mount/mount.ts'
import { shares } from '../../../lib/trace/kcmp.ts'
import { O_PATH } from '../../../lib/trace/open-inside.ts'
import { threadsOf } from '../../../lib/trace/scheduling.ts'
import { processOf, unlessGone } from '../../observer/threads.ts'
import { mountOf } from '../call-arguments.ts'
import { type Spot, spotBehind } from './place.ts'

/** A directory as the kernel knows it: by device, inode and mount. @throws Error ENOENT if the process is gone */
export function spotOf(path: string): Spot {
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY)
  try {
    return spotBehind(fd)
  } finally {
    closeSync(fd)
  }
}

/** The old root of a mount namespace: the file system and the directory of it that was mounted as `/`. */
export type OldRoot = Pick<Mount, 'device' | 'root'>

/** Mounts that show the old root as a whole, under another name. */
const shows =
  ({ device, root }: OldRoot) =>
  (mount: Mount) =>
    mount.device === device && mount.root === root

/** The descriptors of a thread. Others of its process run meanwhile, and may close each of them before it is looked at. */
const descriptorsOf = (tid: number) => readdirSync(`/proc/${tid}/fd`).map(Number)

/** Descriptors of directories that lie in no mount of the namespace: their `..` leads up in the old root. */
function strayDescriptors(tid: number, view: readonly Mount[]): number[] {
  const known = new Set(view.map(({ id }) => id))
  const isStray = (fd: number) =>
    statSync(`/proc/${tid}/fd/${fd}`, { throwIfNoEntry: false })?.isDirectory() && !known.has(mountOf(tid, fd))
  return descriptorsOf(tid).filter(fd => unlessGone(() => isStray(fd)) ?? false)
}

/** Descriptors by which somebody could enter another mount namespace: setns(2) takes one of it, or of a process in it. */
function namespaceDescriptors(tid: number): number[] {
  const own = readlinkSync(`/proc/${tid}/ns/mnt`)
  const leadsAway = (fd: number) => {
    const target = linkOf(`/proc/${tid}/fd/${fd}`)
    if (target === 'anon_inode:[pidfd]' || /^pidfd:/.test(target)) {
      const pid = /^Pid:\s*(\d+)/m.exec(readFileSync(`/proc/${tid}/fdinfo/${fd}`, 'utf8'))?.[1]
      return ![own, ''].includes(linkOf(`/proc/${pid}/ns/mnt`))
    }
    return target.startsWith('mnt:[') && target !== own
  }
  return descriptorsOf(tid).filter(fd => unlessGone(() => leadsAway(fd)) ?? false)
}

/** Descriptors of sockets in which others wait that nobody has received: whatever these are of, recvmsg(2) gets it. */
function laden(tid: number): number[] {
  const isLaden = (fd: number) =>
    /^socket:/.test(linkOf(`/proc/${tid}/fd/${fd}`)) &&
    /^scm_fds:\s*[1-9]/m.test(readFileSync(`/proc/${tid}/fdinfo/${fd}`, 'utf8'))
  return descriptorsOf(tid).filter(fd => unlessGone(() => isLaden(fd)) ?? false)
}

/** Where a link leads; nowhere if it has been closed, or the process has ended. */
const linkOf = (path: string): string => unlessGone(() => readlinkSync(path)) ?? ''

/** Where a mount of proc shows processes of another PID namespace. */
function showsOthers(tid: number, { root, target }: Mount, own: string): boolean {
  const first = linkOf(`/proc/${tid}/root${target}/${root === '/' ? '1/' : ''}ns/pid`)
  return first !== '' && first !== own
}

/** All that is known of where somebody may come to. */
export interface Surroundings {
  /** All mounts of their mount namespace. */
  readonly view: readonly Mount[]
  /** What was `/` there before. */
  readonly oldRoots: readonly OldRoot[]
  /** The PID namespace that they must not be in. */
  readonly outer: number
  /** The directories by which their layers can be reached, by device and inode. */
  readonly layers: ReadonlySet<string>
  /** Those of their PID namespace who live in another mount namespace, by their number in there. */
  readonly neighbours: readonly number[]
}

/**
 * What leads from a process to the old root, in words.
 * @throws Error ENOENT if it is gone
 */
export function waysOut(tid: number, { view, oldRoots, outer, layers, neighbours }: Surroundings): string[] {
  const here = mounts(tid)
  const others = apartFrom(tid)
  const pid = readlinkSync(`/proc/${tid}/ns/pid`)
  const isLayer = ({ target }: Mount) => {
    const found = statSync(`/proc/${tid}/root${target}`, { throwIfNoEntry: false })
    return found !== undefined && layers.has(`${found.dev}:${found.ino}`)
  }
  const old = view.filter(mount => oldRoots.some(root => shows(root)(mount))).map(({ target }) => target)
  const open = here.filter(mount => mount.type !== 'proc' && mount.target !== '/' && isLayer(mount))
  const proc = here.filter(mount => mount.type === 'proc' && showsOthers(tid, mount, pid))
  return [
    ...old.map(target => `the old root is still mounted, ${target === '/' ? 'over the new one' : `at ${target}`}`),
    ...open.map(({ target }) => `its own layers are open to it, at ${target}`),
    ...(pid === `pid:[${outer}]` ? [`it is in the PID namespace of those outside, and ${ROOT_OF}`] : []),
    ...proc.map(({ target }) => `its ${target} shows those outside, and ${ROOT_OF}`),
    ...neighbours.map(
      number => `process ${number} of its PID namespace lives outside, and its /proc/${number}/root is the old root`,
    ),
    ...new Set([...openWays(tid, view), ...others.flatMap(one => unlessGone(() => openWays(one, view)) ?? [])]),
  ]
}

/** Those threads of its process that have other descriptors or another directory: a thread can part with both. */
function apartFrom(tid: number): number[] {
  const isApart = (other: number) => !shares(tid, other, 'FILES') || !shares(tid, other, 'FS')
  const others = threadsOf(processOf(tid) ?? tid).filter(other => other !== tid)
  return others.filter(other => unlessGone(() => isApart(other)) ?? false)
}

/** What leads from a thread to the old root by what it has open, and by where it is. */
function openWays(tid: number, view: readonly Mount[]): string[] {
  const cwd = unlessGone(() => spotOf(`/proc/${tid}/cwd`).mount)
  return [
    ...(cwd === undefined || view.some(({ id }) => id === cwd)
      ? []
      : [`its working directory is ${linkOf(`/proc/${tid}/cwd`)}, in the old root`]),
    ...strayDescriptors(tid, view).map(
      fd => `its descriptor ${fd} is ${linkOf(`/proc/${tid}/fd/${fd}`)}, a directory of the old root`,
    ),
    ...laden(tid).map(fd => `its descriptor ${fd} is a socket in which descriptors wait that nobody has received`),
    ...namespaceDescriptors(tid).map(fd => `its descriptor ${fd} leads into another mount namespace, by setns(2)`),
  ]
}

const ROOT_OF = '/proc/PID/root of each of them is the old root'
