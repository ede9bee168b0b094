/**
 * What a sandbox is made from, and how the processes that make it wait for each other.
 */
import { type Gate, makeGate, pipe } from '../../lib/gate.ts'
import type { Controller } from '../../lib/group/hierarchies.ts'
import {
  CLONE_CALLS,
  GROUP_CALLS,
  GROUP_MAKING_CALLS,
  MOUNT_CALLS,
  SIGNAL_CALLS,
  STORY_CALLS,
  type StoppedCall,
} from '../../lib/trace/seccomp.ts'
import type { Confinement } from './confinement.ts'
import type { SandboxGroups } from './groups.ts'
import type { SandboxUsers } from './users.ts'

/** The host name of every sandbox. */
export const HOST_NAME = 'sandbox'

/** What is run: a program and its arguments, by path. */
export type Command = readonly [string, ...string[]]

/** What a sandbox gives a lab's program besides the usual. */
export interface Setting {
  /** A terminal as its controlling terminal, input and output; otherwise it has nothing to read. */
  readonly terminal?: boolean
  /** Whether the program makes a veth pair between its network and another. */
  readonly pair?: boolean
  /** A root file system, of which `./fs` becomes a copy. */
  readonly rootfs?: string
  /** Further calls at which the program stops for the observer. */
  readonly calls?: readonly StoppedCall[]
  /** The same, only where its story is asked for. */
  readonly storyCalls?: readonly StoppedCall[]
  /** The controller whose groups are followed: writes and removals are reported. */
  readonly groups?: Controller
  /** What the program is called in its story, if that is asked for. It stops at more calls then. */
  readonly story?: string
  /** What it sees of the machine's files, if that is not all of them. */
  readonly confinement?: Confinement
}

/** The calls at which every program stops for the observer. */
const ALWAYS = [...CLONE_CALLS, ...SIGNAL_CALLS, ...MOUNT_CALLS]

/** The calls at which a program with this setting stops. */
export function callsToStopAt({ calls = [], storyCalls = [], groups, story }: Setting): readonly StoppedCall[] {
  const forStory = story === undefined ? [] : [...STORY_CALLS, ...storyCalls, ...(groups ? GROUP_MAKING_CALLS : [])]
  return [...new Set([...ALWAYS, ...calls, ...(groups ? GROUP_CALLS : []), ...forStory])]
}

/** How the judge, the warden and init of a sandbox signal to each other, and where the program's output goes. */
export interface Lines {
  /** The warden writes init's PID here. */
  readonly number: { readonly readEnd: number; readonly writeEnd: number }
  /** Judge to warden: init is being traced. */
  readonly mayStart: Gate
  /** Warden to init: its ID maps are written. And back: it is root, and in its own cgroup namespace. */
  readonly hasUsers: Gate
  readonly isRoot: Gate
  /** Warden to init: the new root directory is complete. */
  readonly rootStands: Gate
  /** Init to judge, and back: the terminal can be made; it is. */
  readonly isComplete: Gate
  readonly terminalIsMade: Gate
  readonly output: number
}

/** Everything about one sandbox before it is made. */
export interface Plan {
  readonly command: Command
  readonly setting: Setting
  readonly groups: SandboxGroups
  readonly users: SandboxUsers
  readonly directory: string
  /** PIDs in the sandbox start after this one. */
  readonly firstPid: number
  readonly lines: Lines
}

/** @param output the end of a pipe that the program writes to */
export function makeLines(output: number): Lines {
  const [mayStart, hasUsers, isRoot, rootStands] = [makeGate(), makeGate(), makeGate(), makeGate()]
  return {
    number: pipe(),
    mayStart,
    hasUsers,
    isRoot,
    rootStands,
    isComplete: makeGate(),
    terminalIsMade: makeGate(),
    output,
  }
}
