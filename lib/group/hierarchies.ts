/**
 * Where control groups live: v1 has a tree of groups for each controller, v2 one tree for all, and many machines have both.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../errors.ts'
import { engineHere, rootfulCommand } from '../machine/container.ts'
import { withProgram } from '../machine/packages.mjs'
import { knowsFewUsers } from '../machine/self.ts'
import { mounts } from '../mount/mount.ts'

/** The two interfaces of the kernel to control groups. */
export type Dialect = 'v1' | 'v2'
/** The controllers the labs are about. */
export type Controller = 'memory' | 'freezer'

/** A mounted tree of groups. */
export interface Hierarchy {
  /** Where it is mounted, `/sys/fs/cgroup/memory`. */
  readonly path: string
  readonly dialect: Dialect
  /** The controllers that groups in it can have. In v2 the freezer is no controller but part of every group. */
  readonly controllers: readonly string[]
}

/** The words of a file, none if it cannot be read. */
export function wordsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean)
  } catch {
    return []
  }
}

/** Options of a v1 mount that are no controllers. */
const isController = (option: string) => !/^(rw|ro|xattr|noprefix|clone_children|release_agent=.*)$/.test(option)

/** The hierarchies that the calling process sees from their root group on, one entry for each mount. @see cgroups(7) */
export function hierarchies(): Hierarchy[] {
  const isCgroup = (type: string) => type === 'cgroup' || type === 'cgroup2'
  // Another mount may cover it.
  const isSeen = (target: string) => existsSync(join(target, 'cgroup.procs'))
  const found = mounts().filter(({ type, root, target }) => root === '/' && isCgroup(type) && isSeen(target))
  return found.map(({ type, target, options }) =>
    type === 'cgroup'
      ? { path: target, dialect: 'v1', controllers: options.split(',').filter(isController) }
      : { path: target, dialect: 'v2', controllers: wordsOf(join(target, 'cgroup.controllers')) },
  )
}

/** Which dialects this machine speaks: hybrid has both, each controller in one of them. */
export function layout(): Dialect | 'hybrid' | 'none' {
  const dialects = new Set(hierarchies().map(({ dialect }) => dialect))
  return dialects.size > 1 ? 'hybrid' : ([...dialects][0] ?? 'none')
}

const offers = (controller: Controller) => (hierarchy: Hierarchy) =>
  hierarchy.controllers.includes(controller) || (controller === 'freezer' && hierarchy.dialect === 'v2')

/** The hierarchies in which groups have a controller; v1 comes first where both do. */
export function hierarchiesWith(controller: Controller): Hierarchy[] {
  return hierarchies()
    .filter(offers(controller))
    .sort((one, other) => one.dialect.localeCompare(other.dialect))
}

/**
 * The hierarchy in which groups have a controller.
 * @param dialect one of the two; where it is left out, v1 if that has the controller, else v2
 * @throws CannotRun with the reason and the remedy
 */
export function hierarchyWith(controller: Controller, dialect?: Dialect): Hierarchy {
  const found = hierarchiesWith(controller).find(one => dialect === undefined || one.dialect === dialect)
  if (found) return found
  const which = dialect === undefined ? '' : ` in cgroup ${dialect}`
  throw new CannotRun(
    `no control group here can have the ${controller} controller${which}\nhint: ${remedy(controller)}`,
  )
}

/** The lines of /proc/cgroups: each controller with the number of its hierarchy, which is 0 for v2. */
function knownControllers(): { readonly name: string; readonly hierarchy: string }[] {
  const lines = wordsOf('/proc/cgroups')
    .join(' ')
    .matchAll(/(\w+) (\d+) \d+ [01](?= |$)/g)
  return [...lines].map(([, name = '', hierarchy = '']) => ({ name, hierarchy }))
}

/** Whether v1 has a controller in a hierarchy that is not mounted here: another mount namespace shows it. */
function isElsewhere(controller: Controller): boolean {
  const own = knownControllers().find(({ name }) => name === controller)
  return own !== undefined && own.hierarchy !== '0' && !hierarchiesWith(controller).some(each => each.dialect === 'v1')
}

/** The command that mounts a hierarchy of v1. */
const mountAt = (path: string, controllers: string) =>
  withProgram('mount', `mkdir -p ${path} && mount -t cgroup -o ${controllers} none ${path}`)

/** The command that mounts it, together with the controllers that share its hierarchy. */
function mountElsewhere(controller: Controller): string {
  const all = knownControllers()
  const number = all.find(({ name }) => name === controller)?.hierarchy
  const names = all.filter(({ hierarchy }) => hierarchy === number).map(({ name }) => name)
  const place = layout() === 'hybrid' || layout() === 'v1' ? '/sys/fs/cgroup' : '/run/cgroup'
  const path = `${place}/${names.join(',')}`
  return `v1 has it, in a hierarchy that is not mounted here: ${mountAt(path, names.join(','))}`
}

/** Why a controller is missing, as far as the kernel tells. */
function remedy(controller: Controller): string {
  const line = wordsOf('/proc/cgroups').join(' ')
  const [, enabled] = new RegExp(`\\b${controller} \\d+ \\d+ ([01])`).exec(line) ?? []
  if (enabled === '0')
    return `it was switched off at boot: add cgroup_enable=${controller} to the kernel's command line`
  // A container gets its groups from the engine that starts it.
  const engine = engineHere()
  if (engine) return rootfulCommand(engine, knowsFewUsers())
  if (isElsewhere(controller)) return mountElsewhere(controller)
  if (layout() === 'none')
    return `no cgroup file system is mounted that shows the whole tree: ${withProgram('mount', 'mount -t cgroup2 none /sys/fs/cgroup')}`
  if (layout() !== 'v2' && enabled === '1') return mountAt(`/sys/fs/cgroup/${controller}`, controller)
  return `this kernel may be built without it: /proc/cgroups lists what it has`
}
