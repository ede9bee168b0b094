/**
 * The witnesses of one run as a single one: an event that it is told goes to all of them.
 */
import { CannotRun } from '../../lib/errors.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import type { CheckedLab } from '../labs/lab.ts'
import type { Story } from '../observer/story/story.ts'
import type { Watcher } from '../observer/watcher.ts'
import type { Sandbox, Setting } from '../sandbox/sandbox.ts'
import type { Scene, Start, Witness, WitnessKind } from '../witnesses/witness.ts'

/** One listener for several. @returns the result that the caller is to see instead, if one of them gives one */
function together(listeners: readonly Listener[]): Listener | undefined {
  if (listeners.length < 2) return listeners[0]
  return result => {
    const answers = listeners.map(hear => hear(result))
    return answers.find(answer => typeof answer === 'number')
  }
}

/** What all kinds of witnesses of a lab need of the sandbox. @throws CannotRun where one of it cannot be had here */
export function needsOf(kinds: readonly WitnessKind[]): Setting {
  const all = kinds.map(({ needs }) => needs?.() ?? {})
  const calls = all.flatMap(({ calls = [] }) => calls)
  return Object.assign({}, ...all, { calls, storyCalls: all.flatMap(({ storyCalls = [] }) => storyCalls) })
}

/** The witnesses of one run. */
export class Witnesses {
  readonly watcher: Watcher
  /** Whether one of them has to look from time to time. */
  readonly looks: boolean
  readonly #all: readonly Witness[]

  constructor(all: readonly Witness[]) {
    this.#all = all
    this.looks = all.some(({ sample, goOn }) => sample ?? goOn)
    this.watcher = {
      birth: (pid, order) => this.#each(one => one.birth?.(pid, order)),
      exec: pid => this.#each(one => one.exec?.(pid)),
      call: (...call) =>
        together(
          all.map(one => one.call?.(...call)).filter((listener): listener is Listener => listener !== undefined),
        ),
      signal: call => this.#each(one => one.signal?.(call)),
      stop: (tid, kind) => this.#each(one => one.stop?.(tid, kind)),
      forget: tid => this.#each(one => one.forget?.(tid)),
      exit: (pid, code, tid) => this.#each(one => one.exit?.(pid, code, tid)),
      gone: (pid, order) => this.#each(one => one.gone?.(pid, order)),
      end: (order, pid) => this.#each(one => one.end?.(order, pid)),
      sample: () => this.#each(one => one.sample?.()),
    }
  }

  #each(tell: (one: Witness) => void): void {
    for (const one of this.#all) tell(one)
  }

  begin(start: Start): void {
    this.#each(one => one.begin?.(start))
  }

  goOn(): void {
    this.#each(one => one.goOn?.())
  }

  lookAround(): void {
    this.#each(one => one.lookAround?.())
  }

  /** What all of them have recorded. */
  records(): object {
    return Object.assign({}, ...this.#all.map(one => one.record()))
  }
}

/** Whether what a witness would look at is shown here. */
function canOpen({ open }: WitnessKind): boolean {
  try {
    open()
    return true
  } catch (error) {
    if (error instanceof CannotRun) return false
    throw error
  }
}

/** The witnesses of a lab; and those that only tell, where there is a story and they can. */
export const witnessesOf = ({ witnesses, tellers }: CheckedLab, isTold: boolean): readonly WitnessKind[] =>
  isTold ? [...witnesses, ...tellers.filter(canOpen)] : witnesses

/**
 * Opens what has to be open before the sandbox is made.
 * @returns makes the witnesses once the sandbox stands, together with those that every lab has
 * @throws CannotRun where the kernel does not show what one of them would look at
 */
export function openWitnesses(
  kinds: readonly WitnessKind[],
): (sandbox: Sandbox, story: Story, ...more: readonly Witness[]) => Witnesses {
  const makers = kinds.map(kind => [kind, kind.open()] as const)
  return (sandbox, story, ...more) => {
    const made = new Map<WitnessKind, Witness>()
    const other: Scene['other'] = <W extends Witness>(kind: WitnessKind<object, W>) => {
      const found = made.get(kind)
      if (!found) throw new Error('a witness asks another one that its lab does not name before it')
      // Each kind makes witnesses of its own type.
      return found as W
    }
    for (const [kind, make] of makers) made.set(kind, make({ sandbox, story, other }))
    return new Witnesses([...more, ...made.values()])
  }
}
