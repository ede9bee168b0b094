/**
 * What the observer writes down. Every field comes from the kernel; nothing comes from what a program prints.
 */
import type { Namespaces } from '../../lib/namespaces.ts'
import type { WaitStatus } from '../../lib/status.ts'
import type { Shareable } from '../../lib/trace/kcmp.ts'
import type { StoryEvent } from './story/event.ts'

/** What a process shared with its creator at one moment. */
export type Sharing = Readonly<Record<Shareable, boolean>>

/** Where a process is, and what it has open, at one moment. */
export interface Place {
  /** Its working directory, as device:inode. */
  readonly directory: string
  readonly descriptors: readonly number[]
}

/** A process at one moment, while it stood still. */
export interface Moment extends Place {
  readonly namespaces: Namespaces
  /** What it shares with its creator; nothing, if that is gone. */
  readonly sharing: Sharing
  /** The place of its creator at the same moment; missing if that is gone. */
  readonly creator?: Place
}

/** One call that sent a signal, or tried to. */
export interface SignalCall {
  readonly order: number
  readonly from: number
  /** The target's number as the caller wrote it. */
  readonly target: number
  /** The process of that number in the caller's PID namespace, if there was one. */
  readonly found: number | undefined
  /** The living process in an outer PID namespace that knows itself by that number, if there is one. */
  readonly outside: number | undefined
  readonly signal: number
  /** Of a SIGKILL, or a signal that stops, to a process group or to everybody: the processes of it that lived just then. */
  readonly reached?: readonly number[]
  /** What the call returned: 0 or -errno; `undefined` if the caller did not live to see it. */
  result: number | undefined
}

/** One process of the tree. Processes are named by their PID on the machine. */
export interface ProcessRecord {
  readonly pid: number
  /** Its number in every PID namespace, the machine's first. */
  readonly numbers: readonly number[]
  /** The process that called fork or clone. */
  readonly creator: number
  /** The thread of it that did. */
  readonly caller: number
  /** Its parent at its birth: the creator, or with CLONE_PARENT the creator's own parent. */
  readonly parent: number
  /** The flags of the clone that made it, as far as they are known: fork(2) and vfork(2) have none. */
  readonly flags: number
  readonly birth: Moment
  /** The programs it turned itself into, by the file that the kernel has loaded. */
  readonly programs: string[]
  /** When it was born, in the order of events. */
  readonly born: number
  /** Its last moment, before anything was torn down; missing if it was killed. */
  exit?: Moment
  /** When that was, in the order of events. */
  exiting?: number
  /** The thread of which that was the last moment: another than the first, if that had ended before. */
  lastThread?: number
  /** How it ended. */
  status?: WaitStatus
  /** When it ended, in the order of events. */
  ended?: number
}

/** What is seen of every run of a program. The witnesses that a lab names add their records. */
export interface Observation {
  /** PID of the program itself. */
  readonly program: number
  readonly processes: ReadonlyMap<number, ProcessRecord>
  readonly signals: readonly SignalCall[]
  /** Namespaces the program was started in. */
  readonly sandbox: Namespaces
  /** Whether it was ended because its time was up, and how long that was in seconds. */
  readonly timedOut: number | undefined
  /** The bounds of the sandbox that it ran into, in words. */
  readonly hits: readonly string[]
  /** What stayed in the sandbox after the program had ended; `undefined` if it had to be killed with the sandbox. */
  readonly leftovers: readonly string[] | undefined
  /** All that happened, in order: more of it where a reader has asked for the story. */
  readonly story: readonly StoryEvent[]
  /** The last lines of its output, to show beside a failure. */
  readonly output: string
}
