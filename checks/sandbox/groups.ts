/**
 * The control groups of a sandbox, in each hierarchy two of its own: an outer one that has the limits, and in it the one
 * that the program sees as the root of that hierarchy.
 */
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownName, sweepGroups } from '../../lib/group/cgroup.ts'
import { bestHomes } from '../../lib/group/delegation.ts'
import { discardGroups, GroupDirectory, innerGroups, removeGroup, thawAll } from '../../lib/group/directory.ts'
import { type Controller, type Hierarchy, wordsOf } from '../../lib/group/hierarchies.ts'
import { handDown } from '../../lib/group/v2.ts'
import { mount } from '../../lib/mount/mount.ts'
import { type Keeper, keep } from '../../lib/tidy/keeper.ts'

/**
 * What a sandbox may have: processes and threads, bytes of memory, with all that is written to files, and control groups
 * at a time. v1 does not bound those; but whoever looks at every group must not be worn out by groups without number.
 */
export const BOUNDS = { processes: 512, memory: 512 * 1024 * 1024, groups: 100 } as const
/** The kernel charges up to 64 pages to a group at a time. */
const LOT = 64 * 4096
/** Settings by file; those of a controller that is not there are left out. The sandbox does not swap. */
const LIMITS: readonly (readonly [string, string])[] = [
  ['pids.max', String(BOUNDS.processes)],
  ['memory.limit_in_bytes', String(BOUNDS.memory)],
  ['memory.memsw.limit_in_bytes', String(BOUNDS.memory)],
  ['memory.max', String(BOUNDS.memory)],
  ['memory.swap.max', '0'],
]
/** The files of a group that a user has to be able to write to make groups in it; '' is the directory itself. */
const HANDED = ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control', 'tasks']
const V1_CONTROLLERS = ['memory', 'freezer', 'pids']
const V2_CONTROLLERS = ['memory', 'pids']
/** Where control groups are on every machine that has not moved them. */
const USUAL = '/sys/fs/cgroup'
/** The inner group. */
const INSIDE = 'inside'
/** v2 only: the group of the sandbox's own processes, because a group that hands controllers down may hold none. */
const LEAF = 'sandbox'

/** The inner group of one hierarchy, and where that is mounted. */
interface Place {
  readonly hierarchy: Hierarchy
  readonly path: string
}

/** Writes each of these settings that a group has. */
function limit(group: string): void {
  for (const [file, value] of LIMITS) if (existsSync(join(group, file))) writeFileSync(join(group, file), value)
}

/** A counter of a group: the number behind `name`, or the only one; 0 where there is none. */
function count(file: string, name = ''): number {
  const words = wordsOf(file)
  return Number(words[name === '' ? 0 : words.indexOf(name) + 1] ?? 0)
}

/** Whether a group has reached the limit of a sandbox. v1 tells only how much it held at most, in lots of pages. */
function isAtLimit(group: string): boolean {
  const peak = count(join(group, 'memory.max_usage_in_bytes'))
  return peak > BOUNDS.memory - LOT || count(join(group, 'memory.events.local'), 'oom') > 0
}

/** Whether the OOM killer has killed a process in it. */
const hasKilled = (group: string) =>
  count(join(group, 'memory.oom_control'), 'oom_kill') > 0 || count(join(group, 'memory.events'), 'oom_kill') > 0

/**
 * The groups of one sandbox, in every hierarchy that the labs use. Where none can be made (read-only) there is none.
 */
export class SandboxGroups {
  readonly #places: Place[] = []
  readonly #undo: (() => void)[] = []
  readonly #keeper: Keeper
  /** Found out when the groups are made: init, in its own mount namespace, cannot see the outer groups. */
  #limitsProcesses = false
  /** Those that were there when there were more than the bound allows: from then on no others are looked at. */
  #first: readonly string[] | undefined

  /** Removes the groups that killed checks have left, and makes those of this one. */
  constructor() {
    sweepGroups()
    const name = ownName('check')
    const isWanted = ({ dialect, controllers }: Hierarchy) =>
      dialect === 'v2' || controllers.some(controller => V1_CONTROLLERS.includes(controller))
    const found = bestHomes().filter(({ hierarchy }) => isWanted(hierarchy))
    // A frozen process outlives its tracer: it dies only when its group is thawed.
    this.#keeper = keep(() => discardGroups(found.map(({ path }) => join(path, name))))
    for (const { hierarchy, path } of found) this.#make(hierarchy, join(path, name))
  }

