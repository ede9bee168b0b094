/**
 * What the observer writes down. Every field comes from the kernel; nothing comes from what a program prints.
 */
import type { Shareable } from '../lib/kcmp.ts'
import type { Link } from '../lib/links.ts'
import type { Namespaces } from '../lib/namespaces.ts'
import type { WaitStatus } from '../lib/status.ts'

/** What a process shared with its creator at one moment. */
export type Sharing = Readonly<Record<Shareable, boolean>>

/** A process at one moment, while it stood still. */
export interface Moment {
  readonly namespaces: Namespaces
  /** Its working directory, as device:inode. */
  readonly directory: string
  readonly descriptors: readonly number[]
  readonly sharing: Sharing
  /** The same of its creator, at the same moment. */
  readonly creator: { readonly directory: string; readonly descriptors: readonly number[] }
}

/** One side of a network. */
export interface Side {
  readonly links: readonly Link[]
  /** ICMP counters of /proc/net/snmp, `OutEchos` and the like. */
  readonly icmp: Readonly<Record<string, number>>
  /** Packets it has sent to itself, over lo. */
  readonly loopback: number
}

/** One network at the moment when a process that lives in it ended. */
export interface NetworkMoment extends Side {
  /** Inode of the network namespace. */
  readonly net: number
  /** The same of the network the program was started in. */
  readonly outside: Side
}

/** One call that sent a signal, or tried to. */
export interface SignalCall {
  readonly order: number
  readonly from: number
  /** The target's number as the caller wrote it. */
  readonly target: number
  /** The process of that number in the caller's PID namespace, if there was one. */
  readonly found: number | undefined
  readonly signal: number
  /** What the call returned: 0 or -errno; `undefined` if the caller did not live to see it. */
  result: number | undefined
}

/** One process of the tree. Processes are named by their PID on the machine. */
export interface ProcessRecord {
  readonly pid: number
  /** Its number in every PID namespace, the machine's first. */
  readonly numbers: readonly number[]
  /** Who called fork or clone. */
  readonly creator: number
  readonly birth: Moment
  /** The programs it turned itself into. */
  readonly programs: string[]
  /** Its last moment, before anything was torn down; missing if it was killed. */
  exit?: Moment
  /** When that was, in the order of events. */
  exiting?: number
  /** How it ended. */
  status?: WaitStatus
  /** When it ended, in the order of events. */
  ended?: number
}

/** Everything seen of one run of a program. */
export interface Observation {
  /** PID of the program itself. */
  readonly program: number
  readonly processes: ReadonlyMap<number, ProcessRecord>
  readonly signals: readonly SignalCall[]
  readonly networks: readonly NetworkMoment[]
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
  /** Namespaces the program was started in. */
  readonly sandbox: Namespaces
  /** Whether it was ended because its time was up, and how long that was in seconds. */
  readonly timedOut: number | undefined
  /** What stayed in the sandbox after the program had ended. */
  readonly leftovers: readonly string[]
  /** The last lines of its output, to show beside a failure. */
  readonly output: string
}
