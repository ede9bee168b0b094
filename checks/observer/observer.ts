/**
 * Follows a tree of processes by ptrace(2) and writes down what the kernel says of each at its birth and at its end,
 * while it stands still. Nothing is sampled, so nothing is too short-lived to be seen.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { namespaces } from '../../lib/namespaces.ts'
import { decodeStatus } from '../../lib/status.ts'
import { nsPids, readProc, statusField } from '../../lib/trace/proc.ts'
import {
  eventMessage,
  type Listener,
  nextEvent,
  PTRACE,
  resume,
  type StopReason,
  setResult,
  syscallStop,
  type TraceEvent,
} from '../../lib/trace/ptrace.ts'
import type { Scheduled } from '../../lib/trace/scheduling.ts'
import { CLONE_CALLS, callName, MOUNT_CALLS, SIGNAL_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import { CallEmulator } from '../sandbox/emulated-calls.ts'
import { takeFlags } from './clones.ts'
import { Lateness } from './lateness.ts'
import { Ended } from './load.ts'
import { look, NOTHING } from './moment.ts'
import type { Moment, ProcessRecord, SignalCall } from './record.ts'
import { Threads, throughWhom } from './threads.ts'

const [SIGTRAP, SIGKILL] = [5, 9]
/** After how many milliseconds the report of a birth is given up. */
const LOST = 200

/** The file of the program that a process runs, as the kernel has loaded it. */
function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return '?'
  }
}

/** Somebody who looks closer at what one lab is about, while the process in question stands still. */
export interface Watcher {
  /** A process has just been born. */
  birth?(pid: number, order: number): void
  /** A process has turned itself into another program. */
  exec?(pid: number): void
  /** A thread is about to make a call. @returns who wants to know what it returned */
  call?(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined
  /** A thread is about to send a signal. */
  signal?(call: SignalCall): void
  /** A thread stands still because it is traced, and is about to go on. */
  stop?(tid: number, kind: StopReason): void
  /** A thread has ended, and its number may be given to another one. */
  forget?(tid: number): void
  /**
   * The last thread of a process is about to end, and the process still has everything it had.
   * @param tid that thread, through which it can be looked at
   */
  exit?(pid: number, code: number | undefined, tid: number): void
  /** A process has ended, and its parent may know. */
  gone?(pid: number, order: number): void
  /** A process has ended, and its parent does not know it yet. */
  end?(order: number, pid: number): void
  /** A look at what nobody reports, every few milliseconds. */
  sample?(): void
}

/** The observer of one sandbox, made while its init still waits at the gate. */
export class Observer {
  readonly processes = new Map<number, ProcessRecord>()
  readonly signals: SignalCall[] = []
  readonly stopped = new Set<number>()
  /** How late it hears of what happens. */
  readonly lateness = new Lateness()
  /** What threads had of the processors that have ended. */
  readonly ended = new Ended()
  readonly #init: number
  #recording = true
  readonly #watcher: Watcher
  readonly #emulator: CallEmulator
  readonly #pending = new Map<number, Listener>()
  readonly #statuses = new Map<number, NonNullable<ProcessRecord['status']>>()
  /** Threads whose birth has been reported. */
  readonly #known: Set<number>
  readonly #threads = new Threads()
  /** The flags of the clone that a thread is in. */
  readonly #flags = new Map<number, number>()
  /** Threads that stopped before their birth was reported, and when, in ms since the epoch. */
  readonly #unborn = new Map<number, number>()
  /** Init and the program: however busy all others are, the end of these is heard. */
  readonly #first: number[]
  #order = 0

  constructor(init: number, watcher: Watcher = {}) {
    this.#init = init
    this.#watcher = watcher
    this.#emulator = new CallEmulator(init)
    this.#known = new Set([init])
    this.#first = [init]
    this.#threads.add(init)
  }

  /** How a traced process or child ended, once it has. */
  statusOf(pid: number): ProcessRecord['status'] {
    return this.#statuses.get(pid)
  }

