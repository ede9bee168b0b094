/**
 * What a witness is: an object that observes one kind of thing while a program runs, and records it. A lab names the
 * witnesses that it needs, and its claims see exactly what they have recorded.
 */
import type { Observer } from '../observer/observer.ts'
import type { Story } from '../observer/story/story.ts'
import type { Watcher } from '../observer/watcher.ts'
import type { Sandbox, Setting } from '../sandbox/sandbox.ts'

/** What a witness can reach: the sandbox, the story, and the other witnesses. */
export interface Scene {
  readonly sandbox: Sandbox
  /** To which it adds what it has seen. */
  readonly story: Story
  /** Another witness of the same lab. @throws Error if the lab does not name it before the one that asks */
  readonly other: <W extends Witness<object>>(kind: WitnessKind<object, W>) => W
}

/** What is known once the program is about to start. */
export interface Start {
  readonly observer: Observer
  /** The other side of the program's terminal, if it has one. */
  readonly terminal: number | undefined
  /** Seconds that the program may take. */
  readonly timeout: number
}

/** One witness of one run. The observer's events come to it by the methods of {@link Watcher}. */
export interface Witness<Seen extends object = object> extends Watcher {
  /** The sandbox is complete, and the program will start now. */
  begin?(start: Start): void
  /** Called again and again while the program runs, every few milliseconds. */
  goOn?(): void
  /** The program will not end by itself: this is the last look at the processes that are still there. */
  lookAround?(): void
  /** Everything it has seen. Called once, when the program has ended. */
  record(): Seen
}

/** A kind of witness. */
export interface WitnessKind<Seen extends object = object, W extends Witness<Seen> = Witness<Seen>> {
  /**
   * What the sandbox has to give the program or the witness.
   * @throws CannotRun where it cannot be had here
   */
  readonly needs?: () => Setting
  /**
   * Called before the sandbox is made, for what has to be open from the beginning.
   * @returns how the witness itself is made, once the sandbox stands
   * @throws CannotRun where the kernel does not show what it would look at
   */
  readonly open: () => (scene: Scene) => W
}

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** What several kinds of witnesses record together. */
export type RecordsOf<Kinds extends readonly WitnessKind[]> = Kinds extends readonly []
  ? object
  : Intersection<Kinds[number] extends WitnessKind<infer Seen> ? Seen : never>
