/**
 * Notices that nobody in a program can move any more: each of its processes waits for the end of a child, or for a byte
 * in a pipe that only they could write. It is told at once, and decides nothing: the program keeps its time.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { readProc } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import type { ProcessRecord } from '../observer/record.ts'

/** Numbers of the calls by architecture, `<asm/unistd.h>`. */
const CALLS = {
  x64: { read: [0], wait: [61, 247], sleep: [35, 230] },
  arm64: { read: [63], wait: [260, 95], sleep: [101, 115] },
}[process.arch as 'x64' | 'arm64'] ?? { read: [], wait: [], sleep: [] }

/** More are not looked at: a program that makes so many does not wait at gates. */
const MOST_PROCESSES = 24

/** What a process waits for that stands still. */
type Wait = 'a gate' | 'a child'

/** The number of the call in which a thread is, and its first argument; `undefined` if it runs, or has ended. */
function callOf(pid: number, tid: string): readonly [number: number, first: number] | undefined {
  const [number, first] = (readProc(pid, `task/${tid}/syscall`) ?? '').split(' ')
  return /^\d+$/.test(number ?? '') ? [Number(number), Number(first)] : undefined
}

const isPipe = (pid: number, fd: number) => {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('pipe:')
  } catch {
    // ENOENT: it has ended, or closed it.
    return false
  }
}

/** What a process waits for, if all of its threads stand still. */
function waitOf(pid: number): Wait | undefined {
  let tids: string[]
  try {
    tids = readdirSync(`/proc/${pid}/task`)
  } catch {
    // ENOENT: it has ended.
    return undefined
  }
  const calls = tids.map(tid => callOf(pid, tid))
  if (calls.some(call => call === undefined || CALLS.sleep.includes(call[0]))) return undefined
  const [number = -1, first = -1] = calls[tids.indexOf(String(pid))] ?? []
  if (CALLS.wait.includes(number)) return 'a child'
  return CALLS.read.includes(number) && isPipe(pid, first) ? 'a gate' : undefined
}

/** Looks from time to time, and tells once. */
export class Standstill {
  readonly #observer: Observer
  readonly #ours: readonly number[]
  readonly #tell: (text: string) => void
  #before = ''
  #hasTold = false

  /** @param ours processes of the sandbox that are not the program's */
  constructor(observer: Observer, ours: readonly number[], tell: (text: string) => void) {
    this.#observer = observer
    this.#ours = ours
    this.#tell = tell
  }

  /** Two looks have to find the same: one could fall between two steps of somebody who moves. */
  look(): void {
    if (this.#hasTold) return
    const alive = [...this.#observer.processes.values()].filter(one => !one.status && !this.#ours.includes(one.pid))
    if (alive.length === 0 || alive.length > MOST_PROCESSES) return
    const waits = alive.map(({ pid }) => [pid, waitOf(pid)] as const)
    const isStill = waits.every(([, wait]) => wait !== undefined)
    const now = isStill ? JSON.stringify(waits) : ''
    if (isStill && now === this.#before) {
      this.#hasTold = true
      this.#tell(this.#describe(alive, new Map(waits)))
    }
    this.#before = now
  }

  #describe(alive: readonly ProcessRecord[], waits: ReadonlyMap<number, Wait | undefined>): string {
    const [first] = this.#observer.processes.keys()
    const name = ({ pid, numbers }: ProcessRecord) => {
      if (pid === first) return 'your program'
      const own = numbers.at(-1)
      return alive.length === 2 ? 'its child' : `process ${own}`
    }
    const parts = alive.map(
      one => `${name(one)} waits ${waits.get(one.pid) === 'a child' ? 'for the end of a child' : 'at a gate'}`,
    )
    return `Nobody moves any more: ${parts.join(', ')}.`
  }
}
