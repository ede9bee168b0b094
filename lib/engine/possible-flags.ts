/**
 * Which flags of clone(2) a child that runs JavaScript can have.
 */
import { argumentError } from '../errors.ts'
import * as F from '../flags.ts'

const NEEDS_EXEC = 'use cloneExec() to start a program'
const NEEDS_POINTER = 'it needs the address of a variable, and JavaScript variables have none'

/** Flags that cannot work with a JavaScript child, and why. */
const IMPOSSIBLE: readonly (readonly [number, string])[] = [
  [F.CLONE_THREAD, `CLONE_THREAD: a second thread in one JavaScript heap would corrupt it; ${NEEDS_EXEC}`],
  [
    F.CLONE_SIGHAND,
    'CLONE_SIGHAND: the child has to reset its signal handlers, and with this flag that would reset ours',
  ],
  [F.CLONE_SETTLS, `CLONE_SETTLS: V8 and libc find their state through the thread-local storage of this thread`],
  [
    F.CLONE_NEWTIME,
    'CLONE_NEWTIME: clone(2) reads the signal of the end from that byte; unshare(CLONE_NEWTIME) makes one for the children to come',
  ],
  [F.CLONE_PIDFD, `CLONE_PIDFD: ${NEEDS_POINTER}`],
  [F.CLONE_PARENT_SETTID, `CLONE_PARENT_SETTID: ${NEEDS_POINTER}`],
  [F.CLONE_CHILD_SETTID, `CLONE_CHILD_SETTID: ${NEEDS_POINTER}`],
  [F.CLONE_CHILD_CLEARTID, `CLONE_CHILD_CLEARTID: ${NEEDS_POINTER}`],
]

/**
 * The flags of clone() as the kernel takes them, an unsigned number of 32 bits.
 * @throws TypeError for what is no such number, and for a flag that cannot work with a JavaScript child
 */
export function checkFlags(flags: unknown): number {
  if (typeof flags !== 'number' || !Number.isInteger(flags) || flags < -(2 ** 31) || flags >= 2 ** 32) {
    throw argumentError('clone', 'flags', 'a number such as CLONE_NEWPID | SIGCHLD', flags)
  }
  const refused = IMPOSSIBLE.find(([flag]) => (flags & flag) !== 0)
  if (refused) throw new TypeError(`clone: ${refused[1]}`)
  if ((flags & F.CLONE_VM) !== 0 && (flags & F.CLONE_VFORK) === 0) {
    throw new TypeError(
      'clone: CLONE_VM without CLONE_VFORK would be two JavaScript engines at work on one heap; add CLONE_VFORK, ' +
        'and the parent sleeps until the child has ended',
    )
  }
  return flags >>> 0
}
