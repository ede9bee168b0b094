/**
 * Control groups in the first dialect: one hierarchy for each controller, whose files carry the controller's name.
 */
import { CannotRun } from '../errors.ts'
import { until } from '../machine/until.ts'
import { GroupDirectory, PATIENCE } from './directory.ts'
import type { Group, MemoryFigures } from './group.ts'
import { machineSwaps } from './memory.ts'

/** A v1 group: of the memory controller or of the freezer, as its hierarchy has it. @see cgroups(7) */
export class GroupV1 extends GroupDirectory implements Group {
  readonly dialect = 'v1'
  readonly memoryFiles = {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    oomKills: 'memory.oom_control',
  }
  readonly freezerFiles = { control: 'freezer.state', state: 'freezer.state' }

  limitMemory(bytes: number): void {
    // With swap, the limit of both together may never be below that of memory.
    const hasSwapLimit = this.has('memory.memsw.limit_in_bytes')
    if (hasSwapLimit && Number(this.read('memory.memsw.limit_in_bytes')) < bytes)
      this.write('memory.memsw.limit_in_bytes', bytes)
    this.write('memory.limit_in_bytes', bytes)
    if (hasSwapLimit) this.write('memory.memsw.limit_in_bytes', bytes)
    else if (machineSwaps()) this.#avoidSwap()
  }

  memorySettings(): [string, string][] {
    return this.settings(['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes', 'memory.swappiness'])
  }

  /** Without swap accounting the group can still be told to swap nothing out. */
  #avoidSwap(): void {
    if (!this.has('memory.swappiness'))
      throw new CannotRun(
        'this machine swaps, and its kernel cannot switch that off for a group: the child would go to swap instead of ' +
          'being killed\nhint: sudo swapoff -a for the time of the lab, or boot with swapaccount=1',
      )
    this.write('memory.swappiness', 0)
  }

  memory(): MemoryFigures {
    return {
      limit: Number(this.read(this.memoryFiles.limit)),
      usage: Number(this.read(this.memoryFiles.usage)),
      peak: Number(this.read(this.memoryFiles.peak)),
      oomKills: this.readField(this.memoryFiles.oomKills, 'oom_kill'),
      limitHits: this.#limitHits(),
    }
  }

  /**
   * Where memory and swap together are limited to no more, that limit is in the way first, and newer kernels do not count
   * how often.
   */
  #limitHits(): number | undefined {
    const hits = Number(this.read('memory.failcnt'))
    if (hits > 0 || !this.has('memory.memsw.limit_in_bytes')) return hits
    return Number(this.read('memory.memsw.limit_in_bytes')) > Number(this.read(this.memoryFiles.limit))
      ? hits
      : undefined
  }

  /** Reading the file is what moves the state on from FREEZING to FROZEN. */
  freezerState(): string {
    return this.read('freezer.state')
  }

  freeze(): void {
    this.write('freezer.state', 'FROZEN')
    if (!until(() => this.isFrozen(), PATIENCE))
      throw new Error(`${this.path} is still ${this.freezerState()} after ${PATIENCE} s: a process waits for a disk?`)
  }

  thaw(): void {
    this.write('freezer.state', 'THAWED')
  }

  isFrozen(): boolean {
    return this.freezerState() === 'FROZEN'
  }

  /**
   * v1 has no file for this: it sends one signal after another, and thaws the group, because what is frozen cannot die.
   */
  kill(): void {
    if (this.has('freezer.state')) this.thaw()
    this.killEach()
  }

  remove(): void {
    this.removeDirectory()
  }
}
