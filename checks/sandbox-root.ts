/**
 * The root directory of a sandbox: it reads like the machine's and forgets what is written.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import * as M from '../lib/mount.ts'
import { mountIdmapped } from '../lib/mount-fd.ts'
import { copyRootfs } from './copy-rootfs.ts'
import type { SandboxGroups } from './sandbox-groups.ts'
import { directoryMode, type SandboxUsers, withParents } from './sandbox-users.ts'

/** Where it is put together: a folder that every machine has and the sandbox replaces anyway. */
const STAGE = '/sys'
/** How much may be written in there, all of it in memory. */
const SPACE = 'size=256m,nr_inodes=100k'
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kmsg']
const DEVICE_LINKS = {
  ptmx: 'pts/ptmx',
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}
/** What programs write to, beside their own directory. */
const WRITABLE = ['/run', '/tmp', '/var', '/var/tmp', '/var/lib', '/etc', '/root', '/home', '/mnt', '/opt', '/srv']

/** What a root directory is made for. */
export interface RootPlan {
  readonly groups: SandboxGroups
  readonly users: SandboxUsers
  /** A process in the sandbox's user namespace. */
  readonly init: number
  /** Where the program starts: a new directory. */
  readonly directory: string
  /** A root file system, of which `directory/fs` becomes a copy. */
  readonly rootfs: string | undefined
  /** Files that the program has to reach. */
  readonly needed: readonly string[]
}

/** Makes a directory of the upper layer that stands for one of the machine's: as open as that, and root's own in there. */
function makeUpper(path: string, like: string, users: SandboxUsers): void {
  if (!existsSync(path)) mkdirSync(path)
  chmodSync(path, directoryMode(like) ?? 0o755)
  const { uid, gid } = statSync(like)
  chownSync(path, users.outside(uid), users.outside(gid))
}

/** One of the machine's mounts, and where it comes in the sandbox. */
interface Layer {
  readonly target: string
  readonly at: string
  readonly lower: string
  readonly upper: string
  readonly work: string
}

function layer(target: string, at: string, number: number): Layer {
  const folder = (name: string) => join(STAGE, `${name}${number}`)
  return { target, at, lower: folder('lower'), upper: folder('upper'), work: folder('work') }
}

function overlay({ at, lower, upper, work }: Layer): void {
  M.mount('sandbox', at, 'overlay', M.MS_NODEV, `lowerdir=${lower},upperdir=${upper},workdir=${work}`)
}

/** Attaches a mount so that its files belong to the same users in the sandbox. */
function overlayIdmapped(one: Layer, { init }: RootPlan): void {
  mountIdmapped(one.target, one.lower, `/proc/${init}/ns/user`)
  try {
    overlay(one)
  } catch (error) {
    M.umount2(one.lower)
    throw error
  }
}

/**
 * The same where kernel or file system cannot do that (before Linux 5.19; overlay on overlay): all files belong to
 * nobody then, but directories that the program needs are root's.
 */
function overlayPlain(one: Layer, { users, needed }: RootPlan): void {
  const wanted = new Set([...WRITABLE, ...needed.flatMap(withParents)])
  const below = [...wanted].filter(path => path.startsWith(one.target === '/' ? '/' : `${one.target}/`)).sort()
  M.mount(one.target, one.lower, null, M.MS_BIND)
  for (const path of below) {
    const place = join(one.upper, path.slice(one.target.length))
    const isDirectory = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
    if (isDirectory && existsSync(dirname(place))) makeUpper(place, path, users)
  }
  overlay(one)
}

/** Attaches a mount of the machine: forgetful where its file system allows that, else read-only. */
function attach(one: Layer, plan: RootPlan): void {
  for (const folder of [one.lower, one.work]) mkdirSync(folder)
  makeUpper(one.upper, one.target, plan.users)
  for (const way of [overlayIdmapped, overlayPlain]) {
    try {
      way(one, plan)
      return
    } catch {
      // The next way.
    }
  }
  M.mount(one.target, one.at, null, M.MS_BIND)
  M.mount('none', one.at, null, M.MS_BIND | M.MS_REMOUNT | M.MS_RDONLY | M.MS_NODEV | M.MS_NOSUID)
}

const PSEUDO = ['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'autofs', 'nsfs']

/** Mounts that the sandbox makes itself, or that show the machine and not its files. */
const isPseudo = (target: string, type: string) => /^\/(proc|sys|dev)(\/|$)/.test(target) || PSEUDO.includes(type)

/** A socket that is mounted as a file leads out. */
function isReadable(target: string): boolean {
  const found = statSync(target, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.isFile())
}

function mountDevices(dev: string, root: number): void {
  M.mount('dev', dev, 'tmpfs', M.MS_NOSUID, `mode=755,size=1m,uid=${root},gid=${root}`)
  for (const name of DEVICES.filter(device => existsSync(join('/dev', device)))) {
    writeFileSync(join(dev, name), '')
    const place = join(dev, name)
    M.mount(join('/dev', name), place, null, M.MS_BIND)
    // It can be written to all the same, but is the machine's: neither its owner nor its permissions may change.
    M.mount('none', place, null, M.MS_BIND | M.MS_REMOUNT | M.MS_RDONLY | M.MS_NOSUID)
  }
  for (const name of ['pts', 'shm']) mkdirSync(join(dev, name))
  for (const [name, target] of Object.entries(DEVICE_LINKS)) symlinkSync(target, join(dev, name))
  M.mount('devpts', join(dev, 'pts'), 'devpts', 0, 'newinstance,ptmxmode=0666')
  M.mount('shm', join(dev, 'shm'), 'tmpfs', M.MS_NODEV, 'mode=1777,size=64m')
}

/** Gives a tree to a user. */
function giveTree(path: string, user: number): void {
  lchownSync(path, user, user)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) giveTree(join(path, name), user)
}

/** The directory the program starts in: with a root file system, if it needs one, on a file system of its own. */
function makeDirectory(directory: string, rootfs: string | undefined, root: number): void {
  mkdirSync(directory, { mode: 0o700 })
  if (rootfs !== undefined) {
    // The nodes in there have to work, and who is root in a user namespace alone can make none.
    M.mount('program', directory, 'tmpfs', 0, 'mode=755,size=64m')
    copyRootfs(rootfs, join(directory, 'fs'))
  }
  giveTree(directory, root)
}

/**
 * Puts the root directory together and makes it that of the calling process's mount namespace, which is private. The
 * caller is root on the machine, and in the network, PID and cgroup namespace that /sys, /proc and the groups are to
 * show.
 * @throws SyscallError where the kernel lacks what it takes
 */
export function enterPrivateRoot(plan: RootPlan): void {
  const others = M.mounts().filter(
    ({ target, type }) => target !== '/' && !isPseudo(target, type) && isReadable(target),
  )
  M.mount('stage', STAGE, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, SPACE)
  const root = join(STAGE, 'root')
  mkdirSync(root)
  attach(layer('/', root, 0), plan)
  for (const [i, { target }] of others.entries()) {
    if (existsSync(join(root, target))) attach(layer(target, join(root, target), i + 1), plan)
  }
  const owner = plan.users.outside(0)
  mountDevices(join(root, 'dev'), owner)
  M.mount('proc', join(root, 'proc'), 'proc')
  M.mount('sysfs', join(root, 'sys'), 'sysfs', M.MS_RDONLY)
  plan.groups.mountBelow(root)
  process.chdir(root)
  M.pivotRoot('.', '.')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
  makeDirectory(plan.directory, plan.rootfs, owner)
}
