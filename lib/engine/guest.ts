/**
 * How a child on its parent's heap (CLONE_VM) leaves: by an exception that unwinds V8 down to C, where its life ends.
 * If it ended where it stands, the parent would wake up in the midst of its work.
 */

/** Thrown by whatever ends a guest: process.exit(), _exit(), execve(). */
export class ChildExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

interface Stay {
  /** What it ends with, from the moment on at which it has said so. */
  end: ChildExit | undefined
}

let stay: Stay | undefined

/** Whether the calling process is a guest. */
export const isGuest = (): boolean => stay !== undefined

/** Begins, in the parent, the life of a guest. @returns what was before */
export function beginStay(): Stay | undefined {
  const before = stay
  stay = { end: undefined }
  return before
}

/** Ends it, in the parent, or in a copy, which is no guest. */
export function endStay(before: Stay | undefined): void {
  stay = before
}

/**
 * Leaves for good: a `catch` of the child's delays its end, and does not change it.
 * @throws ChildExit
 */
export function leave(code: number): never {
  throw pending() ?? ending(code)
}

/** That the guest is leaving already. */
export const pending = (): ChildExit | undefined => stay?.end

function ending(code: number): ChildExit {
  const end = new ChildExit(code)
  if (stay) stay.end = end
  return end
}
