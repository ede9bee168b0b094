/**
 * The calls by which processes send signals: who sent which to whom, and what the kernel answered.
 */
import { readFileSync } from 'node:fs'
import { namespaceInode } from '../../lib/namespaces.ts'
import { signalName } from '../../lib/status.ts'
import { nsPids, statusField } from '../../lib/trace/proc.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import type { StoppedCall } from '../../lib/trace/seccomp.ts'
import type { ProcessRecord, SignalCall } from './record.ts'
import { answerOf } from './story/calls.ts'
import type { Of } from './story/event.ts'
import type { Story } from './story/story.ts'

export const SIGKILL = 9
/** SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU stop a process. */
export const STOP_SIGNALS: readonly number[] = [19, 20, 21, 22]
/** What these do to somebody is asked for afterwards. */
const FATEFUL: readonly number[] = [SIGKILL, ...STOP_SIGNALS]

/** The flag with which a pidfd stands for the process group that its process leads, `<linux/pidfd.h>`. */
const PIDFD_SIGNAL_PROCESS_GROUP = 4n

/** The number behind a pidfd of a process, in that process's PID namespace. */
function pidOfPidfd(owner: number, fd: number): number {
  try {
    const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${owner}/fdinfo/${fd}`, 'utf8'))?.[1]?.split(/\s+/)
    return Number(numbers?.[nsPids(owner).length - 1] ?? -1)
  } catch {
    return -1
  }
}

/** The signal calls of one sandbox. */
export class SignalCalls {
  readonly all: SignalCall[] = []
  readonly #processes: ReadonlyMap<number, ProcessRecord>
  readonly #story: Story

  constructor(processes: ReadonlyMap<number, ProcessRecord>, story: Story) {
    this.#processes = processes
    this.#story = story
  }

  /**
   * A thread is about to send a signal.
   * @param from its process
   * @returns the call, and who wants to know what it returned
   */
  take(name: StoppedCall, args: readonly bigint[], tid: number, from: number, order: number): [SignalCall, Listener] {
    // tgkill and rt_tgsigqueueinfo name the process and then the thread.
    const [first = 0n, second = 0n] = /tg/.test(name) ? [args[0], args[2]] : args
    const byPidfd = name === 'pidfd_send_signal'
    const named = byPidfd ? pidOfPidfd(tid, Number(first)) : Number(BigInt.asIntN(32, first))
    const isGroup = byPidfd && named > 0 && ((args[3] ?? 0n) & PIDFD_SIGNAL_PROCESS_GROUP) !== 0n
    const target = isGroup ? -named : named
    const signal = Number(BigInt.asIntN(32, second))
    const call: SignalCall = {
      order,
      from,
      target,
      found: this.#numbered(tid, target),
      outside: this.#outside(tid, target),
      signal,
      ...(FATEFUL.includes(signal) &&
        target <= 0 &&
        (isGroup || !byPidfd) && { reached: this.#reachedBy(tid, target) }),
      result: undefined,
    }
    this.all.push(call)
    const told = this.#tell(name, call, tid)
    return [
      call,
      result => {
        call.result = result
        told.answer = answerOf(result)
      },
    ]
  }

  #tell(name: StoppedCall, { signal, target, found }: SignalCall, tid: number) {
    const named = signal === 0 ? '0' : signalName(signal)
    const base = { kind: 'signal' as const, call: name, signal: named, number: target }
    return this.#story.add<Of<'signal'>>({ ...base, ...(found !== undefined && { target: found }) }, tid)
  }

  /**
   * The living process that has a number of its own in a PID namespace around that of `caller`: of several the nearest,
   * which is where the parent of PID 1 lives.
   */
  #outside(caller: number, number: number): number | undefined {
    const all = [...this.#processes.values()]
    const depth = nsPids(caller).length
    const around = all.filter(({ numbers, status }) => !status && numbers.length < depth && numbers.at(-1) === number)
    if (around.length < 2) return around[0]?.pid
    const inside = namespaceInode(caller, 'pid')
    const first = all.find(({ numbers, birth }) => numbers.at(-1) === 1 && birth.namespaces.pid === inside)
    const home = this.#processes.get(first?.parent ?? 0)?.birth.namespaces.pid
    return (around.find(({ birth }) => birth.namespaces.pid === home) ?? around[0])?.pid
  }

  /** The processes that a signal to a process group, or to everybody, reaches: nobody else is told of each. */
  #reachedBy(caller: number, target: number): number[] {
    const level = nsPids(caller).length - 1
    const numberOf = (pid: number) => Number((statusField(pid, 'NSpgid') ?? '').split(/\s+/)[level])
    const group = target === 0 ? numberOf(caller) : -target
    const alive = [...this.#processes.values()].filter(({ numbers, status }) => !status && numbers.length > level)
    return alive.map(({ pid }) => pid).filter(pid => target === -1 || numberOf(pid) === group)
  }

  /** The living process that has a number in the PID namespace of `caller`. */
  #numbered(caller: number, number: number): number | undefined {
    const level = nsPids(caller).length - 1
    const inode = namespaceInode(caller, 'pid')
    const candidates = [...this.#processes.values()].filter(
      ({ numbers, status }) => !status && numbers[level] === number,
    )
    return candidates.find(
      ({ birth, numbers }) => level === 0 || numbers.length > level + 1 || birth.namespaces.pid === inode,
    )?.pid
  }
}
