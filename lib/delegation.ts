/**
 * Where the calling process may make control groups: root at the root of a hierarchy, an ordinary user in a group that
 * was handed over to them (delegated).
 */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CannotRun } from './errors.ts'
import {
  type Controller,
  type Dialect,
  type Hierarchy,
  hierarchies,
  hierarchiesWith,
  hierarchyWith,
  wordsOf,
} from './hierarchies.ts'

/** A group in which the calling process may make others. */
export interface GroupHome {
  readonly hierarchy: Hierarchy
  /** Its directory. */
  readonly path: string
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const isOwn = (path: string) => statSync(path, { throwIfNoEntry: false })?.uid === process.geteuid?.()

/**
 * The group of the calling process in a hierarchy, by its directory.
 * @see cgroups(7), /proc/PID/cgroup
 */
export function ownGroup({ path, dialect, controllers }: Hierarchy): string | undefined {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  for (const line of lines) {
    const [, names = '', group = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const isIt = dialect === 'v2' ? names === '' : names.split(',').includes(controllers[0] ?? '')
    if (isIt) return join(path, group)
  }
  return undefined
}

/** A group and those it is in, the outermost first. */
function chain(path: string, top: string): string[] {
  return path === top || !path.startsWith(`${top}/`) ? [top] : [...chain(dirname(path), top), path]
}

/** The groups of a hierarchy that may have been handed to the caller; the first that will do is taken. */
function candidates(hierarchy: Hierarchy): string[] {
  const { path, dialect } = hierarchy
  const own = chain(ownGroup(hierarchy) ?? path, path)
  // In v2 a process may only be moved below a group that is the caller's and that it is in already.
  if (dialect === 'v2') return own
  const others = readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory())
  return [...own, ...others.map(({ name }) => join(path, name)).filter(isOwn)]
}

/** Whether groups below this one can be made, and processes moved into them. */
function isHome(path: string, dialect: Dialect, controller: Controller | undefined): boolean {
  if (!isWritable(path) || !isWritable(join(path, 'cgroup.procs'))) return false
  if (dialect === 'v1' || controller !== 'memory') return true
  const handsDown = wordsOf(join(path, 'cgroup.subtree_control')).includes('memory')
  const mayHandDown = isWritable(join(path, 'cgroup.subtree_control'))
  return handsDown || (mayHandDown && wordsOf(join(path, 'cgroup.controllers')).includes('memory'))
}

/**
 * Where in a hierarchy the calling process may make groups.
 * @param controller one that they are to have; any group will do otherwise
 */
export function homeIn(hierarchy: Hierarchy, controller?: Controller): GroupHome | undefined {
  const path = candidates(hierarchy).find(each => isHome(each, hierarchy.dialect, controller))
  return path === undefined ? undefined : { hierarchy, path }
}

/** Where the calling process may make groups with a controller, v1 first where that has it, too. */
export function homesWith(controller: Controller): GroupHome[] {
  return hierarchiesWith(controller).flatMap(hierarchy => homeIn(hierarchy, controller) ?? [])
}

/**
 * Where the calling process may make groups with a controller.
 * @param dialect one of the two; where it is left out, v1 if there it may, else v2
 * @throws CannotRun with the reason and the remedy
 */
export function homeWith(controller: Controller, dialect?: Dialect): GroupHome {
  const found = homesWith(controller).find(({ hierarchy }) => dialect === undefined || hierarchy.dialect === dialect)
  if (found) return found
  const hierarchy = hierarchyWith(controller, dialect)
  throw new CannotRun(
    `no control group with the ${controller} controller can be made here: that takes root, or a group that is yours\n` +
      `hint: use sudo, or hand a group over once:\n${handOver(hierarchy, controller)
        .map(line => `  ${line}`)
        .join('\n')}`,
  )
}

/** The commands by which root hands a group over to the caller, for a shell of the caller's. */
export function handOver({ path, dialect }: Hierarchy, controller: Controller): string[] {
  const group = join(path, '$USER')
  if (dialect === 'v1') return [`sudo mkdir ${group} && sudo chown -R $USER ${group}`]
  return [
    ...(controller === 'memory' ? [`echo +memory | sudo tee ${join(path, 'cgroup.subtree_control')}`] : []),
    `sudo mkdir -p ${group}/shell && sudo chown -R $USER ${group}`,
    `echo $$ | sudo tee ${group}/shell/cgroup.procs   # this shell, for its lifetime`,
  ]
}

/** Every directory in which this project may have made groups, as far as the caller may: one or two a hierarchy. */
export function homes(): string[] {
  return hierarchies().flatMap(hierarchy => [...new Set([hierarchy.path, homeIn(hierarchy)?.path ?? hierarchy.path])])
}
