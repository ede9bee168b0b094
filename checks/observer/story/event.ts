/**
 * What a story is made of: events, each with its time, with who did it and with what was so just then. README.md of
 * checks/ says how they look as JSON.
 */
import type { NamespaceKind, Namespaces } from '../../../lib/namespaces.ts'

/** Who did something. */
export interface Who {
  /** Its PID on the machine. */
  readonly pid: number
  /** Its number in every PID namespace that it is in: the machine's first, its own last. */
  readonly numbers: readonly number[]
  /** The thread, on the machine, if it was another than the first. */
  readonly thread?: number
  /** The name of its program, as the kernel knew it when that was loaded. */
  readonly program: string
}

/** What a call answered: `done`, or the name of its errno. Missing where the caller did not live to see it. */
export type Answer = string

/** What a call says that moves a thread into other namespaces. */
interface Move {
  readonly flags: string
  /** Those the caller lives in afterwards; only where one is another. */
  namespaces?: Namespaces
  answer?: Answer
}

/** The kinds of events. Paths and names are as the program wrote them. */
export type What =
  /** A process or thread was made; or was not, and then there is no `child`. */
  | {
      readonly kind: 'clone'
      readonly call: string
      /** By name, `CLONE_NEWPID|SIGCHLD`; `0` where the call takes none. */
      readonly flags: string
      /** The kinds of namespaces that were made with it. */
      readonly makes: readonly NamespaceKind[]
      readonly child?: number
      readonly childNumbers?: readonly number[]
      readonly isThread?: true
      answer?: Answer
    }
  /** The first moment of a process: `who` is that process. */
  | { readonly kind: 'birth'; readonly parent: number; readonly namespaces: Namespaces }
  | { readonly kind: 'exec'; readonly file: string; readonly words: readonly string[] }
  /** The last moment of a process: by a code or by a signal. */
  | { readonly kind: 'exit'; code?: number; signal?: string }
  | {
      readonly kind: 'signal'
      readonly call: string
      readonly signal: string
      /** The number as the caller wrote it: in its own PID namespace; 0 and below are groups and all. */
      readonly number: number
      /** Whom that number meant, by PID on the machine. */
      readonly target?: number
      answer?: Answer
    }
  | ({ readonly kind: 'unshare' } & Move)
  | ({ readonly kind: 'setns' } & Move)
  | {
      readonly kind: 'mount'
      readonly source: string
      readonly target: string
      readonly type: string
      readonly flags: string
      answer?: Answer
    }
  | { readonly kind: 'umount'; readonly target: string; readonly flags: number; answer?: Answer }
  | { readonly kind: 'pivot_root'; readonly target: string; readonly old: string; answer?: Answer }
  | { readonly kind: 'chroot'; readonly target: string; answer?: Answer }
  /** Files that somebody closed, and where somebody went; `alsoOf` is their creator, if that was so for it as well. */
  | { readonly kind: 'close'; readonly descriptors: readonly number[]; answer?: Answer; alsoOf?: number }
  | { readonly kind: 'chdir'; readonly path: string; answer?: Answer; alsoOf?: number }
  | { readonly kind: 'hostname'; readonly name: string; answer?: Answer }
  /** An interface of a network, which is named by the inode of its namespace. `who` made the call that changed it. */
  | {
      readonly kind: 'link'
      readonly change: 'appeared' | 'vanished' | 'up' | 'down' | 'renamed' | 'joined' | 'left'
      readonly network: number
      readonly name: string
      readonly type?: string
      /** Its former name. */
      readonly was?: string
      /** The bridge of which it is a port now, or has been. */
      readonly bridge?: string
    }
  | {
      readonly kind: 'address'
      readonly change: 'added' | 'removed'
      readonly network: number
      readonly link: string
      readonly address: string
    }
  | {
      readonly kind: 'route'
      readonly change: 'added' | 'removed'
      readonly network: number
      readonly destination: string
      readonly table: number
      readonly link?: string
      readonly gateway?: string
    }
  /** An echo request or reply passes an interface. */
  | {
      readonly kind: 'packet'
      readonly echo: 'request' | 'reply'
      readonly way: 'out' | 'in' | 'in, for another'
      readonly network: number
      readonly link: string
      readonly source: string
      readonly target: string
      readonly id: number
      readonly sequence: number
    }
  /** A packet by which somebody connects or accepts, asks for a name or answers, or says that a packet's time was up. */
  | {
      readonly kind: 'segment'
      readonly says: 'connects' | 'accepts' | 'asks' | 'answers' | 'time is up'
      readonly way: 'out' | 'in' | 'in, for another'
      readonly network: number
      readonly link: string
      /** Addresses, with their ports where there are any. */
      readonly source: string
      readonly target: string
      /** Sequence number by which TCP begins, of a connection. */
      readonly sequence?: number
      /** The name that was asked for, and the addresses in an answer. */
      readonly name?: string
      readonly addresses?: readonly string[]
    }
  /** The kernel remembers a connection whose addresses it rewrites; `reply` is how an answer will look when it comes. */
  | {
      readonly kind: 'connection'
      readonly network: number
      readonly original: string
      readonly reply: string
      readonly changes: 'source' | 'target' | 'both'
    }
  /** A rule that rewrites addresses has been added. */
  | {
      readonly kind: 'rule'
      readonly network: number
      readonly table: string
      readonly chain: string
      readonly does: string
    }
  | { readonly kind: 'group'; readonly change: 'made' | 'removed'; readonly group: string; answer?: Answer }
  /** Something was written to a file of a control group. */
  | {
      readonly kind: 'write'
      readonly group: string
      readonly file: string
      readonly text: string
      answer?: Answer
      /** What became of its limit, in bytes; null is none. */
      limit?: { readonly from: number | null; readonly to: number | null }
      /** Who came into it by that, and who left it, by PID on the machine. */
      joined?: readonly number[]
      left?: readonly number[]
    }
  /** What a memory group holds just now, in bytes, and its limit; null is none. */
  | { readonly kind: 'memory'; readonly group: string; readonly usage: number; readonly limit: number | null }
  /** The kernel's OOM killer has ended `who`, a process of the group. */
  | {
      readonly kind: 'oom'
      readonly group: string
      readonly limit: number | null
      readonly peak: number | null
      readonly kills: number
    }
  /** A group says that it is frozen, or no longer. */
  | {
      readonly kind: 'freezer'
      readonly group: string
      readonly state: 'frozen' | 'thawed'
      readonly members: readonly number[]
    }
  /** Somebody writes a map of a user namespace, or whether setgroups(2) is allowed in it. */
  | { readonly kind: 'map'; readonly file: string; readonly text: string; answer?: Answer }
  /**
   * Who `who` is from now on, in its own user namespace and as the program numbers users outside, and how many
   * capabilities each of its sets has.
   */
  | {
      readonly kind: 'rights'
      readonly inside: number
      readonly outside: number
      readonly sets: Readonly<Record<'effective' | 'permitted' | 'inheritable' | 'bounding' | 'ambient', number>>
      readonly noNewPrivs: boolean
    }
  /** A file that somebody made, opened for writing, gave away or made a device node of; `owner` is whose it is then. */
  | {
      readonly kind: 'file'
      readonly call: string
      readonly path: string
      readonly owner?: { readonly inside: number; readonly outside: number }
      answer: Answer
    }
  /** What an overlay is made of that somebody has mounted: its lower directories as they were written, the uppermost first. */
  | { readonly kind: 'overlay'; readonly target: string; readonly lower: readonly string[] }
  /** What a call of `who` has brought into the upper layer of the overlay that was mounted at `overlay`. */
  | {
      readonly kind: 'layer'
      readonly change: 'copied' | 'added' | 'removed' | 'opaque'
      readonly path: string
      readonly overlay: string
    }
  /** `who` stood outside of its root, made that its root, and is now there. */
  | { readonly kind: 'escape'; readonly to: 'own root' | 'below' | 'outside'; readonly path: string }
  /** `who` wrote below a mount that is not its root, or was refused. */
  | { readonly kind: 'volume'; readonly target: string; answer?: Answer }
  /** Where what `who` mounted has appeared: inside below mounts that pass on in these ways, outside at these places. */
  | {
      readonly kind: 'spread'
      readonly by: 'inside' | 'outside'
      readonly inside: readonly string[]
      readonly outside: readonly string[]
    }
  /** The judge typed a line at the terminal; `who` has read one; `who` has answered one, by the code of its end. */
  | { readonly kind: 'typed'; readonly text: string }
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'answered'; readonly code: number; readonly flaw?: string }
  /** What `who` was waiting for when the program had to be ended; `nothing` if it computed, `stopped` if it was. */
  | { readonly kind: 'waits'; readonly call: string; readonly file?: string }
  /** The program had to be ended. */
  | { readonly kind: 'timeout'; readonly seconds: number }
  /** A look that failed, because whoever was looked at was killed meanwhile. */
  | { readonly kind: 'unknown'; readonly text: string }

export type Kind = What['kind']
/** The events of one kind. */
export type Of<K extends Kind> = Extract<What, { kind: K }>

/** One event. */
export interface StoryEvent {
  /** Its place in the story, from 1. What comes first has not been brought about by anything that comes later. */
  readonly order: number
  /** Milliseconds since the program's birth, when the judge heard of it. */
  readonly time: number
  /** Missing where no process did it: the judge, the kernel. */
  readonly who?: Who
  readonly what: What
  /** The line of the reader's file that the call came from, `labs/02-newpid.ts:72`; of programs on lib/ alone. */
  readonly line?: string
}

/** A whole story, as a report carries it. */
export interface Told {
  /** Changes when a field changes its meaning or goes; kinds and fields may be added. */
  readonly version: 1
  readonly events: readonly StoryEvent[]
  /** How many events from its middle have not been kept: there is a gap in their order then. */
  readonly dropped: number
  /** The namespaces that the program was started in. */
  readonly namespaces: Namespaces
  /** The PID of the program on the machine. */
  readonly program: number
}
