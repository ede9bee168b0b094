/**
 * Follows a tree of processes by ptrace(2) and writes down what the kernel says of each at its birth and at its end,
 * while it stands still. Nothing is sampled, so nothing is too short-lived to be seen.
 */
import { decodeStatus } from '../../lib/status.ts'
import { nsPids, statusField } from '../../lib/trace/proc.ts'
import { eventMessage, PTRACE, type TraceEvent } from '../../lib/trace/ptrace.ts'
import type { Scheduled } from '../../lib/trace/scheduling.ts'
import { Calls } from './calls.ts'
import { followHidden, tracedChildren } from './hidden.ts'
import { Lateness } from './lateness.ts'
import { type Burden, Ended } from './load.ts'
import { look, notSeen, programOf } from './moment.ts'
import type { ProcessRecord, SignalCall } from './record.ts'
import { SignalCalls } from './signal-calls.ts'
import { Story } from './story/story.ts'
import { type CloneCall, Teller } from './teller.ts'
import { Threads, takesAll, throughWhom } from './threads.ts'
import { Turns } from './turns.ts'
import type { Watcher } from './watcher.ts'

const SIGTRAP = 5
/** After how many milliseconds the report of a birth is given up. */
const LOST = 200

/** The observer of one sandbox, made while its init still waits at the gate. */
export class Observer {
  readonly processes = new Map<number, ProcessRecord>()
  /** Processes that a stop signal has stopped, wherever it came from, until they go on or end. */
  readonly stopped = new Set<number>()
  readonly story: Story
  /** How late it hears of what happens. */
  readonly lateness = new Lateness()
  /** What threads had of the processors that have ended. */
  readonly ended = new Ended()
  /** Who goes on when. */
  readonly turns = new Turns()
  readonly #init: number
  #recording = true
  readonly #watcher: Watcher
  readonly #statuses = new Map<number, NonNullable<ProcessRecord['status']>>()
  /** Threads whose birth has been reported. */
  readonly #known: Set<number>
  readonly #threads = new Threads()
  readonly #signals: SignalCalls
  readonly #calls: Calls
  readonly #teller: Teller
  /** Threads that stopped before their birth was reported, and when, in ms since the epoch. */
  readonly #unborn = new Map<number, number>()
  /** Init and the program: however busy all others are, the end of these is heard. */
  readonly #first: number[]
  #order = 0

  /**
   * @param story is written as things happen
   * @param name what the program is called in it, if that says more than the name of its interpreter
   */
  constructor(init: number, watcher: Watcher = {}, story: Story = new Story(false), name?: string) {
    this.#init = init
    this.#watcher = watcher
    this.story = story
    this.#signals = new SignalCalls(this.processes, story)
    this.#teller = new Teller(story, name)
    const processOf = (tid: number) => this.#threads.processOf(tid)
    story.processOf = processOf
    // Whoever was made so that nobody was told is born now, and has run already.
    const hasHidden = (caller: number, number: number) => {
      for (const one of followHidden(caller, number)) this.#bear(one, caller)
    }
    this.#calls = new Calls(init, watcher, this.#signals, this.#teller, story, processOf, hasHidden)
    this.#known = new Set([init])
    this.#first = [init]
    this.#threads.add(init)
  }

  get signals(): readonly SignalCall[] {
    return this.#signals.all
  }

  /** How a traced process or child ended, once it has. */
  statusOf(pid: number): ProcessRecord['status'] {
    return this.#statuses.get(pid)
  }

