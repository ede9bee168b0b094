/**
 * The story of one program: what happened, in order. The observer writes what processes do, and each witness what it
 * has seen; nobody changes what is written but by adding what a call has answered.
 */
import type { Namespaces } from '../../../lib/namespaces.ts'
import type { Kind, StoryEvent, Told, What, Who } from './event.ts'

export type { Told } from './event.ts'

/**
 * How many events are kept: a program can make as many as it likes. Of more than that, the first ones stay and the last
 * ones, and so many at a time go from between.
 */
const [MOST, FIRST, LOT] = [20_000, 10_000, 1000]

/** The calls from which an event of each kind comes, as `announce` of lib/ names them. */
const CALLS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  clone: ['clone', 'clone3'],
  exec: ['execve', 'execvp'],
  signal: ['kill'],
  mount: ['mount'],
  umount: ['umount2'],
  pivot_root: ['pivot_root'],
  chroot: ['chroot'],
  hostname: ['sethostname'],
  unshare: ['unshare'],
  setns: ['setns'],
  link: ['ioctl'],
  address: ['ioctl'],
  write: ['write'],
  group: ['mkdir', 'rmdir'],
}

/** What is known of a process. */
interface Actor {
  readonly numbers: readonly number[]
  readonly program: string
}

/** Where a thread has said that its next call comes from. */
interface Note {
  readonly call: string
  readonly line: string
}

type Open = { -readonly [Key in keyof StoryEvent]: StoryEvent[Key] }

/** The story as it is being written. */
export class Story {
  readonly events: StoryEvent[] = []
  /** Whether somebody wants to read it: then the program stops at more calls, and witnesses look more often. */
  readonly isAsked: boolean
  dropped = 0
  /** How a thread's process is found. */
  processOf: (tid: number) => number = tid => tid
  readonly #actors = new Map<number, Actor>()
  readonly #notes = new Map<number, Note>()
  #since: number | undefined

  constructor(isAsked: boolean) {
    this.isAsked = isAsked
  }

  /** The program is being born: time begins. Before that nothing is written. */
  begin(): void {
    this.#since ??= performance.now()
  }

  get hasBegun(): boolean {
    return this.#since !== undefined
  }

  /** Takes note of how a process is called and numbered from here on. */
  know(pid: number, actor: Partial<Actor>): void {
    this.#actors.set(pid, { numbers: [pid], program: '?', ...this.#actors.get(pid), ...actor })
  }

  /** The program that a process runs. */
  programOf(pid: number): string {
    return this.#actors.get(pid)?.program ?? '?'
  }

  /** A thread says where its next call of that name comes from. */
  note(tid: number, call: string, line: string): void {
    this.#notes.set(tid, { call, line })
  }

  /** A thread has ended, and its number may be given to another one. */
  forget(tid: number): void {
    this.#notes.delete(tid)
  }

  #who(tid: number): Who {
    const pid = this.processOf(tid)
    const { numbers = [pid], program = '?' } = this.#actors.get(pid) ?? {}
    return { pid, numbers, ...(tid !== pid && { thread: tid }), program }
  }

  /** The line for an event. A note is for one call, of which only an ioctl(2) may have several events. */
  #lineFor(kind: Kind, tid: number): string | undefined {
    const note = this.#notes.get(tid)
    if (!note || !CALLS[kind]?.includes(note.call)) return undefined
    if (note.call !== 'ioctl') this.#notes.delete(tid)
    return note.line
  }

  /**
   * Writes one event.
   * @param tid the thread that did it
   * @returns what has been written, to which the answer of a call may be added
   */
  add<W extends What>(what: W, tid?: number): W {
    if (this.#since === undefined) return what
    if (this.events.length >= MOST) {
      this.events.splice(FIRST, LOT)
      this.dropped += LOT
    }
    const event: Open = {
      order: this.events.length + this.dropped + 1,
      time: Math.round((performance.now() - this.#since) * 1000) / 1000,
      what,
    }
    if (tid !== undefined) {
      event.who = this.#who(tid)
      const line = this.#lineFor(what.kind, tid)
      if (line !== undefined) event.line = line
    }
    this.events.push(event)
    return what
  }

  /** The whole of it, to be carried elsewhere. */
  told({ program, sandbox }: { readonly program: number; readonly sandbox: Namespaces }): Told {
    return { version: 1, events: this.events, dropped: this.dropped, namespaces: sandbox, program }
  }
}
