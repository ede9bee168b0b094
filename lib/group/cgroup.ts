/**
 * Control groups of either dialect through one interface. It reports every step as the shell command that does the
 * same.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CannotRun, UsageError } from '../errors.ts'
import { announce } from '../machine/announce.ts'
import { INITIAL_PID_NAMESPACE } from '../machine/container.ts'
import { namespaceInode } from '../namespaces.ts'
import { getpid } from '../process.ts'
import { type Keeper, keep } from '../tidy/keeper.ts'
import { type Fate, fateOf, type Owner } from '../tidy/owner.ts'
import { type GroupHome, homes, homesWith, homeWith, makeRoom } from './delegation.ts'
import { discardGroups, explain, GroupDirectory, innerGroups, removeGroup, type Tell } from './directory.ts'
import type { Group } from './group.ts'
import { type Controller, type Dialect, type Hierarchy, hierarchies, hierarchyWith, wordsOf } from './hierarchies.ts'
import { GroupV1 } from './v1.ts'
import { GroupV2 } from './v2.ts'

/** The names of all groups that this project makes begin with this, and contain the PID of their owner. */
export const PREFIX = 'containers-from-clone'
/**
 * The name of a group that belongs to the calling process, `containers-from-clone.lab5.4711`. Outside the initial PID
 * namespace the inode of the PID namespace is appended, because a PID says nothing without its namespace.
 */
export function ownName(what: string, pid = getpid()): string {
  const namespace = namespaceInode('self', 'pid')
  return `${PREFIX}.${what}.${pid}${namespace === INITIAL_PID_NAMESPACE ? '' : `@${namespace}`}`
}

/** The owner of a group by its name; `undefined` for a name that {@link ownName} does not give. */
export function groupOwner(name: string): Owner | undefined {
  if (!name.startsWith(`${PREFIX}.`)) return undefined
  const [, pid, namespace = INITIAL_PID_NAMESPACE] =
    /^[\w-]+\.([1-9]\d*)(?:@(\d+))?$/.exec(name.slice(PREFIX.length + 1)) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), namespace: Number(namespace) }
}

/** Whether the owner of a group still runs, by the group's directory; `undefined` where it is not this project's. */
export function groupFate(path: string): Fate | undefined {
  const owner = groupOwner(basename(path))
  // The kernel does not tell when a group was made; the time of its last change may be later, and is never earlier.
  return owner && fateOf(owner, statSync(path, { throwIfNoEntry: false })?.mtimeMs)
}

const silent: Tell = () => {}

/** How {@link makeGroup} makes its group. */
export interface GroupOptions {
  /** By default v1 if that has the controller, else v2. */
  readonly dialect?: Dialect
  /** Is called with every step as a shell command. */
  readonly tell?: Tell
}

function makeDirectory(path: string, tell: Tell): void {
  tell(`mkdir ${path}`)
  announce('mkdir')
  try {
    mkdirSync(path)
  } catch (error) {
    throw explain(error, 'mkdir', [path], 'cgroup mkdir')
  }
}

/** The group at a directory of a hierarchy. */
export function groupAt(path: string, { dialect }: Pick<Hierarchy, 'dialect'>, tell: Tell = silent): GroupV1 | GroupV2 {
  return dialect === 'v1' ? new GroupV1(path, tell) : new GroupV2(path, tell)
}

/**
 * Makes a group with a controller: at the root of its hierarchy or, for an ordinary user, in a group that is theirs.
 * @param name its name, {@link ownName}
 * @throws CannotRun where no hierarchy has the controller, or none of its groups is the caller's; SyscallError EACCES,
 *   EROFS, EEXIST, EBUSY
 */
export function makeGroup(name: string, controller: Controller, { dialect, tell = silent }: GroupOptions = {}): Group {
  return makeGroupIn(homeWith(controller, dialect), name, controller, tell)
}

function makeGroupIn({ hierarchy, path: home }: GroupHome, name: string, controller: Controller, tell: Tell): Group {
  const path = join(home, name)
  makeDirectory(path, tell)
  const group = groupAt(path, hierarchy, tell)
  try {
    if (group.dialect === 'v2' && controller === 'memory') group.enable(controller, tell)
    if (!group.has(controller === 'memory' ? group.memoryFiles.limit : group.freezerFiles.control))
      throw new CannotRun(`${path} has no ${controller} files\nhint: this kernel is too old or built without them`)
    return group
  } catch (error) {
    removeGroup(path)
    throw error
  }
}

/**
 * Makes a group that does not outlive the calling process: however the caller ends, a keeper process then thaws the
 * group, kills the processes in it and removes it.
 * @param what for whom, `lab5`
 * @throws as {@link makeGroup}
 */
export function makeOwnGroup(what: string, controller: Controller, options: GroupOptions = {}): Group {
  sweepGroups()
  if (controller === 'memory') makeRoom(ownName('shell'), homesWith('memory'), options.tell)
  const name = ownName(what)
  const home = homeWith(controller, options.dialect)
  const path = join(home.path, name)
  // A group of this name can only be left from an earlier process that has ended and whose PID is ours now.
  if (existsSync(path)) discardGroups([path])
  const wasEnabled = isEnabled(home.path)
  const keeper = keep(() => discard(path, wasEnabled))
  try {
    return releasing(makeGroupIn(home, name, controller, options.tell ?? silent), keeper)
  } catch (error) {
    keeper.release()
    throw error
  }
}

