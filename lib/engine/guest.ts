/**
 * How a guest, a child on its parent's heap (CLONE_VM), ends: by an exception that unwinds V8's stack down to C, where
 * it calls _exit(2). If it ended at once, the parent would go on with V8's state in the middle of the child's work.
 */
import { shimFunction } from '../machine/libc.ts'

const shimGuest = shimFunction('int shim_guest(void)')

/** Thrown by whatever ends a guest: process.exit(), _exit(), execve(). */
export class ChildExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

/** The exceptions by which guests are ending, by how many live in one another on this stack. */
const ends: (ChildExit | undefined)[] = []

/**
 * Whether the calling process is a guest. C knows it. If JavaScript noted it down, the note could be wrong: a `finally`
 * block that takes it back does not run when V8 ends a script, as the `timeout` of node:vm does.
 */
export const isGuest = (): boolean => shimGuest() > 0

/** Called by a guest at its birth. */
export function beginStay(): void {
  ends[shimGuest()] = undefined
}

/**
 * Ends the guest: a `catch` in the child's code delays its end, and does not change the exit code.
 * @throws ChildExit
 */
export function leave(code: number): never {
  const end = pending() ?? new ChildExit(code)
  ends[shimGuest()] = end
  throw end
}

/** The exception by which the calling guest is ending already, if it is one and is ending. */
export function pending(): ChildExit | undefined {
  const place = shimGuest()
  return place > 0 ? ends[place] : undefined
}
