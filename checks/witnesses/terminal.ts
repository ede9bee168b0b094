/**
 * The witness at the program's terminal: it types, and hears who answers.
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

/** Whether somebody runs a program in a PID namespace below the program's own. */
function hasShell({ processes }: Observer): boolean {
  const [program, ...others] = processes.values()
  const depth = program?.numbers.length ?? 0
  return others.some(({ numbers, programs, status }) => !status && numbers.length > depth && programs.length > 0)
}

/** Whether nobody in the program runs or wants to. */
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

/** Its program works at a terminal. A lab names it behind {@link container}, of whom it asks where somebody lived. */
export const terminal: WitnessKind<TerminalRecord> = {
  needs: () => ({ terminal: true }),
  open: () => scene => new TerminalWitness(scene),
}
