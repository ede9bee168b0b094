/**
 * Who is moved by a write to a file of a control group.
 */
import { nsPids } from '../../../lib/trace/proc.ts'

/** Files by which a whole process is moved, and not one thread. */
const WHOLE = 'cgroup.procs'

/** The numbers of the members of groups, in each PID namespace: they stay what they are. */
export class MemberNumbers {
  readonly #known = new Map<number, readonly number[]>()

  #of(pid: number): readonly number[] {
    const known = this.#known.get(pid) ?? nsPids(pid)
    this.#known.set(pid, known)
    return known
  }

  /** A process has ended, and its number may be given to another one. */
  forget(pid: number): void {
    this.#known.delete(pid)
  }

  /**
   * Whether a write may concern one of these processes: it moves a process that has the number in some PID namespace, or
   * it is not known who is moved.
   * @param file the file that is written, and the text
   * @param from the process that writes it
   */
  mayConcern(pids: readonly number[], file: string, text: string, from: number): boolean {
    if (file !== WHOLE || !/^(0|[1-9]\d*)$/.test(text)) return true
    const number = Number(text)
    return pids.some(pid => (number === 0 ? pid === from : this.#of(pid).includes(number)))
  }
}
