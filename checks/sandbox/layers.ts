/**
 * The layers a sandbox's root directory is made of: each shows a part of the machine's files and forgets what is written.
 */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mountIdmapped, restrictMount } from '../../lib/mount/detached.ts'
import * as M from '../../lib/mount/mount.ts'
import type { Confinement } from './confinement.ts'
import type { SandboxGroups } from './groups.ts'
import { directoryMode, type SandboxUsers, withParents } from './users.ts'

/** Where it is put together: a folder that every machine has and the sandbox replaces anyway. */
export const STAGE = '/sys'
/** What programs write to, beside their own directory. */
const WRITABLE = [
  '/run',
  '/run/netns',
  '/tmp',
  '/var',
  '/var/tmp',
  '/var/lib',
  '/etc',
  '/root',
  '/home',
  '/mnt',
  '/opt',
  '/srv',
]

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
  readonly confinement: Confinement | undefined
}

/** Makes a directory of the upper layer that stands for one of the machine's: as open as that, and root's own in there. */
function makeUpper(path: string, like: string, users: SandboxUsers): void {
  if (!existsSync(path)) mkdirSync(path)
  chmodSync(path, directoryMode(like) ?? 0o755)
  const { uid, gid } = statSync(like)
  chownSync(path, users.outside(uid), users.outside(gid))
}

/** A directory of the machine, and where it comes in the sandbox. */
export interface Layer {
  readonly target: string
  readonly at: string
  readonly lower: string
  readonly upper: string
  readonly work: string
}

/** The layer of that number for a directory. */
export function layer(target: string, at: string, number: number): Layer {
  const folder = (name: string) => join(STAGE, `${name}${number}`)
  return { target, at, lower: folder('lower'), upper: folder('upper'), work: folder('work') }
}

function overlay({ at, lower, upper, work }: Layer, users: SandboxUsers): void {
  // What overlay notes down of a file is otherwise an attribute that root of the machine alone may write.
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}${users.isSingle ? ',userxattr' : ''}`
  M.mount('sandbox', at, 'overlay', M.MS_NODEV, options)
}

/** Attaches a mount so that its files belong to the same users in the sandbox. */
function overlayIdmapped(one: Layer, { init, users }: RootPlan): void {
  mountIdmapped(one.target, one.lower, `/proc/${init}/ns/user`)
  try {
    overlay(one, users)
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
  overlay(one, users)
}

/** Lets a mount be read and no more. */
export function makeReadOnly(target: string, flags = M.MS_RDONLY | M.MS_NODEV | M.MS_NOSUID): void {
  try {
    restrictMount(target, flags)
  } catch {
    // Before Linux 5.12.
    M.mount('none', target, null, M.MS_BIND | M.MS_REMOUNT | flags)
  }
}

/** Attaches a directory of the machine without the mounts in it: forgetful where its file system allows that, else read-only. */
export function attach(one: Layer, plan: RootPlan): void {
  for (const folder of [one.lower, one.work]) mkdirSync(folder)
  makeUpper(one.upper, one.target, plan.users)
  for (const way of plan.users.isSingle ? [overlayPlain] : [overlayIdmapped, overlayPlain]) {
    try {
      way(one, plan)
      return
    } catch {
      // The next way.
    }
  }
  M.mount(one.target, one.at, null, M.MS_BIND)
  makeReadOnly(one.at)
}

const PSEUDO = ['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'autofs', 'nsfs']

/** Mounts that the sandbox makes itself, or that show the machine and not its files. */
export const isPseudo = (target: string, type: string): boolean =>
  /^\/(proc|sys|dev)(\/|$)/.test(target) || PSEUDO.includes(type)

/** A socket that is mounted as a file leads out. */
export function isReadable(target: string): boolean {
  const found = statSync(target, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.isFile())
}

/**
 * Plans a layer for each of the machine's mounts, before any of them is covered.
 * @returns lays them below `root`
 */
export function planLayers(root: string): (plan: RootPlan) => void {
  const others = M.mounts().filter(
    ({ target, type }) => target !== '/' && !isPseudo(target, type) && isReadable(target),
  )
  return plan => {
    attach(layer('/', root, 0), plan)
    for (const [i, { target }] of others.entries())
      if (existsSync(join(root, target))) attach(layer(target, join(root, target), i + 1), plan)
  }
}
