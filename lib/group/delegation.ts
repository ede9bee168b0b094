/**
 * Where the calling process may make control groups: root at the root of a hierarchy, an ordinary user in a group that
 * was handed over to them (delegated).
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CannotRun } from '../errors.ts'
import { engineHere } from '../machine/container.ts'
import { knowsFewUsers } from '../machine/self.ts'
import { isWritable } from '../mount/writable.ts'
import { getpid, getppid } from '../process.ts'
import {
  type Controller,
  type Dialect,
  type Hierarchy,
  hierarchies,
  hierarchiesWith,
  hierarchyWith,
  wordsOf,
} from './hierarchies.ts'
import { describeObstacle, obstacleIn } from './obstacle.ts'
import { isForSystemd, scopes, whyNoScope } from './systemd.ts'

/** A group in which the calling process may make others. */
export interface GroupHome {
  readonly hierarchy: Hierarchy
  /** Its directory. */
  readonly path: string
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

/** A group and those it is in, the innermost first. */
function chain(path: string, top: string): string[] {
  return path === top || !path.startsWith(`${top}/`) ? [top] : [path, ...chain(dirname(path), top)]
}

/**
 * Whether systemd manages a group: it makes and removes groups in it, and has to be asked for one that it delegates.
 */
const isSystemds = (path: string) => /\.(slice|service|scope)$/.test(basename(path)) && isForSystemd()

/**
 * The groups of a hierarchy in which the caller might make others; the first that will do is taken, and nothing is looked
 * up for those behind it.
 */
function* candidates(hierarchy: Hierarchy): Generator<string> {
  const { path, dialect } = hierarchy
  const own = () => chain(ownGroup(hierarchy) ?? path, path)
  if (dialect === 'v2') {
    // Here a process may only be moved below a group that is the caller's and that it is in already.
    yield* isWritable(path) ? [path] : own().filter(each => !isSystemds(each))
    return
  }
  yield path
  yield* own()
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && isOwn(join(path, entry.name))) yield join(path, entry.name)
}

const processesIn = (path: string) => wordsOf(join(path, 'cgroup.procs')).map(Number)

/** Whether it is the calling process, or its parent, which may wait for it outside its user namespace. */
const isUs = (pid: number) => pid === getpid() || pid === getppid()

/**
 * Whether a v2 group hands the memory controller down to the groups in it, or could. A group that does may hold no
 * processes itself, except the root group.
 */
function handsMemoryDown(path: string, top: string): boolean {
  if (wordsOf(join(path, 'cgroup.subtree_control')).includes('memory')) return true
  const mayHandDown = isWritable(join(path, 'cgroup.subtree_control'))
  const isFree = path === top || processesIn(path).every(isUs)
  return mayHandDown && isFree && wordsOf(join(path, 'cgroup.controllers')).includes('memory')
}

/** Whether groups in this one can be made, and processes moved into them. */
function isHome(path: string, { dialect, path: top }: Hierarchy, controller: Controller | undefined): boolean {
  if (!isWritable(path) || !isWritable(join(path, 'cgroup.procs'))) return false
  return dialect === 'v1' || controller !== 'memory' || handsMemoryDown(path, top)
}

/**
 * Where in a hierarchy the calling process may make groups.
 * @param controller one that they are to have; any group will do otherwise
 */
export function homeIn(hierarchy: Hierarchy, controller?: Controller): GroupHome | undefined {
  for (const path of candidates(hierarchy)) if (isHome(path, hierarchy, controller)) return { hierarchy, path }
  return undefined
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
  const fault = obstacleIn(hierarchy, controller)
  if (fault === 'read-only' || (fault && process.geteuid?.() === 0)) {
    const asking = { isRoot: process.geteuid?.() === 0, container: engineHere(), isMapped: knowsFewUsers() }
    const { cause, remedy } = describeObstacle(fault, hierarchy.path, asking)
    throw new CannotRun(
      `no control group with the ${controller} controller can be made in ${hierarchy.path}: ${cause}\nhint: ${remedy}`,
    )
  }
  const commands = handOver(hierarchy, controller).map(line => `  ${line}`)
  const { reason, remedy } = whyNoScope(controller) ?? {}
  throw new CannotRun(
    `no control group with the ${controller} controller can be made here: that takes root, or a group that is yours\n` +
      `${reason ? `${reason}\nhint: ${remedy}\n  or: ` : 'hint: '}use sudo, or hand a group over once:\n${commands.join('\n')}`,
  )
}

/** The commands by which root hands a group over to the caller, for a shell of the caller's. */
export function handOver({ path, dialect }: Hierarchy, controller: Controller): string[] {
  const group = join(path, '$USER')
  if (dialect === 'v1') return [`sudo mkdir ${group} && sudo chown -R $USER ${group}`]
  return [
    ...(controller === 'memory' ? [`echo +memory | sudo tee ${join(path, 'cgroup.subtree_control')}`] : []),
    `sudo mkdir -p ${group}/shell && sudo chown -R $USER ${group}`,
    `echo $$ | sudo tee ${group}/shell/cgroup.procs   # this shell, as long as it lives`,
  ]
}

/** Where the calling process may make groups in each hierarchy: with memory if it can be, else without. */
export function bestHomes(): GroupHome[] {
  return hierarchies().flatMap(hierarchy => homeIn(hierarchy, 'memory') ?? homeIn(hierarchy) ?? [])
}

/**
 * Moves the calling process one level down where it is alone in a v2 group in which it is going to make others (such as
 * a scope of systemd), because a group that hands controllers down may hold no processes. The new group is removed
 * together with the scope.
 * @param name of the group one level down
 * @param homes where the others are to be made
 * @param tell is called with every step as a shell command
 */
export function makeRoom(name: string, homes: readonly GroupHome[], tell: (command: string) => void = () => {}): void {
  for (const { hierarchy, path } of homes) {
    const present = hierarchy.dialect === 'v1' || path === hierarchy.path ? [] : processesIn(path)
    if (present.length === 0 || !present.every(isUs)) continue
    const room = join(path, name)
    tell(`mkdir ${room}`)
    mkdirSync(room)
    for (const pid of present) {
      tell(`echo ${pid} > ${join(room, 'cgroup.procs')}`)
      writeFileSync(join(room, 'cgroup.procs'), String(pid))
    }
  }
}

/** Every directory in which programs of this project may have made groups, as far as the caller can tell. */
export function homes(): string[] {
  return hierarchies().flatMap(hierarchy => {
    const own = [homeIn(hierarchy, 'memory'), homeIn(hierarchy)].flatMap(home => home?.path ?? [])
    const given = hierarchy.dialect === 'v2' ? scopes(hierarchy.path) : []
    return [...new Set([hierarchy.path, ...own, ...given])]
  })
}
