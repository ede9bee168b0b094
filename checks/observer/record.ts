/**
 * What the observer writes down. Every field comes from the kernel; nothing comes from what a program prints.
 */
import type { MemoryFigures } from '../../lib/group/group.ts'
import type { Namespaces } from '../../lib/namespaces.ts'
import type { Link } from '../../lib/net/links.ts'
import type { WaitStatus } from '../../lib/status.ts'
import type { Shareable } from '../../lib/trace/kcmp.ts'

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
  /** Names of the interfaces on which a neighbour is known. */
  readonly neighbours: readonly string[]
}

/** One network at the moment when a process that lives in it ended. */
export interface NetworkMoment extends Side {
  /** Inode of the network namespace. */
  readonly net: number
  /** The same of the network the program was started in. */
  readonly outside: Side
}

/** Hears what a call returned. @returns what the caller is to see instead, if anything */
// biome-ignore lint/suspicious/noConfusingVoidType: most hear and say nothing.
export type Listener = (result: number) => number | void

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

/** One write to the file of a control group. */
export interface GroupWrite {
  readonly order: number
  readonly from: number
  /** Directory of the group, as the judge sees it. */
  readonly group: string
  readonly file: string
  readonly text: string
  /** Memory the group held just before, in bytes; for groups of the memory controller. */
  readonly usage: number | undefined
  /** What the call returned: a number of bytes or -errno; missing if the caller did not live to see it. */
  readonly result?: number
  /** The limit of a memory group just afterwards, in bytes. */
  readonly limit?: number
}

/** Memory of a group at a moment: when a process had just ended, or when a group was about to be removed. */
export interface MemoryMoment extends MemoryFigures {
  readonly order: number
  readonly group: string
}

/** What a process has done up to a moment. */
export interface Activity {
  readonly pid: number
  /** Whether it is in the group now. It may have been before. */
  readonly isMember: boolean
  /** CPU time of all its threads, in nanoseconds. */
  readonly runtime: number
  /** How often it has given up or lost the CPU. */
  readonly switches: number
  /** The letter of its state: `S`, `D`, `T`, … */
  readonly state: string
}

/** A group with a freezer at a moment. */
export interface FreezerMoment {
  /** In seconds, of a clock that is the same for all. */
  readonly at: number
  readonly group: string
  readonly isFrozen: boolean
  readonly processes: readonly Activity[]
}

/** A process in namespaces that are not the sandbox's, at a moment. */
export interface ContainerMoment {
  readonly pid: number
  /** The exit code with which it was about to end, if it was. */
  readonly code: number | undefined
  readonly namespaces: Namespaces
  /** Its root directory, as device:inode. */
  readonly root: string
  /** Whether its working directory lies in that root. */
  readonly isInRoot: boolean
  /** Whether the program it runs is a file below that root directory, on the same file system. */
  readonly runsOwnProgram: boolean
  /** Whether the /proc of its root shows its own PID namespace; `undefined` if nothing is there. */
  readonly procIsOwn: boolean | undefined
  readonly hostName: string
  readonly links: readonly Link[]
  /** The same of the sandbox. */
  readonly outside: { readonly hostName: string; readonly links: readonly Link[]; readonly mounts: readonly string[] }
}

/** What was typed at a program's terminal. */
export interface Typed {
  /** Each line asked the shell for a process that ends with this code. */
  readonly codes: readonly number[]
  /** Those codes with which a process did end, and who it was. */
  readonly answers: ReadonlyMap<number, ContainerMoment | 'outside'>
  /** A code that nobody had asked for, with which a process inside ended nevertheless. */
  readonly guessed?: number | undefined
}

/** Everything seen of one run of a program. */
export interface Observation {
  /** PID of the program itself. */
  readonly program: number
  readonly processes: ReadonlyMap<number, ProcessRecord>
  readonly signals: readonly SignalCall[]
  /** Processes that a stop signal has stopped, whoever or whatever sent it. */
  readonly stopped: ReadonlySet<number>
  readonly networks: readonly NetworkMoment[]
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
  /** Namespaces the program was started in. */
  readonly sandbox: Namespaces
  /** Whether it was ended because its time was up, and how long that was in seconds. */
  readonly timedOut: number | undefined
  /** The bounds of the sandbox that it ran into, in words. */
  readonly hits: readonly string[]
  /** What stayed in the sandbox after the program had ended; `undefined` if it had to be ended with the sandbox. */
  readonly leftovers: readonly string[] | undefined
  /** Only where the lab's setting asks for it, from here. */
  readonly groupWrites: readonly GroupWrite[]
  readonly memory: readonly MemoryMoment[]
  readonly freezer: readonly FreezerMoment[]
  /** The processes that were ever in a group the program made, by its directory. */
  readonly members: ReadonlyMap<string, ReadonlySet<number>>
  /** What the kernel wrote to its log meanwhile (`undefined` if that cannot be read), and whether it numbers as we do. */
  readonly kernelLog: readonly string[] | undefined
  readonly logHasOurNumbers: boolean
  readonly containers: readonly ContainerMoment[]
  /** The root file system `./fs`, as device:inode, and the mounts of the sandbox before the program ran. */
  readonly fs: string | undefined
  readonly mountsBefore: readonly string[]
  readonly typed: Typed
  /** The last lines of its output, to show beside a failure. */
  readonly output: string
}
