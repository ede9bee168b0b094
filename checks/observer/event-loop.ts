/**
 * Waiting on behalf of a judge, without an event loop.
 */
import { readSync } from 'node:fs'
import { closeQuietly, poll, readSignals } from '../../lib/machine/poll.ts'
import type { Observer } from './observer.ts'

const KEPT_OUTPUT = 16384
/** Where output is read to, piece by piece. */
const buffer = Buffer.alloc(65536)
/** How often output is read at the end: more than a pipe holds, but bounded, because a process may go on printing. */
const MOST_READS = 64
const SIGCHLD = 17
/**
 * How long events may keep the judge from looking at the clock and at its own signals, in milliseconds; and, where things
 * are sampled, not longer than until the next look: a program that floods its judge with calls must not blind it.
 */
const SLICE = 100
/** How often things are sampled that cause no event, in milliseconds. */
const SAMPLE = 20
/** How long the kernel may take to end a sandbox, in seconds. */
const ENDING = 30

/** Waits for events of one sandbox: traced processes, output, and signals to the judge. */
export class EventLoop {
  output = ''
  interrupted = false
  readonly #signals: number
  readonly #observer: Observer
  readonly #samples: boolean
  readonly #outputs = new Set<number>()
  #sampleAt = 0

  /** @param samples whether a witness wants to sample things that cause no event */
  constructor(signals: number, output: number, observer: Observer, samples: boolean) {
    this.#signals = signals
    this.#observer = observer
    this.#samples = samples
    this.listen(output)
  }

  /** Reads from one more descriptor until it ends. */
  listen(output: number): void {
    this.#outputs.add(output)
  }

  /** Handles whatever comes until `done` or until `deadline` (ms since the epoch). @returns whether it is done */
  until(done: () => boolean, deadline: number): boolean {
    for (;;) {
      if (this.#samples) this.#sample()
      const slice = this.#samples ? SAMPLE : SLICE
      const isDrained = this.#observer.drain(Math.min(deadline, Date.now() + slice))
      if (done()) return true
      const left = deadline - Date.now()
      if (left <= 0 || this.interrupted) return false
      const longest = this.#samples ? SAMPLE : this.#observer.hasUnborn ? SLICE : left
      if (isDrained && this.#samples) this.#observer.lateness.quiet()
      const ready = poll([this.#signals, ...this.#outputs], (isDrained ? Math.min(left, longest) : 0) / 1000)
      if (isDrained && this.#samples) this.#observer.lateness.woke()
      if (ready.includes(this.#signals) && readSignals(this.#signals).some(signal => signal !== SIGCHLD))
        this.interrupted = true
      for (const output of this.#outputs) if (ready.includes(output)) this.#read(output)
    }
  }

  /** Samples, but computes for no more than a tenth of the time, or on a busy machine it would take the program's. */
  #sample(): void {
    const start = Date.now()
    if (start < this.#sampleAt) return
    const before = process.cpuUsage()
    this.#observer.sample()
    // CPU time and not elapsed time: waiting for a processor does not count.
    const { user, system } = process.cpuUsage(before)
    this.#sampleAt = start + Math.max(SAMPLE, (user + system) / 100)
  }

  /** Reads what has been printed by now: the end of a process may be reported before its last output is read. */
  readAll(): void {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const ready = poll([...this.#outputs], 0)
      if (ready.length === 0) return
      for (const output of ready) this.#read(output)
    }
  }

  /** Whether all processes that could print have closed their end. */
  get isSilent(): boolean {
    return this.#outputs.size === 0
  }

  #read(output: number): void {
    const length = readOrNothing(output)
    if (length === undefined) return
    if (length === 0) this.#close(output)
    this.output = (this.output + buffer.toString('utf8', 0, length)).slice(-KEPT_OUTPUT)
  }

  /**
   * Waits until a process that must end has been reaped, whatever signals come meanwhile.
   * @param patience in seconds
   * @param help is called again and again meanwhile, to take away what keeps it
   * @returns whether it has
   */
  awaitEnd(pid: number, patience = ENDING, help = () => {}): boolean {
    const deadline = Date.now() + patience * 1000
    this.#observer.stopRecording()
    while (this.#observer.statusOf(pid) === undefined && Date.now() < deadline) {
      help()
      this.#observer.drain(deadline)
      poll([this.#signals], 0.05)
      readSignals(this.#signals)
    }
    for (const output of this.#outputs) this.#close(output)
    return this.#observer.statusOf(pid) !== undefined
  }

  #close(output: number): void {
    closeQuietly(output)
    this.#outputs.delete(output)
  }
}

/** @returns 0 at the end, which a terminal reports as EIO; `undefined` if what was there has been flushed meanwhile */
function readOrNothing(fd: number): number | undefined {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EIO') return 0
    if (code === 'EAGAIN') return undefined
    throw error
  }
}
