/**
 * Who may look on while the observer follows a tree of processes.
 */
import type { Listener, StopReason } from '../../lib/trace/ptrace.ts'
import type { StoppedCall } from '../../lib/trace/seccomp.ts'
import type { SignalCall } from './record.ts'

/** Somebody who looks closer at what one lab is about, while the process in question stands still. */
export interface Watcher {
  /** A process has just been born. */
  birth?(pid: number, order: number): void
  /** A process has turned itself into another program. */
  exec?(pid: number): void
  /** A thread is about to make a call. @returns who wants to know what it returned */
  call?(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined
  /** A thread is about to send a signal. */
  signal?(call: SignalCall): void
  /** A thread stands still because it is traced, and is about to go on. */
  stop?(tid: number, kind: StopReason): void
  /** A thread has ended, and its number may be given to another one. */
  forget?(tid: number): void
  /**
   * The last thread of a process is about to end, and the process still has everything it had.
   * @param tid that thread, through which it can be looked at
   */
  exit?(pid: number, code: number | undefined, tid: number): void
  /** A process has ended, and its parent may know. */
  gone?(pid: number, order: number): void
  /** A process has ended, and its parent does not know it yet. */
  end?(order: number, pid: number): void
  /** A look at what nobody reports, every few milliseconds. */
  sample?(): void
}