  #make(hierarchy: Hierarchy, outer: string): void {
    const path = join(outer, INSIDE)
    try {
      // A group of this name can only be left from an earlier judge that has ended and whose PID is ours now.
      if (existsSync(outer)) discardGroups([outer])
      mkdirSync(outer)
      if (hierarchy.dialect === 'v2') this.#handDown(dirname(outer), outer)
      mkdirSync(path)
    } catch {
      if (existsSync(outer)) removeGroup(outer)
      return
    }
    this.#places.push({ hierarchy, path })
    limit(outer)
    this.#limitsProcesses ||= existsSync(join(outer, 'pids.max'))
    if (hierarchy.dialect === 'v2') mkdirSync(join(path, LEAF))
  }

  /**
   * A group that holds processes, as a container's root group may, cannot hand the memory controller down: then the
   * sandbox has no memory group. It could hand pids down, but only to threaded groups, into which no process can be
   * moved (cgroups(7)): so nothing is handed down at all.
   */
  #handDown(root: string, outer: string): void {
    if (existsSync(join(root, 'cgroup.type')) && wordsOf(join(root, 'cgroup.procs')).length > 0) return
    try {
      this.#undo.push(handDown(new GroupDirectory(root, () => {}), V2_CONTROLLERS))
      handDown(new GroupDirectory(outer, () => {}), V2_CONTROLLERS)
    } catch {
      // EBUSY
    }
  }

  /** Whether a program can make groups with a controller in here. */
  has(controller: Controller): boolean {
    return this.#places.some(({ hierarchy, path }) => {
      if (hierarchy.dialect === 'v1') return hierarchy.controllers.includes(controller)
      return controller === 'freezer' || wordsOf(join(path, 'cgroup.controllers')).includes(controller)
    })
  }

  /** Whether it bounds how many processes a program has. */
  get limitsProcesses(): boolean {
    return this.#limitsProcesses
  }

  /** The inner groups, as the judge sees them. */
  get #paths(): string[] {
    return this.#places.map(({ path }) => path)
  }

  /** Moves a process of the sandbox in, before it makes its cgroup namespace. */
  add(pid: number): void {
    for (const path of this.#paths) writeFileSync(join(path, 'cgroup.procs'), String(pid))
  }

  /** Hands the inner groups to root in the sandbox. The caller is in them, as init is, and in init's PID namespace. */
  hand(root: number): void {
    for (const { path, hierarchy } of this.#places) {
      const isV2 = hierarchy.dialect === 'v2'
      if (isV2) for (const pid of ['0', '1']) writeFileSync(join(path, LEAF, 'cgroup.procs'), pid)
      if (isV2 && hierarchy.controllers.length > 0) handDown(new GroupDirectory(path, () => {}), V2_CONTROLLERS)
      for (const group of isV2 ? [path, join(path, LEAF)] : [path]) {
        for (const file of HANDED) if (existsSync(join(group, file))) chownSync(join(group, file), root, root)
      }
    }
  }

  /** Attaches the hierarchies below a new root, each with the caller's group in it as its root. */
  mountBelow(root: string): void {
    const base = join(root, USUAL)
    if (!existsSync(base) || this.#places.length === 0) return
    const targets = this.#places.map(place => this.#targetFor(place))
    if (!targets.includes(USUAL)) mount('groups', base, 'tmpfs', 0, 'mode=755')
    for (const [i, { hierarchy }] of this.#places.entries()) {
      const target = join(root, targets[i] as string)
      if (!existsSync(target)) mkdirSync(target)
      if (hierarchy.dialect === 'v1') mount('cgroup', target, 'cgroup', 0, hierarchy.controllers.join(','))
      else mount('cgroup2', target, 'cgroup2')
    }
  }

  /** Where a hierarchy is attached: as on the machine, and if that has it at an unusual place, where programs look for it. */
  #targetFor({ hierarchy: { path, dialect, controllers } }: Place): string {
    if (path === USUAL || path.startsWith(`${USUAL}/`)) return path
    if (dialect === 'v1') return join(USUAL, controllers.join(','))
    return this.#places.length === 1 ? USUAL : join(USUAL, 'unified')
  }

  /** The groups that the program has made, each before those in it; of more than the bound allows the first. */
  inner(): string[] {
    if (this.#first) return this.#first.filter(path => existsSync(path))
    const found: string[] = []
    const walk = (path: string): void => {
      for (const inner of innerGroups(path)) {
        if (found.length > BOUNDS.groups) return
        if (!this.#isLeaf(inner)) found.push(inner)
        walk(inner)
      }
    }
    for (const { path } of this.#places) walk(path)
    if (found.length > BOUNDS.groups) this.#first = found.slice(0, BOUNDS.groups)
    return found.slice(0, BOUNDS.groups)
  }

  #isLeaf(path: string): boolean {
    return this.#places.some(place => path === join(place.path, LEAF))
  }

  /**
   * The bounds that were hit, in words.
   * @param isCrowded whether there are as many processes as the bound allows, for where no group counts them
   */
  hits(isCrowded: boolean): string[] {
    const groups = [...this.#paths.flatMap(path => [dirname(path), path, join(path, LEAF)]), ...this.inner()]
    const refused = this.limitsProcesses
      ? groups.some(group => count(join(group, 'pids.events'), 'max') > 0)
      : isCrowded
    const isFull = this.#paths.some(path => isAtLimit(dirname(path))) && groups.some(hasKilled)
    return [
      ...(refused ? [`it wanted more than ${BOUNDS.processes} processes`] : []),
      ...(this.#first ? [`it wanted more than ${BOUNDS.groups} control groups`] : []),
      ...(isFull ? [`it wanted more than ${BOUNDS.memory / 1024 / 1024} MiB of memory and files`] : []),
    ]
  }

  /** Thaws the groups: in v1 a frozen process cannot even be killed. */
  thaw(): void {
    for (const { path, hierarchy } of this.#places)
      if (hierarchy.dialect === 'v2' || hierarchy.controllers.includes('freezer')) thawAll(path)
  }

  /** Removes all groups, once every process of the sandbox has been reaped. */
  remove(): void {
    for (const path of this.#paths) removeGroup(dirname(path))
    for (const undo of this.#undo) undo()
    this.#keeper.release()
  }
}
