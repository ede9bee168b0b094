/**
 * Notices that nobody in a program can move any more: each of its processes waits for the end of a child, or for a byte
 * in a pipe that only they could write. It is told at once, and decides nothing: the program keeps its time.
 */
import { readdirSync } from 'node:fs'
import type { EventLoop } from '../observer/event-loop.ts'
import type { Observer } from '../observer/observer.ts'
import type { ProcessRecord } from '../observer/record.ts'
import { waitOfThread } from '../observer/waiting.ts'
import { cpuTime } from './stopwatch.ts'

/** The calls in which somebody sleeps, and those in which they wait for the end of a child. */
const [SLEEP, WAIT] = [
  ['nanosleep', 'clock_nanosleep'],
  ['wait4', 'waitid'],
]

/** More are not looked at: a program that makes so many does not wait at gates. */
const MOST_PROCESSES = 24

/** How often it is looked, in ms. */
const LOOK = 250
/** For how many looks a process has to compute, and to have got more of a processor each time, to be told of. */
const LONG = 10

/** What a process waits for that stands still. */
type Wait = 'a gate' | 'a child'

/** What a process waits for, if all of its threads stand still. */
function waitOf(pid: number): Wait | undefined {
  let tids: string[]
  try {
    tids = readdirSync(`/proc/${pid}/task`)
  } catch {
    // ENOENT: it has ended.
    return undefined
  }
  const waits = tids.map(tid => waitOfThread(Number(tid)))
  if (waits.some(wait => !wait || wait.call === 'nothing' || SLEEP.includes(wait.call))) return undefined
  const { call = '', file = '' } = waits[tids.indexOf(String(pid))] ?? {}
  if (WAIT.includes(call)) return 'a child'
  return call === 'read' && file.startsWith('pipe:') ? 'a gate' : undefined
}

/** Looks from time to time, and tells once. */
export class Standstill {
  readonly #observer: Observer
  readonly #ours: readonly number[]
  readonly #tell: (text: string) => void
  #before = ''
  #hasTold = false
  readonly #busy = new Map<number, { readonly looks: number; readonly before: number }>()

  /** @param ours processes of the sandbox that are not the program's */
  constructor(observer: Observer, ours: readonly number[], tell: (text: string) => void) {
    this.#observer = observer
    this.#ours = ours
    this.#tell = tell
  }

  /** Handles what comes until something is so, and looks meanwhile. @returns whether it came to be so in time */
  watch(loop: Pick<EventLoop, 'until' | 'interrupted'>, isSo: () => boolean, deadline: number): boolean {
    for (;;) {
      const next = Math.min(deadline, Date.now() + LOOK)
      if (loop.until(isSo, next)) return true
      if (loop.interrupted || Date.now() >= deadline) return false
      this.look()
    }
  }

  /** Two looks have to find the same: one could fall between two steps of somebody who moves. */
  look(): void {
    // Whoever stands still for the judge waits for nothing else.
    if (this.#hasTold || this.#observer.turns.areHeld) return
    const alive = [...this.#observer.processes.values()].filter(one => !one.status && !this.#ours.includes(one.pid))
    if (alive.length === 0 || alive.length > MOST_PROCESSES) return
    const waits = alive.map(({ pid }) => [pid, waitOf(pid)] as const)
    if (this.#lookForLoops(alive)) return
    const isStill = waits.every(([, wait]) => wait !== undefined)
    const now = isStill ? JSON.stringify(waits) : ''
    if (isStill && now === this.#before) {
      this.#hasTold = true
      this.#tell(this.#describe(alive, new Map(waits)))
    }
    this.#before = now
  }

  /** Whether somebody computes without a pause, look after look. */
  #lookForLoops(alive: readonly ProcessRecord[]): boolean {
    for (const one of alive) {
      const spent = cpuTime(one.pid)
      const { looks, before } = this.#busy.get(one.pid) ?? { looks: 0, before: 0 }
      const isBusy = waitOfThread(one.pid)?.call === 'nothing' && spent > before
      this.#busy.set(one.pid, { looks: isBusy ? looks + 1 : 0, before: spent })
    }
    const found = alive.find(({ pid }) => (this.#busy.get(pid)?.looks ?? 0) >= LONG)
    if (!found) return false
    this.#hasTold = true
    this.#tell(`${this.#nameOf(found, alive)} has been computing for ${(LONG * LOOK) / 1000} s without a pause.`)
    return true
  }

  #nameOf({ pid, numbers }: ProcessRecord, alive: readonly ProcessRecord[]): string {
    const [first] = this.#observer.processes.keys()
    if (pid === first) return 'your program'
    return alive.length === 2 ? 'its child' : `process ${numbers.at(-1)}`
  }

  #describe(alive: readonly ProcessRecord[], waits: ReadonlyMap<number, Wait | undefined>): string {
    const parts = alive.map(
      one =>
        `${this.#nameOf(one, alive)} waits ${waits.get(one.pid) === 'a child' ? 'for the end of a child' : 'at a gate'}`,
    )
    return `Nobody moves any more: ${parts.join(', ')}.`
  }
}
