/**
 * What the processes of one group have done, added up over their threads: the kernel counts for each thread by itself,
 * and a thread's counters vanish with it.
 */
import { readProc } from '../../lib/trace/proc.ts'
import { type Scheduled, scheduled, threadsOf } from '../../lib/trace/scheduling.ts'

/** The counters of one thread. */
interface Counters extends Scheduled {
  readonly stops: number
  readonly sleeps: number
  readonly preemptions: number
  readonly state: string
}

/** What has been added up for one process. */
interface Account {
  readonly threads: Map<number, Counters>
  work: Scheduled
  stops: number
  sleeps: number
  ran: number
  switches: number
}

/** What a process has done, and how it stands. */
export interface Counted {
  readonly pid: number
  /** Whether one of its threads is in the group now. It may have been before. */
  readonly isMember: boolean
  /** What its threads in the group have had of the processors, in seconds, and how long they were ready and had none. */
  readonly work: Scheduled
  /** How often they have stood still for the judge. */
  readonly stops: number
  /** How often those went to sleep and not for a tracer: so often they have woken, or will. */
  readonly sleeps: number
  /** CPU time of all its threads, wherever they are, in seconds. */
  readonly ran: number
  /** How often any of them has given up or lost the processor, but for its tracer. */
  readonly switches: number
  /** Whether one of those in the group runs, or is ready to. */
  readonly isReady: boolean
  /** The letter of its state: `S`, `D`, `T`, … */
  readonly state: string
  /** How many bytes it has written since its birth, where the kernel counts them. */
  readonly written?: number
}

/** How many bytes a process has written since its birth, where the kernel counts them: proc_pid_io(5). */
function writtenBy(pid: number): { readonly written?: number } {
  const [, bytes] = /^wchar: (\d+)$/m.exec(readProc(pid, 'io') ?? '') ?? []
  return bytes === undefined ? {} : { written: Number(bytes) }
}

const NOTHING = { ran: 0, waited: 0, stops: 0, sleeps: 0, preemptions: 0 }

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? ''
}

/**
 * The counters of a thread; `undefined` if it has ended, also while it is still a zombie.
 * @param stops how often it has been stopped for its tracer: the kernel counts such a stop as a sleep of the thread
 */
function countersOf(pid: number, tid: number, stops: number): Counters | undefined {
  const status = readProc(pid, `task/${tid}/status`)
  const times = scheduled(pid, tid)
  const state = field(status ?? '', 'State')
  if (!status || !times || /[ZX]/.test(state)) return undefined
  // In state t it is stopped for its tracer now, which has not heard of that yet.
  const forTracer = stops + (state === 't' ? 1 : 0)
  const sleeps = Number(field(status, 'voluntary_ctxt_switches')) - forTracer
  return { ...times, stops: forTracer, sleeps, preemptions: Number(field(status, 'nonvoluntary_ctxt_switches')), state }
}

/** The tally of one group. */
export class Tally {
  readonly #accounts = new Map<number, Account>()
  /** Threads that were ever in the group: what they do later is theirs, too. */
  readonly #members = new Set<number>()

  /**
   * Adds what a process has done since it was last counted.
   * @param present the threads that are in the group now
   * @param stops how often a thread has been stopped for its tracer
   * @returns `undefined` if it has ended
   */
  count(pid: number, present: ReadonlySet<number>, stops: (tid: number) => number): Counted | undefined {
    const isNew = !this.#accounts.has(pid)
    const account = this.#accounts.get(pid) ?? {
      threads: new Map<number, Counters>(),
      work: { ran: 0, waited: 0 },
      stops: 0,
      sleeps: 0,
      ran: 0,
      switches: 0,
    }
    this.#accounts.set(pid, account)
    let [isMember, isReady, isAlive, state] = [false, false, false, '?']
    for (const tid of threadsOf(pid)) {
      const counters = countersOf(pid, tid, stops(tid))
      if (!counters) continue
      isAlive = true
      if (tid === pid || state === '?') state = counters.state
      if (present.has(tid)) this.#members.add(tid)
      isMember ||= present.has(tid)
      isReady ||= this.#members.has(tid) && counters.state === 'R'
      // What a process did before it was first counted does not count. A new thread of a known process was born
      // meanwhile.
      this.#add(account, tid, counters, account.threads.get(tid) ?? (isNew ? counters : NOTHING))
    }
    if (!isAlive) return undefined
    const { work, stops: stood, sleeps, ran, switches } = account
    return { pid, isMember, work, stops: stood, sleeps, ran, switches, isReady, state, ...writtenBy(pid) }
  }

  #add(account: Account, tid: number, counters: Counters, last: Omit<Counters, 'state'>): void {
    const [ran, waited] = [counters.ran - last.ran, counters.waited - last.waited]
    const sleeps = counters.sleeps - last.sleeps
    account.threads.set(tid, counters)
    account.ran += ran
    account.switches += sleeps + counters.preemptions - last.preemptions
    if (!this.#members.has(tid)) return
    account.work = { ran: account.work.ran + ran, waited: account.work.waited + waited }
    account.sleeps += sleeps
    account.stops += counters.stops - last.stops
  }

  /** Whether a thread was ever in the group. */
  knows(tid: number): boolean {
    return this.#members.has(tid)
  }

  /** A thread has ended, and the kernel may use its number again. */
  forget(tid: number): void {
    this.#members.delete(tid)
    for (const { threads } of this.#accounts.values()) threads.delete(tid)
    this.#accounts.delete(tid)
  }
}
