/**
 * The calls at which threads stop: who is told of each, and what it returned.
 */
import { type Listener, setResult, syscallStop } from '../../lib/trace/ptrace.ts'
import { CLONE_CALLS, callName, MOUNT_CALLS, SIGNAL_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import { CallEmulator } from '../sandbox/emulated-calls.ts'
import { exitSignalOf, takeFlags } from './clones.ts'
import type { SignalCalls } from './signal-calls.ts'
import { alsoTelling, tellOfCall } from './story/calls.ts'
import type { Story } from './story/story.ts'
import type { CloneCall, Teller } from './teller.ts'
import type { Watcher } from './watcher.ts'

/** The calls of one sandbox. */
export class Calls {
  readonly #watcher: Watcher
  readonly #signals: SignalCalls
  readonly #teller: Teller
  readonly #story: Story
  readonly #processOf: (tid: number) => number
  readonly #emulator: CallEmulator
  readonly #pending = new Map<number, Listener>()
  /** The clone that a thread is in. */
  readonly #clones = new Map<number, CloneCall>()
  /** Threads of whose present clone the tracer has been told. */
  readonly #reported = new Set<number>()
  readonly #hasHidden: (caller: number, number: number) => void

  constructor(
    init: number,
    watcher: Watcher,
    signals: SignalCalls,
    teller: Teller,
    story: Story,
    processOf: (tid: number) => number,
    hasHidden: (caller: number, number: number) => void,
  ) {
    this.#hasHidden = hasHidden
    this.#watcher = watcher
    this.#signals = signals
    this.#teller = teller
    this.#story = story
    this.#processOf = processOf
    this.#emulator = new CallEmulator(init)
  }

  /** Of a thread that has just made another one: the clone that it is in; none where it has called fork(2) or vfork(2). */
  cloneOf(tid: number): CloneCall | undefined {
    this.#reported.add(tid)
    return this.#clones.get(tid)
  }

  /** A thread has ended, and its number may be given to another one. */
  forget(tid: number): void {
    this.#clones.delete(tid)
    this.#reported.delete(tid)
  }

  /** A thread stands at the beginning of a call. @returns whether the end of the call is worth waiting for */
  take(tid: number, order: number): boolean {
    const stop = syscallStop(tid)
    const name = stop && 'nr' in stop ? callName(stop.nr) : undefined
    if (!name || !stop || !('nr' in stop)) return false
    const listener = this.#listenerFor(name, stop.args, tid, order)
    if (listener) this.#pending.set(tid, listener)
    return listener !== undefined
  }

  #listenerFor(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined {
    if (CLONE_CALLS.includes(name)) {
      const heard = this.#watcher.call?.(name, args, tid, order)
      return alsoTelling(this.#takeClone(name as 'clone' | 'clone3', args, tid), heard)
    }
    if (SIGNAL_CALLS.includes(name)) return this.#takeSignal(name, args, tid, order)
    const tell = tellOfCall(this.#story, name, args, tid)
    const heard = this.#watcher.call?.(name, args, tid, order)
    if (!MOUNT_CALLS.includes(name)) return alsoTelling(heard, tell)
    return alsoTelling(alsoTelling(this.#emulator.call(name, args, tid), heard), tell)
  }

  #takeClone(call: 'clone' | 'clone3', args: readonly bigint[], tid: number): Listener {
    const flags = takeFlags(call, args, tid)
    const signal = call === 'clone3' && this.#story.isAsked ? exitSignalOf(args, tid) : undefined
    const clone = { call, flags: flags ?? 0, signal }
    if (flags !== undefined) this.#clones.set(tid, clone)
    const tell = this.#teller.aboutToClone(clone, tid)
    this.#reported.delete(tid)
    return result => {
      if (result > 0 && !this.#reported.delete(tid)) this.#hasHidden(tid, result)
      this.#clones.delete(tid)
      tell(result)
    }
  }

  #takeSignal(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener {
    const from = this.#processOf(tid)
    const [call, listener] = this.#signals.take(name, args, tid, from, order)
    this.#watcher.signal?.(call)
    return listener
  }

  /** A thread stands at the end of a call that somebody waits for. */
  takeResult(tid: number): void {
    const stop = syscallStop(tid)
    const listener = this.#pending.get(tid)
    this.#pending.delete(tid)
    const instead = stop && 'result' in stop ? listener?.(stop.result) : undefined
    if (typeof instead === 'number') setResult(tid, instead)
  }
}
