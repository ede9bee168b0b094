/**
 * The witness at the program's terminal: it types lines, and records which processes answer.
 */
import { statusField } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import { type ContainerWitness, container } from './container.ts'
import { Conversation, type Typed } from './conversation.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** What this witness records. */
export interface TerminalRecord {
  readonly typed: Typed
}

/** Whether the first thread of a process runs or is ready to. */
const wantsProcessor = (pid: number) => statusField(pid, 'State')?.startsWith('R') ?? false

/** Whether a process runs a program in a PID namespace below the checked program's own. */
function hasShell({ processes }: Observer): boolean {
  const [program, ...others] = processes.values()
  const depth = program?.numbers.length ?? 0
  return others.some(({ numbers, programs, status }) => !status && numbers.length > depth && programs.length > 0)
}

/** Whether all processes of the program sleep. */
const isIdle = ({ processes }: Observer) =>
  ![...processes.values()].some(({ pid, status }) => !status && wantsProcessor(pid))

class TerminalWitness implements Witness<TerminalRecord> {
  readonly #container: ContainerWitness
  #conversation: Conversation | undefined

  constructor({ other }: Scene) {
    this.#container = other(container)
  }

  begin({ observer, terminal, timeout }: Start): void {
    if (terminal === undefined) return
    const conversation = new Conversation(
      terminal,
      () => hasShell(observer),
      () => isIdle(observer),
      timeout,
    )
    this.#conversation = conversation
    this.#container.heard = (code, where) => {
      if (where === 'outside') this.#container.lookAround()
      conversation.hear(code, where)
    }
  }

  goOn(): void {
    this.#conversation?.goOn()
  }

  record(): TerminalRecord {
    return { typed: this.#conversation ?? { codes: [], answers: new Map() } }
  }
}

/** The program works at a terminal. A lab lists it after {@link container}, which it asks where a process lived. */
export const terminal: WitnessKind<TerminalRecord> = {
  needs: () => ({ terminal: true }),
  open: () => scene => new TerminalWitness(scene),
}