/** The same group, whose removal also releases its keeper. */
function releasing(group: Group, keeper: Keeper): Group {
  const remove = group.remove.bind(group)
  group.remove = () => {
    remove()
    keeper.release()
  }
  return group
}

/** Whether the parent of a new group hands down the memory controller already. */
const isEnabled = (parent: string) => wordsOf(join(parent, 'cgroup.subtree_control')).includes('memory')

/** What the keeper of a group does: removes it, and disables the memory controller again if it was enabled for it. */
function discard(path: string, wasEnabled: boolean): void {
  if (existsSync(path)) discardGroups([path])
  const parent = new GroupDirectory(dirname(path), silent)
  if (!wasEnabled && isEnabled(parent.path) && innerGroups(parent.path).length === 0)
    parent.write('cgroup.subtree_control', '-memory')
}

const EXAMPLE = 'groups are directories such as /sys/fs/cgroup/memory/mine, or in v2 /sys/fs/cgroup/mine'

/**
 * A group that this project has not made, by its directory.
 * @throws UsageError when the path is no group, or one of another controller
 */
export function openGroup(path: string, controller: Controller, tell: Tell = silent): Group {
  const isBelow = (one: Hierarchy) => path.startsWith(`${one.path}/`)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(
      `${path} is no group\nhint: ${hierarchies().some(isBelow) ? `make it first, as root: mkdir ${path}` : EXAMPLE}`,
    )
  const real = realpathSync(path)
  const hierarchy = hierarchies()
    .filter(one => real === one.path || real.startsWith(`${one.path}/`))
    .sort((one, other) => other.path.length - one.path.length)[0]
  if (!hierarchy) throw new UsageError(`${path} is no control group\nhint: ${EXAMPLE}`)
  const group = groupAt(real, hierarchy, tell)
  if (group.has(controller === 'memory' ? group.memoryFiles.limit : group.freezerFiles.control)) return group
  const remedy =
    hierarchy.dialect === 'v2' && real !== hierarchy.path && hierarchy.controllers.includes(controller)
      ? `as root: echo +${controller} > ${dirname(real)}/cgroup.subtree_control`
      : `take one below ${hierarchyWith(controller).path}`
  throw new UsageError(`${path} is no group of the ${controller} controller\nhint: ${remedy}`)
}

/**
 * Writes settings back and goes on past failures, because a group may have vanished. It writes them twice, because of
 * two limits the kernel may accept the second only after the first, or the first only after the second.
 */
function writeBack(group: Group, settings: readonly [string, string][]): void {
  for (const [file, text] of [...settings, ...settings]) {
    try {
      if (group.read(file) !== text) group.write(file, text)
    } catch {
      // It has vanished, or its owner has changed it meanwhile.
    }
  }
}

/**
 * A memory group that this project has not made, for the calling process to use. Its `remove` writes the limits back
 * and leaves the group there, and so does a keeper process when the caller is killed.
 * @throws UsageError as {@link openGroup}, and when there are processes in it
 */
export function borrowMemoryGroup(path: string, tell: Tell = silent): Group {
  const group = openGroup(path, 'memory', tell)
  const present = group.processes()
  if (present.length > 0)
    throw new UsageError(
      `${path} is in use: there are processes in it (${present.slice(0, 5).join(', ')}), and a limit could kill them\n` +
        'hint: take a group that is empty',
    )
  if (innerGroups(group.path).length > 0)
    throw new UsageError(`${path} has groups in it, and a limit could kill their processes\nhint: take one without`)
  if (group.dialect === 'v1' && group.read('memory.oom_control').includes('oom_kill_disable 1'))
    throw new UsageError(
      `${path} is set to stop processes instead of killing them\nhint: echo 0 > ${path}/memory.oom_control`,
    )
  const settings = group.memorySettings()
  const keeper = keep(() => writeBack(openGroup(path, 'memory'), settings))
  group.remove = () => {
    writeBack(group, settings)
    keeper.release()
  }
  return group
}

/** The directories whose name `matches`, wherever the caller's own groups may be. */
export function groupsNamed(matches: (name: string) => boolean): string[] {
  return homes().flatMap(path =>
    readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && matches(entry.name))
      .map(entry => join(path, entry.name)),
  )
}

/**
 * Removes the groups, with the processes in them, whose owner and keeper in this PID namespace were both killed. Those
 * of other PID namespaces are left to `npm run clean`, because it takes longer to look for their owners.
 */
export function sweepGroups(): void {
  const own = namespaceInode('self', 'pid')
  try {
    const ours = groupsNamed(name => groupOwner(name)?.namespace === own)
    discardGroups(ours.filter(path => groupFate(path) === 'dead'))
  } catch {
    // ENOENT: another process has removed it meanwhile. EACCES: it belongs to root.
  }
}
