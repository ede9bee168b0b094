/**
 * Waiting on behalf of a judge, without an event loop.
 */
import { readSync } from 'node:fs'
import { closeQuietly, poll, readSignals } from '../lib/poll.ts'
import type { Observer } from './observer.ts'

const KEPT_OUTPUT = 16384
const SIGCHLD = 17
/** How long events may keep the judge from looking at the clock and at its own signals, in milliseconds. */
const SLICE = 100
/** How long the kernel may take to end a sandbox, in seconds. */
const BURIAL = 10

/** Waits for events of one sandbox: traced processes, output, and signals to the judge. */
export class Watch {
  output = ''
  interrupted = false
  readonly #signals: number
  readonly #observer: Observer
  #pipe: number | undefined

  constructor(signals: number, pipe: number, observer: Observer) {
    this.#signals = signals
    this.#observer = observer
    this.#pipe = pipe
  }

  /** Handles whatever comes until `done` or until `deadline` (ms since the epoch). @returns whether it is done */
  until(done: () => boolean, deadline: number): boolean {
    for (;;) {
      const isDrained = this.#observer.drain(Math.min(deadline, Date.now() + SLICE))
      if (done()) return true
      const left = deadline - Date.now()
      if (left <= 0 || this.interrupted) return false
      const patience = isDrained ? Math.min(left, this.#observer.hasUnborn ? SLICE : left) : 0
      const ready = poll([this.#signals, ...(this.#pipe === undefined ? [] : [this.#pipe])], patience / 1000)
      if (ready.includes(this.#signals) && readSignals(this.#signals).some(signal => signal !== SIGCHLD))
        this.interrupted = true
      if (this.#pipe !== undefined && ready.includes(this.#pipe)) this.#read(this.#pipe)
    }
  }

  /** Whether everybody who could print has closed the pipe. */
  get isSilent(): boolean {
    return this.#pipe === undefined
  }

  #read(pipe: number): void {
    const buffer = Buffer.alloc(65536)
    const length = readSync(pipe, buffer)
    if (length === 0) this.#close()
    this.output = (this.output + buffer.toString('utf8', 0, length)).slice(-KEPT_OUTPUT)
  }

  /** Waits until a process that was killed has been waited for, whatever signals come meanwhile. */
  bury(pid: number): void {
    const deadline = Date.now() + BURIAL * 1000
    this.#observer.stopRecording()
    while (this.#observer.statusOf(pid) === undefined && Date.now() < deadline) {
      this.#observer.drain(deadline)
      poll([this.#signals], 0.05)
      readSignals(this.#signals)
    }
    this.#close()
  }

  #close(): void {
    if (this.#pipe !== undefined) closeQuietly(this.#pipe)
    this.#pipe = undefined
  }
}