  /** From here on the dead are only buried: what a sandbox does while it is torn down proves nothing. */
  stopRecording(): void {
    this.#recording = false
    // Whose creator was killed before its fork was reported waits for a report that never comes.
    for (const tid of this.#unborn.keys()) resume(tid, PTRACE.CONT)
    this.#unborn.clear()
  }

  /**
   * Takes note of what has happened since the last call and lets everybody go on.
   * @param until when to stop although more is waiting, in ms since the epoch: a busy program must not wear out a bound
   * @returns whether nothing more is waiting
   */
  drain(until: number): boolean {
    const beforeEnd = (tid: number) => this.#recording && this.#watcher.end?.(this.#order, tid)
    for (let event = nextEvent(beforeEnd, this.#first); event; event = nextEvent(beforeEnd, this.#first)) {
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
    for (const [tid, since] of this.#unborn) {
      if (Date.now() - since > LOST) this.#bear(tid, Number(statusField(tid, 'PPid')))
    }
  }

  #take(event: TraceEvent): void {
    this.#order++
    if (event.kind === 'exit' && this.#recording) this.ended.take(event.tid)
    if (event.kind !== 'ended' && this.#recording) this.#watcher.stop?.(event.tid, event.kind)
    if (event.kind === 'ended') this.#takeEnd(event.tid, event.status)
    else if (!this.#recording) resume(event.tid, PTRACE.CONT)
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
      resume(event.tid, how, event.kind === 'signal' ? event.signal : 0)
    }
  }

  /** @returns how the stopped thread is to go on */
  #takeStop({ tid, kind, signal }: Exclude<TraceEvent, { kind: 'ended' }>): number {
    if (kind === 'fork' || kind === 'vfork' || kind === 'clone') this.#takeBirth(tid)
    if (kind === 'exec') this.#takeExec(tid)
    if (kind === 'exit') {
      this.#takeUnreported(tid)
      this.#takeExit(tid)
    }
    if (kind === 'syscall') this.#takeResult(tid)
    if (kind === 'seccomp' && this.#takeCall(tid)) return PTRACE.SYSCALL
    if (kind === 'stop' && signal !== SIGTRAP) this.stopped.add(this.#threads.processOf(tid))
    // A stop by SIGSTOP or its like lasts until SIGCONT; with SIGTRAP it is only the tracer's own.
    return kind === 'stop' && signal !== SIGTRAP ? PTRACE.LISTEN : PTRACE.CONT
  }

  /** The creator stands still in fork or clone, and its child (a process or a thread) has not run yet. */
  #takeBirth(caller: number): void {
    const tid = eventMessage(caller)
    if (tid) this.#bear(tid, caller)
  }

  /** A creator that is killed in the middle of its fork takes the report with it; its child would wait for ever. */
  #takeUnreported(caller: number): void {
    // A zombie that nobody has waited for has been followed to its end: it is traced no more.
    for (const tid of (readProc(caller, `task/${caller}/children`) ?? '').split(' ').filter(Boolean).map(Number))
      if (!this.#known.has(tid) && statusField(tid, 'TracerPid') !== '0') this.#bear(tid, caller)
  }

  #bear(tid: number, caller: number): void {
    this.#known.add(tid)
    const creator = this.#threads.processOf(caller)
    const flags = this.#flags.get(caller) ?? 0
    if (this.#threads.add(tid) === tid) this.#bearProcess(tid, caller, creator, flags)
    if (this.#unborn.delete(tid)) resume(tid, PTRACE.CONT)
  }

  #bearProcess(pid: number, caller: number, creator: number, flags: number): void {
    const parent = Number(statusField(pid, 'PPid') ?? creator)
    const birth = look(pid, caller, flags) ?? this.#placeUnknown(creator)
    // A process that nobody could look at is one all the same. Nothing is known of where it was born.
    if (!birth) return
    this.processes.set(pid, {
      pid,
      numbers: nsPids(pid),
      creator,
      parent,
      flags,
      born: this.#order,
      birth,
      programs: [],
    })
    if (creator === this.#init) this.#first.push(pid)
    this.#watcher.birth?.(pid, this.#order)
  }

  /** For a process that was killed before it could be looked at: where its creator was when that one was born. */
  #placeUnknown(creator: number): Moment | undefined {
    const birth = this.processes.get(creator)?.birth
    return birth && { ...birth, sharing: NOTHING }
  }

  #takeExec(pid: number): void {
    this.#threads.becomeOne(pid)
    this.processes.get(pid)?.programs.push(programOf(pid))
    this.#watcher.exec?.(pid)
  }

  /** A thread is about to end. If it is the last of its process, that still has everything it had. */
  #takeExit(tid: number): void {
    const pid = this.#threads.processOf(tid)
    if (!this.#threads.ends(tid)) return
    const record = this.processes.get(pid)
    const exit = record && look(tid, throughWhom(record.creator), record.flags)
    if (!exit) return
    record.exit = exit
    record.exiting = this.#order
    this.#watcher.exit?.(pid, decodeStatus(eventMessage(tid) ?? 0).code ?? undefined, tid)
  }

  #takeEnd(pid: number, status: NonNullable<ProcessRecord['status']>): void {
    this.#statuses.set(pid, status)
    // The kernel may give the number to somebody else.
    this.ended.forget(pid)
    this.#watcher.forget?.(pid)
    this.#threads.forget(pid)
    this.#flags.delete(pid)
    this.#known.delete(pid)
    this.#unborn.delete(pid)
    const record = this.processes.get(pid)
    if (record) {
      Object.assign(record, { status, ended: this.#order })
      if (this.#recording) this.#watcher.gone?.(pid, this.#order)
    }
  }

  /** @returns whether the end of the call is worth waiting for */
  #takeCall(tid: number): boolean {
    const stop = syscallStop(tid)
    const name = stop && 'nr' in stop ? callName(stop.nr) : undefined
    if (!name || !stop || !('nr' in stop)) return false
    const listener = this.#listenerFor(name, stop.args, tid)
    if (listener) this.#pending.set(tid, listener)
    return listener !== undefined
  }

  #listenerFor(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    if (CLONE_CALLS.includes(name)) {
      const flags = takeFlags(name as 'clone' | 'clone3', args, tid)
      if (flags !== undefined) this.#flags.set(tid, flags)
      return () => {
        this.#flags.delete(tid)
      }
    }
    if (SIGNAL_CALLS.includes(name)) return this.#takeSignalCall(tid, name, args)
    if (MOUNT_CALLS.includes(name)) return this.#emulator.call(name, args, tid)
    return this.#watcher.call?.(name, args, tid, this.#order)
  }

  #takeSignalCall(tid: number, name: StoppedCall, args: readonly bigint[]) {
    // tgkill and rt_tgsigqueueinfo name the process and then the thread.
    const [first = 0n, second = 0n] = /tg/.test(name) ? [args[0], args[2]] : args
    const from = this.#threads.processOf(tid)
    const byPidfd = name === 'pidfd_send_signal'
    const target = byPidfd ? this.#pidOfPidfd(tid, Number(first)) : Number(BigInt.asIntN(32, first))
    const signal = Number(BigInt.asIntN(32, second))
    const call: SignalCall = {
      order: this.#order,
      from,
      target,
      found: this.#numbered(tid, target),
      outside: this.#outside(tid, target),
      signal,
      ...(signal === SIGKILL && target <= 0 && !byPidfd && { reached: this.#reachedBy(tid, target) }),
      result: undefined,
    }
    this.signals.push(call)
    this.#watcher.signal?.(call)
    return (result: number) => {
      call.result = result
    }
  }

  #takeResult(tid: number): void {
    const stop = syscallStop(tid)
    const listener = this.#pending.get(tid)
    this.#pending.delete(tid)
    const instead = stop && 'result' in stop ? listener?.(stop.result) : undefined
    if (typeof instead === 'number') setResult(tid, instead)
  }

  /** The number behind a pidfd of a process, in that process's PID namespace. */
  #pidOfPidfd(owner: number, fd: number): number {
    try {
      const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${owner}/fdinfo/${fd}`, 'utf8'))?.[1]?.split(/\s+/)
      return Number(numbers?.[nsPids(owner).length - 1] ?? -1)
    } catch {
      return -1
    }
  }

  /**
   * The living process that has a number of its own in a PID namespace around that of `caller`: of several the nearest,
   * which is where the parent of PID 1 lives.
   */
  #outside(caller: number, number: number): number | undefined {
    const all = [...this.processes.values()]
    const depth = nsPids(caller).length
    const around = all.filter(({ numbers, status }) => !status && numbers.length < depth && numbers.at(-1) === number)
    if (around.length < 2) return around[0]?.pid
    const inside = namespaces(caller).pid
    const first = all.find(({ numbers, birth }) => numbers.at(-1) === 1 && birth.namespaces.pid === inside)
    const home = this.processes.get(first?.parent ?? 0)?.birth.namespaces.pid
    return (around.find(({ birth }) => birth.namespaces.pid === home) ?? around[0])?.pid
  }

  /** The processes that a SIGKILL to a process group, or to everybody, reaches: nobody else is told of each. */
  #reachedBy(caller: number, target: number): number[] {
    const level = nsPids(caller).length - 1
    const numberOf = (pid: number) => Number((statusField(pid, 'NSpgid') ?? '').split(/\s+/)[level])
    const group = target === 0 ? numberOf(caller) : -target
    const alive = [...this.processes.values()].filter(({ numbers, status }) => !status && numbers.length > level)
    return alive.map(({ pid }) => pid).filter(pid => target === -1 || numberOf(pid) === group)
  }

  /** The living process that has a number in the PID namespace of `caller`. */
  #numbered(caller: number, number: number): number | undefined {
    const level = nsPids(caller).length - 1
    const inode = namespaces(caller).pid
    const candidates = [...this.processes.values()].filter(
      ({ numbers, status }) => !status && numbers[level] === number,
    )
    return candidates.find(
      ({ birth, numbers }) => level === 0 || numbers.length > level + 1 || birth.namespaces.pid === inode,
    )?.pid
  }
}
