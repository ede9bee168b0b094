/**
 * Which threads each process of the tree has. A process is all of its threads: it lives until the last has ended, and
 * while one lives the process can be looked at through it, even if its first thread is a zombie already.
 */
import { readdirSync } from 'node:fs'
import { namespaceOf } from '../../lib/namespaces.ts'
import type { WaitStatus } from '../../lib/status.ts'
import { isInExitGroup, statusField } from '../../lib/trace/proc.ts'

/** The process that a thread belongs to, by the number of its first thread; `undefined` if the thread is gone. */
export function processOf(tid: number): number | undefined {
  const tgid = Number(statusField(tid, 'Tgid'))
  return tgid > 0 ? tgid : undefined
}

/** Whether a thread still has what /proc shows of it: a zombie has given up its namespaces, all but that of its number. */
const hasNamespaces = (tid: number): boolean => namespaceOf(tid, 'net') !== undefined

/**
 * A thread through which a process can be looked at: its first one, else any that lives; `undefined` if none does.
 * @param rather another one of its threads to look through, as long as that lives: threads may have left the directory,
 *   the descriptors or the namespaces of the others
 */
export function throughWhom(pid: number, rather = pid): number | undefined {
  if (rather !== pid && processOf(rather) === pid && hasNamespaces(rather)) return rather
  if (hasNamespaces(pid)) return pid
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number).find(hasNamespaces)
  } catch {
    // ENOENT: the process has been waited for.
    return undefined
  }
}

/**
 * Whether a thread that is about to end takes all others of its process with it: by exit_group(2) or by a signal, except
 * SIGSYS, with which seccomp(2) may end a thread alone.
 */
export function takesAll(tid: number, { signal }: WaitStatus): boolean {
  return signal === null ? isInExitGroup(tid) : signal !== 'SIGSYS'
}

/** The living threads of every process, by what the tracer is told. */
export class Threads {
  readonly #living = new Map<number, Set<number>>()
  readonly #process = new Map<number, number>()

  /** A thread was born. @returns the process that it belongs to */
  add(tid: number): number {
    const pid = processOf(tid) ?? tid
    this.#process.set(tid, pid)
    this.#living.set(pid, (this.#living.get(pid) ?? new Set()).add(tid))
    return pid
  }

  /** The process of a thread, also of one that has just ended. */
  processOf(tid: number): number {
    return this.#process.get(tid) ?? processOf(tid) ?? tid
  }

  /** execve(2) has ended every other thread of a process, and the one that called it has the number of the first. */
  becomeOne(pid: number): void {
    this.#process.set(pid, pid)
    this.#living.set(pid, new Set([pid]))
  }

  /** A thread is about to end. @returns whether it is the last of its process */
  ends(tid: number): boolean {
    const living = this.#living.get(this.processOf(tid))
    if (!living) return true
    living.delete(tid)
    return living.size === 0
  }

  /** A thread has ended, and its number may be given to another one. */
  forget(tid: number): void {
    const pid = this.#process.get(tid)
    this.#process.delete(tid)
    if (pid === undefined) return
    this.#living.get(pid)?.delete(tid)
    if (pid === tid) this.#living.delete(pid)
  }
}

/** Whoever is looked at may be killed while they stand there, and whatever they have put into our way is their affair. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}
