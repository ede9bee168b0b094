/**
 * How a guest, a child on its parent's heap (CLONE_VM), ends: by an exception that unwinds V8's stack down to C, where
 * it calls _exit(2). If it ended at once, the parent would go on with V8's state in the middle of the child's work.
 */

/** Thrown by whatever ends a guest: process.exit(), _exit(), execve(). */
export class ChildExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

interface Stay {
  /** The exception by which the guest ends, once it has begun to end. */
  end: ChildExit | undefined
}

let stay: Stay | undefined

/** Whether the calling process is a guest. */
export const isGuest = (): boolean => stay !== undefined

/** Marks the beginning of a guest's life; called in the parent. @returns the state before, for {@link endStay} */
export function beginStay(): Stay | undefined {
  const before = stay
  stay = { end: undefined }
  return before
}

/** Marks the end of a guest's life; called in the parent, and in a copy, which is no guest. */
export function endStay(before: Stay | undefined): void {
  stay = before
}

/**
 * Ends the guest: a `catch` in the child's code delays its end, and does not change the exit code.
 * @throws ChildExit
 */
export function leave(code: number): never {
  throw pending() ?? ending(code)
}

/** The exception by which the guest is ending already, if it is. */
export const pending = (): ChildExit | undefined => stay?.end

function ending(code: number): ChildExit {
  const end = new ChildExit(code)
  if (stay) stay.end = end
  return end
}
