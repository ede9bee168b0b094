/**
 * Writes into the story what becomes of processes: their births, programs and ends.
 */
import { readFileSync } from 'node:fs'
import { CLONE_INTO_CGROUP, CLONE_THREAD, flagNames } from '../../lib/flags.ts'
import { NAMESPACES, type NamespaceKind } from '../../lib/namespaces.ts'
import type { WaitStatus } from '../../lib/status.ts'
import { nsPids, readProc } from '../../lib/trace/proc.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import type { ProcessRecord } from './record.ts'
import { answerOf, isRestarted } from './story/calls.ts'
import type { What } from './story/event.ts'
import type { Story } from './story/story.ts'

/** A clone that a thread is about to make: the call and its flags. */
export interface CloneCall {
  readonly call: string
  readonly flags: number
  /** Of a clone3(2), which does not have it among its flags: the signal that tells of the child's end. */
  readonly signal?: number | undefined
}

const KINDS = Object.entries(NAMESPACES) as [NamespaceKind, number][]
const made = (flags: number) => KINDS.filter(([, flag]) => (flags & flag) !== 0).map(([kind]) => kind)

function named({ flags, signal = 0 }: CloneCall): string {
  // The bit lies beyond the 32 that JavaScript's operators see.
  const isInto = Math.floor(flags / CLONE_INTO_CGROUP) % 2 === 1
  const names = [flagNames(flags), ...(isInto ? ['CLONE_INTO_CGROUP'] : []), ...(signal > 0 ? [flagNames(signal)] : [])]
  return names.filter(name => name !== '0').join('|') || '0'
}

/** The words with which a program was started, as much as is shown of them. */
const LONGEST_WORDS = 1000

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').slice(0, LONGEST_WORDS).replace(/\0$/, '').split('\0')
  } catch {
    return []
  }
}

/** Tells of the processes of one sandbox. */
export class Teller {
  readonly #story: Story
  /** The name of the program itself, which is more than that of its interpreter. */
  readonly #name: string | undefined
  #program: number | undefined
  readonly #exits = new Map<number, Extract<What, { kind: 'exit' }>>()

  constructor(story: Story, name?: string) {
    this.#story = story
    this.#name = name
  }

  /** A process was born. @param clone the call that made it, as far as it was seen; fork(2) and vfork(2) are not */
  born({ pid, numbers, creator, birth }: ProcessRecord, caller: number, clone: CloneCall): void {
    // The first to be born is the program.
    this.#story.begin()
    this.#program ??= pid
    this.#story.know(pid, { numbers, program: this.#story.programOf(creator) })
    if (pid !== this.#program) this.#tellOfClone(clone, caller, pid, numbers)
    this.#story.add({ kind: 'birth', parent: creator, namespaces: birth.namespaces }, pid)
  }

  /** A thread was made, that is no process. */
  threadBorn(tid: number, caller: number, clone: CloneCall): void {
    // Its number inside takes a look, which is worth it only to a reader.
    if (this.#story.isAsked) this.#tellOfClone(clone, caller, tid, nsPids(tid))
  }

  /** A process was born, and killed before anybody could look at it. */
  notSeen(pid: number, caller: number): void {
    this.#story.add({ kind: 'unknown', text: `process ${pid}, which was killed as it was born` }, caller)
  }

  #tellOfClone(clone: CloneCall, caller: number, child: number, childNumbers: readonly number[]): void {
    const { call, flags } = clone
    this.#story.add(
      {
        kind: 'clone',
        call,
        flags: named(clone),
        makes: made(flags),
        child,
        childNumbers,
        ...((flags & CLONE_THREAD) !== 0 && { isThread: true as const }),
      },
      caller,
    )
  }

  /** @returns writes the call down if it fails: if not, a birth has told of it */
  aboutToClone(clone: CloneCall, tid: number): Listener {
    const { call, flags } = clone
    return result => {
      if (result < 0 && !isRestarted(result))
        this.#story.add({ kind: 'clone', call, flags: named(clone), makes: made(flags), answer: answerOf(result) }, tid)
    }
  }

  /** A process has turned itself into a program, and has not run it yet. */
  became(pid: number, file: string): void {
    // The kernel names a process by the file that was asked for, a script by itself and not by its interpreter.
    const name = readProc(pid, 'comm')?.replace(/\n$/, '') ?? '?'
    const isFirst = pid === this.#program && this.#name !== undefined
    this.#story.know(pid, { program: isFirst ? this.#name : name })
    this.#story.add({ kind: 'exec', file, words: this.#story.isAsked ? wordsOf(pid) : [] }, pid)
  }

  /** A process is about to end. */
  ending(pid: number, status: WaitStatus): void {
    if (!this.#exits.has(pid)) this.#exits.set(pid, this.#story.add({ kind: 'exit', ...how(status) }, pid))
  }

  /** A process has ended. */
  ended(pid: number, status: WaitStatus): void {
    this.ending(pid, status)
    // Of the last thread the kernel may have told something else than of the process.
    Object.assign(this.#exits.get(pid) ?? {}, { code: undefined, signal: undefined }, how(status))
    this.#exits.delete(pid)
  }
}

const how = ({ code, signal }: WaitStatus) => (code !== null ? { code } : { signal: signal ?? '?' })
