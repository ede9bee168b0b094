/**
 * The layers a sandbox's root directory is made of: each shows a part of the machine's files, and what is written to it
 * is lost with the sandbox.
 */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mountIdmapped, restrictMount } from '../../lib/mount/detached.ts'
import * as M from '../../lib/mount/mount.ts'
import type { Confinement } from './confinement.ts'
import type { SandboxGroups } from './groups.ts'
import { directoryMode, type SandboxUsers, withParents } from './users.ts'

/** Where the root directory is put together: a folder that every machine has, and that the sandbox replaces anyway. */
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

/** What a root directory is made from. */
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

/** Makes a directory of the upper layer in place of one of the machine's, with its permissions and its owner inside. */
function makeUpper(path: string, like: string, users: SandboxUsers): void {
  if (!existsSync(path)) mkdirSync(path)
  chmodSync(path, directoryMode(like) ?? 0o755)
  const { uid, gid } = statSync(like)
  chownSync(path, users.outside(uid), users.outside(gid))
}

/** A directory of the machine, and its place in the sandbox. */
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
  // Otherwise overlay keeps its notes in trusted.* attributes, which only root of the machine may write.
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}${users.isSingle ? ',userxattr' : ''}`
  M.mount('sandbox', at, 'overlay', M.MS_NODEV, options)
}

/** Attaches a layer as an idmapped mount, so that its files belong to the same users in the sandbox. */
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
 * The same where the kernel or the file system cannot do that (before Linux 5.19; overlay on overlay): then all files
 * belong to the overflow user (nobody), except that directories which the program needs are root's.
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

/** Makes a mount read-only. */
export function makeReadOnly(target: string, flags = M.MS_RDONLY | M.MS_NODEV | M.MS_NOSUID): void {
  try {
    restrictMount(target, flags)
  } catch {
    // Before Linux 5.12.
    M.mount('none', target, null, M.MS_BIND | M.MS_REMOUNT | flags)
  }
}

/**
 * Attaches a directory of the machine without the mounts in it: as an overlay if its file system allows that, else
 * read-only.
 */
export function attach(one: Layer, plan: RootPlan): void {
  for (const folder of [one.lower, one.work]) mkdirSync(folder)
  makeUpper(one.upper, one.target, plan.users)
  for (const way of plan.users.isSingle ? [overlayPlain] : [overlayIdmapped, overlayPlain]) {
    try {
      way(one, plan)
      return
    } catch {
      // Try the next way.
    }
  }
  M.mount(one.target, one.at, null, M.MS_BIND)
  makeReadOnly(one.at)
}

const PSEUDO = ['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'autofs', 'nsfs']

/** Mounts that the sandbox makes itself, or that show the machine and not its files. */
export const isPseudo = (target: string, type: string): boolean =>
  /^\/(proc|sys|dev)(\/|$)/.test(target) || PSEUDO.includes(type)

/** Whether a mount point is a directory or a file. Anything else is left out: a mounted socket would lead out. */
export function isReadable(target: string): boolean {
  const found = statSync(target, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.isFile())
}

/**
 * Plans a layer for each of the machine's mounts, before any of them is covered.
 * @returns attaches them below `root`
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
