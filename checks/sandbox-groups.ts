/**
 * The control groups of a sandbox: one of its own in each hierarchy, which the program sees as the root of that hierarchy.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownName, sweepGroups } from '../lib/cgroup.ts'
import { handDown } from '../lib/cgroup-v2.ts'
import { discardGroups, GroupDirectory, innerGroups, removeGroup, thawAll } from '../lib/group-directory.ts'
import { type Controller, type Hierarchy, hierarchies, wordsOf } from '../lib/hierarchies.ts'
import { type Keeper, keep } from '../lib/keeper.ts'
import { mount } from '../lib/mount.ts'

const MAX_PROCESSES = '512'
const V1_CONTROLLERS = ['memory', 'freezer', 'pids']
const V2_CONTROLLERS = ['memory', 'pids']
/** v2 only: where the sandbox's own processes are, because a group that hands controllers down holds none. */
const LEAF = 'sandbox'

/** One group of the sandbox, and where its hierarchy is mounted. */
interface Place {
  readonly hierarchy: Hierarchy
  readonly path: string
}

/** A group in every hierarchy that the labs use. Where none can be made (no mount, read-only) there is none. */
export class SandboxGroups {
  readonly #places: Place[] = []
  readonly #undo: (() => void)[] = []
  readonly #keeper: Keeper

  /** Removes what checks left that were killed, and makes the groups of this one. */
  constructor() {
    sweepGroups()
    const name = ownName('check')
    const isWanted = ({ dialect, controllers }: Hierarchy) =>
      dialect === 'v2' || controllers.some(controller => V1_CONTROLLERS.includes(controller))
    const wanted = hierarchies().filter(isWanted)
    // A frozen process outlives its tracer: it dies only when somebody thaws it.
    this.#keeper = keep(() => discardGroups(wanted.map(({ path }) => join(path, name))))
    for (const hierarchy of wanted) this.#make(hierarchy, join(hierarchy.path, name))
  }

  #make(hierarchy: Hierarchy, path: string): void {
    try {
      // Of this name only a dead judge can have been, whose number is ours now.
      if (existsSync(path)) discardGroups([path])
      mkdirSync(path)
    } catch {
      return
    }
    this.#places.push({ hierarchy, path })
    if (hierarchy.dialect === 'v2') {
      this.#handDown(hierarchy.path)
      mkdirSync(join(path, LEAF))
    }
    const limit = join(path, 'pids.max')
    if (existsSync(limit)) writeFileSync(limit, MAX_PROCESSES)
  }

  /** In a container the root of v2 may hold processes, and so hand nothing down: then the sandbox has no memory group. */
  #handDown(root: string): void {
    try {
      this.#undo.push(handDown(new GroupDirectory(root, () => {}), V2_CONTROLLERS))
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

  /** The directories, as the judge sees them. */
  get paths(): string[] {
    return this.#places.map(({ path }) => path)
  }

  /** Moves the sandbox's init in, before it makes its cgroup namespace. */
  add(pid: number): void {
    for (const { path } of this.#places) writeFileSync(join(path, 'cgroup.procs'), String(pid))
  }

  /** Called by init in its new cgroup namespace, while it still sees the machine's mounts. */
  settle(): void {
    for (const { path, hierarchy } of this.#places.filter(place => place.hierarchy.dialect === 'v2')) {
      writeFileSync(join(path, LEAF, 'cgroup.procs'), '0')
      if (hierarchy.controllers.length > 0) handDown(new GroupDirectory(path, () => {}), V2_CONTROLLERS)
    }
  }

  /** Called by init: attaches the hierarchies below the new root, each with the sandbox's group as its root. */
  mountBelow(root: string): void {
    const base = join(root, '/sys/fs/cgroup')
    const inside = this.#places.filter(({ hierarchy }) => hierarchy.path.startsWith('/sys/fs/cgroup'))
    if (!existsSync(base) || inside.length === 0) return
    if (inside.every(({ hierarchy }) => hierarchy.path !== '/sys/fs/cgroup'))
      mount('groups', base, 'tmpfs', 0, 'mode=755')
    for (const { hierarchy } of inside) {
      const target = join(root, hierarchy.path)
      if (!existsSync(target)) mkdirSync(target)
      if (hierarchy.dialect === 'v1') mount('cgroup', target, 'cgroup', 0, hierarchy.controllers.join(','))
      else mount('cgroup2', target, 'cgroup2')
    }
  }

  /** The groups that the program has made. */
  inner(): string[] {
    const below = (path: string): string[] => innerGroups(path).flatMap(inner => [inner, ...below(inner)])
    return this.#places.flatMap(({ path }) => below(path)).filter(path => !this.#isLeaf(path))
  }

  #isLeaf(path: string): boolean {
    return this.#places.some(place => path === join(place.path, LEAF))
  }

  /** Lets whoever is frozen go on: in v1 they would not even die. */
  thaw(): void {
    for (const path of this.paths) thawAll(path)
  }

  /** Removes them all, once everybody in the sandbox has been waited for. */
  remove(): void {
    for (const path of this.paths) removeGroup(path)
    for (const undo of this.#undo) undo()
    this.#keeper.release()
  }
}
