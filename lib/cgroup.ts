/**
 * Control groups of either dialect: v1 (one hierarchy a controller), v2 (one for all), or both side by side.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mounts } from './mount.ts'
import { sleep } from './process.ts'

/** A mounted tree of groups. */
export interface Hierarchy {
  /** Where it is mounted, `/sys/fs/cgroup/memory`. */
  readonly path: string
  readonly version: 1 | 2
  /** v1: its controllers. v2: the controllers that a group below the root can use. */
  readonly controllers: readonly string[]
}

/** The hierarchies mounted here, one entry each. @see cgroups(7) */
export function hierarchies(): Hierarchy[] {
  const found = mounts().filter(({ type, root }) => root === '/' && (type === 'cgroup' || type === 'cgroup2'))
  return found.map(({ type, target, options }) => {
    if (type === 'cgroup') return { path: target, version: 1 as const, controllers: options.split(',') }
    return { path: target, version: 2 as const, controllers: listed(join(target, 'cgroup.subtree_control')) }
  })
}

function listed(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean)
  } catch {
    return []
  }
}

/** A group of one name in several hierarchies. */
export interface Group {
  readonly name: string
  /** Its directories. */
  readonly paths: readonly string[]
  /** Moves a process in. @throws Error ESRCH, EACCES */
  add(pid: number): void
  /** Writes a setting where the group has that file. @returns whether it has */
  set(file: string, value: string): boolean
  /** Thaws it and the groups in it. */
  thaw(): void
  /** Removes the group; waits up to a second for its last process to be gone. @throws Error EBUSY */
  remove(): void
}

/** Lets everybody in a group and the groups in it go on: what is frozen (v1) does not even die. */
function thaw(path: string): void {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const) {
    try {
      if (existsSync(join(path, file))) writeFileSync(join(path, file), value)
    } catch {
      // It has just been removed.
    }
  }
  for (const inner of innerGroups(path)) thaw(inner)
}

function innerGroups(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter(e => e.isDirectory())
    .map(e => join(path, e.name))
}

/**
 * Removes a group and those in it, by its directory.
 * @param patience how often it is tried again, every 5 ms, while its last process is not gone
 * @throws Error EBUSY
 */
export function removeGroup(path: string, patience = 200): void {
  for (const inner of innerGroups(path)) removeGroup(inner, patience)
  for (let tries = 0; existsSync(path); tries++) {
    try {
      rmdirSync(path)
    } catch (error) {
      // EBUSY: a process that has been killed leaves its group only when the kernel is done with it.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries >= patience) throw error
      sleep(0.005)
    }
  }
}

/**
 * Makes a group at the root of every hierarchy that has one of the controllers, and of the v2 hierarchy. Where groups
 * cannot be made (no cgroup mount, a read-only one) there is none, and `paths` is shorter.
 */
export function makeGroup(name: string, controllers: readonly string[]): Group {
  const wanted = hierarchies().filter(
    hierarchy => hierarchy.version === 2 || hierarchy.controllers.some(controller => controllers.includes(controller)),
  )
  const paths = wanted
    .map(({ path }) => join(path, name))
    .filter(path => {
      try {
        mkdirSync(path)
        return true
      } catch {
        return false
      }
    })
  return {
    name,
    paths,
    add: pid => {
      for (const path of paths) writeFileSync(join(path, 'cgroup.procs'), String(pid))
    },
    set: (file, value) => {
      const files = paths.map(path => join(path, file)).filter(existsSync)
      for (const path of files) writeFileSync(path, value)
      return files.length > 0
    },
    thaw: () => {
      for (const path of paths) thaw(path)
    },
    remove: () => {
      for (const path of paths) removeGroup(path)
    },
  }
}

/** The directories at the root of any hierarchy whose name `matches`. */
export function groupsNamed(matches: (name: string) => boolean): string[] {
  return hierarchies().flatMap(({ path }) =>
    readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && matches(entry.name))
      .map(entry => join(path, entry.name)),
  )
}
