/**
 * What keeps the calling process from making groups in a hierarchy that is there, and what helps. The doctor says it
 * beforehand, labs and checks when they cannot go on.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Engine, rootfulCommand } from '../machine/container.ts'
import { withProgram } from '../machine/packages.mjs'
import { mounts } from '../mount/mount.ts'
import { isWritable } from '../mount/writable.ts'
import { type Controller, type Hierarchy, wordsOf } from './hierarchies.ts'

/**
 * `read-only`: it is mounted so. `occupied`: the group at its top holds processes and hands nothing down (a container's,
 * in v2). `not ours`: it belongs to a root that is not this one.
 */
export type Obstacle = 'read-only' | 'occupied' | 'not ours'

/** Whether the mount, or the whole file system on it, refuses to be written. */
function isReadOnly(path: string): boolean {
  const mount = mounts().findLast(({ target }) => target === path)
  return mount?.attributes.includes('ro') === true || mount?.options.split(',').includes('ro') === true
}

/**
 * Whether the group at the top of v2 holds processes and does not hand the controller down. In the real root group that
 * is no obstacle; in the top group of a container, which has a `cgroup.type`, it is one.
 */
function isOccupied({ path, dialect }: Hierarchy, controller: Controller): boolean {
  if (dialect === 'v1' || controller !== 'memory' || !existsSync(join(path, 'cgroup.type'))) return false
  const handsDown = wordsOf(join(path, 'cgroup.subtree_control')).includes(controller)
  return !handsDown && wordsOf(join(path, 'cgroup.procs')).length > 0
}

/** What keeps root from making groups with a controller in a hierarchy. */
export function obstacleIn(hierarchy: Hierarchy, controller: Controller): Obstacle | undefined {
  if (isReadOnly(hierarchy.path)) return 'read-only'
  if (process.getuid?.() === 0 && !isWritable(hierarchy.path)) return 'not ours'
  return isOccupied(hierarchy, controller) ? 'occupied' : undefined
}

/** The command that empties the top group of a container, so that it can hand controllers down. */
const emptyTop = (path: string) =>
  `mkdir -p ${path}/init; for p in $(cat ${path}/cgroup.procs); do echo $p > ${path}/init/cgroup.procs; done`

/** Who asks what is to be done about an obstacle. */
export interface Asking {
  /** Whether the commands are typed by root. */
  readonly isRoot: boolean
  /** How the user becomes root. */
  readonly become?: string | undefined
  /** The engine of the container that this is in, if it is known how that starts a better one. */
  readonly container?: Engine | undefined
  /** Whether root is here another user than on the machine. */
  readonly isMapped?: boolean
}

/** The cause and the remedy in words. @param path where the hierarchy is mounted */
export function describeObstacle(
  obstacle: Obstacle,
  path: string,
  { isRoot, become = 'sudo', container, isMapped = false }: Asking,
): { readonly cause: string; readonly remedy: string } {
  const better = container && rootfulCommand(container, isMapped)
  const prefix = isRoot ? '' : `${become} `
  if (obstacle === 'read-only')
    return {
      cause: 'it is mounted read-only',
      remedy: better ?? withProgram('mount', `${prefix}mount -o remount,rw ${path}`),
    }
  if (obstacle === 'not ours')
    return {
      cause: 'it belongs to the root of the machine, and this one is not that',
      remedy: better ?? 'leave this user namespace',
    }
  return {
    cause: 'the group at its top has processes in it, and then it hands nothing down',
    remedy: isRoot ? emptyTop(path) : `${prefix}sh -c '${emptyTop(path)}'`,
  }
}
