/**
 * The witness at the program's terminal: it types, sees who reads that, and hears who answers.
 */
import { readlinkSync } from 'node:fs'
import { nsPids } from '../../lib/trace/proc.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import { READ_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { Observer } from '../observer/observer.ts'
import type { SignalCall } from '../observer/record.ts'
import type { Story } from '../observer/story/story.ts'
import { processOf } from '../observer/threads.ts'
import { type ContainerWitness, container, identity } from './container.ts'
import { Conversation, type Reader, type Typed } from './conversation.ts'
import { bustleOf } from './shell/bustle.ts'
import { isTerminal, whatWasRead } from './shell/typing.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface TerminalRecord {
  readonly typed: Typed
}

/** Whether somebody runs a program in a PID namespace below the program's own. */
function hasShell({ processes }: Observer): boolean {
  const [program, ...others] = processes.values()
  const depth = program?.numbers.length ?? 0
  return others.some(({ numbers, programs, status }) => !status && numbers.length > depth && programs.length > 0)
}

const livingOf = ({ processes }: Observer) =>
  [...processes.values()].filter(({ status }) => !status).map(({ pid }) => pid)

/** Whether the directory of a thread that is about to end is the one of this name in its root. */
function isIn(tid: number, directory: string): boolean {
  try {
    return identity(`/proc/${tid}/cwd`) === identity(`/proc/${tid}/root/${directory}`)
  } catch {
    // ENOENT: it was killed while it stood there.
    return false
  }
}

class TerminalWitness implements Witness<TerminalRecord> {
  readonly #container: ContainerWitness
  readonly #story: Story
  #conversation: Conversation | undefined
  #processes: Observer['processes'] = new Map()

  constructor({ story, other }: Scene) {
    this.#story = story
    this.#container = other(container)
  }

  begin({ observer, terminal, timeout }: Start): void {
    if (terminal === undefined) return
    this.#processes = observer.processes
    const bustle = { isReady: () => hasShell(observer), state: () => bustleOf(livingOf(observer), observer.stopped) }
    this.#conversation = new Conversation(terminal, bustle, timeout, this.#story)
  }

  birth(pid: number): void {
    this.#conversation?.wasBorn(pid, this.#processes.get(pid)?.creator ?? 0)
  }

  /**
   * Nobody else can know what is typed, so that whoever reads it from another terminal than the judge's, a
   * pseudoterminal of the program's own, has it from somebody who passes on what they read at that one.
   */
  call(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    if (!READ_CALLS.includes(name) || !isTerminal(tid, Number(BigInt.asIntN(32, args[0] ?? -1n)))) return undefined
    return result => this.#takeRead(name, args, tid, result)
  }

  #takeRead(name: StoppedCall, args: readonly bigint[], tid: number, result: number): void {
    const pid = processOf(tid)
    if (result <= 0 || pid === undefined) return
    try {
      this.#conversation?.hasRead(pid, whatWasRead(name, args, tid, result), () => this.#meet(pid, tid))
    } catch {
      // ENOENT, EIO: it was killed while it stood there.
    }
  }

  #meet(pid: number, tid: number): Reader | undefined {
    const where = this.#container.lookAtReader(pid, tid)
    return where && { pid, number: nsPids(pid).at(-1) ?? 0, program: readlinkSync(`/proc/${tid}/exe`), where }
  }

  signal({ from, target, signal }: SignalCall): void {
    if (signal === 0) this.#conversation?.hasProbed(from, target)
  }

  exit(pid: number, code: number | undefined, tid: number): void {
    if (code !== undefined) this.#conversation?.ends({ pid, code, isIn: directory => isIn(tid, directory) })
  }

  goOn(): void {
    this.#conversation?.goOn()
  }

  record(): TerminalRecord {
    const { asked = [], planned = 0, isOpen = false } = this.#conversation ?? {}
    return { typed: { asked, planned, isOpen } }
  }
}

/** Its program works at a terminal. A lab names it behind {@link container}, of whom it asks where somebody lived. */
export const terminal: WitnessKind<TerminalRecord> = {
  needs: () => ({ terminal: true, calls: READ_CALLS }),
  open: () => scene => new TerminalWitness(scene),
}
