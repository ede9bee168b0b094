/**
 * Control groups in the second dialect: one tree for all controllers; a group has those that its parent hands down.
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CannotRun } from '../errors.ts'
import { until } from '../machine/until.ts'
import { GroupDirectory, PATIENCE, type Tell } from './directory.ts'
import type { Group, MemoryFigures } from './group.ts'
import { wordsOf } from './hierarchies.ts'
import { machineSwaps } from './memory.ts'

const subgroups = (path: string) => readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory())

/**
 * Has a group hand controllers down to its children; those of them that the kernel has.
 * @returns takes that back, unless a child is there that may need it
 * @throws SyscallError EBUSY: the group has processes, EACCES
 */
export function handDown(parent: GroupDirectory, controllers: readonly string[]): () => void {
  const available = wordsOf(join(parent.path, 'cgroup.controllers'))
  const enabled = wordsOf(join(parent.path, 'cgroup.subtree_control'))
  const wanted = controllers.filter(controller => available.includes(controller) && !enabled.includes(controller))
  if (wanted.length === 0) return () => {}
  parent.write('cgroup.subtree_control', wanted.map(controller => `+${controller}`).join(' '))
  return () => {
    if (subgroups(parent.path).length > 0) return
    parent.write('cgroup.subtree_control', wanted.map(controller => `-${controller}`).join(' '))
  }
}

/** A v2 group. @see cgroups(7) and Documentation/admin-guide/cgroup-v2.rst of the kernel */
export class GroupV2 extends GroupDirectory implements Group {
  readonly dialect = 'v2'
  readonly memoryFiles = {
    limit: 'memory.max',
    usage: 'memory.current',
    peak: 'memory.peak',
    oomKills: 'memory.events',
  }
  readonly freezerFiles = { control: 'cgroup.freeze', state: 'cgroup.events' }
  #takeBack = () => {}

  /** Has the parent hand a controller down to its children, this group among them. */
  enable(controller: string, tell: Tell): void {
    this.#takeBack = handDown(new GroupDirectory(dirname(this.path), tell), [controller])
  }

  limitMemory(bytes: number): void {
    this.write('memory.max', bytes)
    if (this.has('memory.swap.max')) this.write('memory.swap.max', 0)
    else if (machineSwaps())
      throw new CannotRun(
        'this machine swaps, and its kernel cannot switch that off for a group (no memory.swap.max): the child would ' +
          'go to swap instead of being killed\nhint: sudo swapoff -a for the time of the lab, or boot with swapaccount=1',
      )
  }

  memorySettings(): [string, string][] {
    return this.settings(['memory.max', 'memory.swap.max'])
  }

  memory(): MemoryFigures {
    const limit = this.read(this.memoryFiles.limit)
    return {
      limit: limit === 'max' ? Number.POSITIVE_INFINITY : Number(limit),
      usage: Number(this.read(this.memoryFiles.usage)),
      // Since Linux 5.19.
      peak: this.has('memory.peak') ? Number(this.read('memory.peak')) : undefined,
      oomKills: this.readField(this.memoryFiles.oomKills, 'oom_kill'),
      limitHits: this.has('memory.events.local') ? this.readField('memory.events.local', 'max') : undefined,
    }
  }

  freezerState(): string {
    return `frozen ${this.readField('cgroup.events', 'frozen')}`
  }

  freeze(): void {
    this.write('cgroup.freeze', 1)
    if (!until(() => this.isFrozen(), PATIENCE)) throw new Error(`${this.path} is not frozen after ${PATIENCE} s`)
  }

  thaw(): void {
    this.write('cgroup.freeze', 0)
  }

  isFrozen(): boolean {
    return this.freezerState() === 'frozen 1'
  }

  kill(): void {
    // Since Linux 5.14.
    if (this.has('cgroup.kill')) this.write('cgroup.kill', 1)
    else this.killEach()
  }

  remove(): void {
    this.removeDirectory()
    this.#takeBack()
  }
}