  /** From here on the dead are only buried: what a sandbox does while it is torn down proves nothing. */
  stopRecording(): void {
    this.#recording = false
    // Whose creator was killed before its fork was reported waits for a report that never comes.
    for (const tid of this.#unborn.keys()) this.turns.resume(tid)
    this.#unborn.clear()
    this.turns.releaseAll()
  }

  /**
   * Takes note of what has happened since the last call and lets everybody go on.
   * @param until when to stop although more is waiting, in ms since the epoch: a busy program must not wear out a bound
   * @returns whether nothing more is waiting
   */
  drain(until: number): boolean {
    const beforeEnd = (tid: number) => this.#recording && this.#watcher.end?.(this.#order, tid)
    const next = () => this.turns.next(beforeEnd, this.#first, this.#known)
    for (let event = next(); event; event = next()) {
      this.#take(event)
      if (Date.now() >= until) return false
    }
    this.#adoptOrphans()
    return true
  }

  /** What all threads of the sandbox have had of the processors so far, the ended ones as well. */
  get scheduled(): Scheduled {
    const alive = [...this.processes.values()].filter(({ status }) => !status).map(({ pid }) => pid)
    return this.ended.with(alive)
  }

  /** How many events it has heard of, and how many threads it follows just now. */
  get burden(): Burden {
    return { events: this.#order, threads: this.#known.size }
  }

  /** Looks at what is only to be seen by looking. */
  sample(): void {
    if (this.#recording) this.#watcher.sample?.()
  }

  /** Whether somebody waits for the report of their birth. */
  get hasUnborn(): boolean {
    return this.#unborn.size > 0
  }

  /** A report that has not come by now was lost with the creator: whoever inherited the child counts as that. */
  #adoptOrphans(): void {
    for (const [tid, since] of this.#unborn)
      if (Date.now() - since > LOST) this.#bear(tid, Number(statusField(tid, 'PPid')))
  }

  #take(event: TraceEvent): void {
    this.#order++
    if (event.kind === 'exit' && this.#recording) this.ended.take(event.tid)
    if (event.kind !== 'ended' && this.#recording) this.#watcher.stop?.(event.tid, event.kind)
    if (event.kind === 'ended') this.#takeEnd(event.tid, event.status)
    else if (!this.#recording) this.turns.resume(event.tid)
    // A newborn may stop before its creator's fork is reported; it has to wait until its birth is written down.
    else if (!this.#known.has(event.tid) && event.kind !== 'exit') this.#unborn.set(event.tid, Date.now())
    else this.#takeStopAndResume(event)
  }

  #takeStopAndResume(event: Exclude<TraceEvent, { kind: 'ended' }>): void {
    let how: number = PTRACE.CONT
    try {
      how = this.#takeStop(event)
    } finally {
      // Whatever we stumble over: one that stands still could not even be killed, and would hold all others.
      this.turns.resume(event.tid, how, event.kind === 'signal' ? event.signal : 0)
    }
  }

  /** @returns how the stopped thread is to go on */
  #takeStop({ tid, kind, signal }: Exclude<TraceEvent, { kind: 'ended' }>): number {
    // The creator stands still in fork or clone, and its child (a process or a thread) has not run yet.
    const child = kind === 'fork' || kind === 'vfork' || kind === 'clone' ? eventMessage(tid) : undefined
    if (child) this.#bear(child, tid, kind)
    if (kind === 'exec') this.#takeExec(tid)
    if (kind === 'exit') this.#takeExit(tid)
    if (kind === 'syscall') this.#calls.takeResult(tid)
    if (kind === 'seccomp' && this.#calls.take(tid, this.#order)) return PTRACE.SYSCALL
    if (kind !== 'stop') return PTRACE.CONT
    const pid = this.#threads.processOf(tid)
    // A stop by SIGSTOP or its like lasts until SIGCONT. SIGTRAP says that the process is not, or no more, in such a stop.
    if (signal === SIGTRAP) this.stopped.delete(pid)
    else this.stopped.add(pid)
    return signal === SIGTRAP ? PTRACE.CONT : PTRACE.LISTEN
  }

  #bear(tid: number, caller: number, kind = 'fork'): void {
    this.#known.add(tid)
    const creator = this.#threads.processOf(caller)
    // Neither fork(2) nor vfork(2) stops before it is made.
    const clone = this.#calls.cloneOf(caller) ?? { call: kind, flags: 0 }
    if (this.#threads.add(tid) === tid) this.#bearProcess(tid, caller, creator, clone)
    else this.#teller.threadBorn(tid, caller, clone)
    if (this.#unborn.delete(tid)) this.turns.resume(tid)
  }

  #bearProcess(pid: number, caller: number, creator: number, clone: CloneCall): void {
    const parent = Number(statusField(pid, 'PPid') ?? creator)
    const birth = look(pid, caller, clone.flags) ?? notSeen(this.processes.get(creator)?.birth)
    // A process that nobody could look at is one all the same. Nothing is known of where it was born.
    if (!birth) {
      this.#teller.notSeen(pid, caller)
      return
    }
    const made = { pid, numbers: nsPids(pid), creator, caller, parent, flags: clone.flags, born: this.#order }
    const record: ProcessRecord = { ...made, birth, programs: [] }
    this.processes.set(pid, record)
    this.#teller.born(record, caller, clone)
    if (creator === this.#init) this.#first.push(pid)
    this.#watcher.birth?.(pid, this.#order)
  }

  #takeExec(pid: number): void {
    this.#threads.becomeOne(pid)
    const file = programOf(pid)
    const record = this.processes.get(pid)
    record?.programs.push(file)
    // An exit_group(2) in another thread may have come too late to end more than that thread.
    if (record) delete record.exit
    this.#teller.became(pid, file)
    this.#watcher.exec?.(pid)
  }

  /**
   * A thread is about to end. If it is the last of its process, or takes the others with it, that still has everything it
   * had. To wait for the last would not do: one that is ending already when another ends them all is not stopped again.
   */
  #takeExit(tid: number): void {
    // A creator that is killed in the middle of its fork takes the report with it; its child would wait for ever.
    for (const child of tracedChildren(tid)) if (!this.#known.has(child)) this.#bear(child, tid)
    const pid = this.#threads.processOf(tid)
    const isLast = this.#threads.ends(tid)
    const record = this.processes.get(pid)
    if (!record || record.exit) return
    const status = decodeStatus(eventMessage(tid) ?? 0)
    if (!isLast && !takesAll(tid, status)) return
    const exit = look(tid, throughWhom(record.creator, record.caller), record.flags)
    if (!exit) return
    Object.assign(record, { exit, exiting: this.#order, lastThread: tid })
    this.#watcher.exit?.(pid, status.code ?? undefined, tid)
    this.#teller.ending(pid, status)
  }

  #takeEnd(pid: number, status: NonNullable<ProcessRecord['status']>): void {
    this.#statuses.set(pid, status)
    // The kernel may give the number to somebody else.
    this.ended.forget(pid)
    this.#watcher.forget?.(pid)
    this.#threads.forget(pid)
    this.#calls.forget(pid)
    this.story.forget(pid)
    for (const those of [this.#known, this.#unborn, this.stopped]) those.delete(pid)
    const record = this.processes.get(pid)
    if (record) {
      Object.assign(record, { status, ended: this.#order })
      if (!this.#recording) return
      this.#teller.ended(pid, status)
      this.#watcher.gone?.(pid, this.#order)
    }
  }
}
