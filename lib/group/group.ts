/**
 * What a control group can do, whatever dialect it speaks.
 */
import type { Dialect } from './hierarchies.ts'

/** Memory of a group, in bytes. */
export interface MemoryFigures {
  /** What it may have at most: whole pages. Infinity for no limit. */
  readonly limit: number
  readonly usage: number
  /** The most it ever had; `undefined` on v2 before Linux 5.19. */
  readonly peak: number | undefined
  /** How many of its processes the kernel's OOM killer has killed. */
  readonly oomKills: number
  /**
   * How often its own limit, and not that of a group above it, stood in the way of a charge: v1 `memory.failcnt`, v2
   * `max` in `memory.events.local` (5.2); `undefined` where that is not counted.
   */
  readonly limitHits: number | undefined
}

/** A control group. */
export interface Group {
  readonly dialect: Dialect
  /** Its directory. */
  readonly path: string
  /** The names of its files, as this dialect has them. */
  readonly memoryFiles: Readonly<Record<Exclude<keyof MemoryFigures, 'limitHits'>, string>>
  readonly freezerFiles: { readonly control: string; readonly state: string }
  /** Moves a process in. @throws SyscallError ESRCH, EACCES, EBUSY */
  add(pid: number): void
  /** The PIDs of those in it. */
  processes(): number[]
  /** The thread IDs of those in it: v1 moves each thread by itself, and v2 may. */
  threads(): number[]
  /** A file of it as text. @throws SyscallError ENOENT, ENODEV: it has vanished */
  read(file: string): string
  has(file: string): boolean
  write(file: string, value: string | number): void
  /**
   * Sets how many bytes it may have, and swap off for it.
   * @throws SyscallError EBUSY (v1: it holds more already), EACCES; CannotRun where swap cannot be switched off
   */
  limitMemory(bytes: number): void
  /** The settings that {@link limitMemory} changes, as file and text, in the order in which they can be written back. */
  memorySettings(): [string, string][]
  /** What it has and had. @throws SyscallError ENOENT: it has vanished */
  memory(): MemoryFigures
  /** Freezes its processes and waits until the kernel reports that all are frozen. @throws Error after five seconds */
  freeze(): void
  thaw(): void
  isFrozen(): boolean
  /** The state as the group's file has it: `FROZEN`, `THAWED` in v1; `frozen 1`, `frozen 0` in v2. */
  freezerState(): string
  /** Sends SIGKILL to every process in it; in v1 thaws it first. */
  kill(): void
  /** Removes it and the groups in it, once its last process is gone. @throws SyscallError EBUSY after five seconds */
  remove(): void
}
