/**
 * clone(2) and fork(2) with a TypeScript function as the child. native/README.md says how and why it is sound.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import * as F from './flags.ts'
import './engine/restart.ts'
import { CLONEABLE_FLAGS, isCloneable } from './engine/cloneable.ts'
import { beginStay, pending } from './engine/guest.ts'
import { beCopy, prepareLives } from './engine/life.ts'
import { checkFlags } from './engine/possible-flags.ts'
import { argumentError, describeError } from './errors.ts'
import { lastExecError } from './exec.ts'
import { announce } from './machine/announce.ts'
import { checked, childFunction, shimFunction } from './machine/libc.ts'
import { writeAll } from './machine/output.ts'
import { closeQuietly } from './machine/poll.ts'

const shimClone = shimFunction('long shim_clone(unsigned long flags, int cgroup, ChildFunction *child)')
const shimCloneShared = shimFunction('long shim_clone_shared(unsigned long flags, ChildFunction *child)')
const shimRehearse = shimFunction('void shim_rehearse(ChildFunction *child, int times)')
const shimEnd = shimFunction('void shim_end(int code)')

/**
 * What a child runs: a synchronous function. The number it returns, 0 to 255, is the exit code; if it returns nothing,
 * `process.exitCode` is, where the child has set that, else 0.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a child without a return statement is the usual case.
export type Child<T> = (arg: T) => number | void

function checkChild(child: unknown): void {
  if (typeof child !== 'function') throw argumentError('clone', 'the child', 'a function', child)
  const kind = Object.prototype.toString.call(child)
  if (/Async/.test(kind)) throw new TypeError(`clone: ${NO_EVENT_LOOP}`)
  if (/Generator/.test(kind)) throw new TypeError(`clone: ${NOBODY_ASKS}`)
}

function checkProcess(): void {
  if (isCloneable()) return
  throw new Error(
    `clone: this process cannot be cloned: it is a worker thread, or a Node that was started without a program file (with -e, or from standard input). ` +
      `Put the program into a file, or start Node with ${CLONEABLE_FLAGS.join(' ')}`,
  )
}

const NO_EVENT_LOOP =
  'the child must not be async or return a promise: a cloned child has no event loop that would ever settle it; ' +
  'do the work synchronously and wait with gates, waitpid() and sleep()'

const NOBODY_ASKS =
  'the child must not be a generator function: to call one only makes the generator, and nobody would ask that to run'

/** Prints what has been thrown to standard error, if that is open. */
function complain(error: unknown): void {
  try {
    writeAll(2, `${describeError(error)}\n`)
  } catch {
    // EBADF: the child has closed its descriptor.
  }
}

/** Runs the child's function. @returns the exit code for what it returned, or for what it threw */
function runChild<T>(child: Child<T>, arg: T): number {
  try {
    const result: unknown = child(arg)
    const end = pending()
    if (end) return end.code
    if (result === undefined) return Number(process.exitCode ?? 0) & 0xff
    if (typeof (result as PromiseLike<unknown> | null)?.then === 'function')
      throw new TypeError(`clone: ${NO_EVENT_LOOP}`)
    if (Number.isInteger(result) && (result as number) >= 0 && (result as number) <= 255) return result as number
    throw argumentError('clone', 'what the child returns', 'an exit code from 0 to 255 or nothing', result)
  } catch (error) {
    const end = pending()
    if (end) return end.code
    complain(error)
    // What is printed may have a getter that ends the guest.
    return pending()?.code ?? 1
  }
}

/** The child that C calls next. It is kept in a variable, because a copy inherits that from its parent. */
interface Birth {
  readonly child: Child<never>
  readonly arg: unknown
  /** Whether it is a copy that runs it, and not the parent, which rehearses. */
  readonly isCopy: boolean
  /** A descriptor that the parent alone needs. */
  readonly extra?: number
}

let birth: Birth | undefined

// #region live-as-copy
/**
 * What runs in a copy of the parent. C calls it and ends the process afterwards, whatever happens in here. It is one
 * function for all copies, and the parent has run it before, because code that V8 has not compiled yet would be
 * compiled in every child again.
 */
function liveAsCopy(): void {
  const isCopy = birth?.isCopy ?? true
  beCopy(isCopy)
  // The parent, which only rehearses, keeps its own: should V8 end the rehearsal, nobody would put it back.
  if (isCopy && process.exitCode !== undefined) process.exitCode = undefined
  if (birth?.extra !== undefined) closeQuietly(birth.extra)
  if (birth) shimEnd(runChild(birth.child, birth.arg as never))
}
// #endregion live-as-copy

const entrance = childFunction(liveAsCopy)

/** How often V8 has to run a function before it caches the types that it has met there. */
const REHEARSALS = 100

let isRehearsed = false

/** Runs in the parent, once, what every child will run, so that it is compiled. */
function rehearse(): void {
  if (isRehearsed) return
  birth = { child: () => {}, arg: undefined, isCopy: false }
  shimRehearse(entrance, REHEARSALS)
  birth = undefined
  isRehearsed = true
}

/** Arguments that take 48 KiB of the stack. */
const FILLER = new Array(6144).fill(0)

/**
 * Needs stack for its arguments.
 * @throws RangeError in the parent, where it can be caught, and not later in the child
 */
function takeRoom(): void {}

/** Makes a guest: a child on the parent's own heap, while the parent sleeps. */
function cloneShared<T>(child: Child<T>, flags: number, arg: T): number {
  const { exitCode } = process
  /** C calls it again with the errno of an execve(2) that it has tried on the child's behalf. */
  const live = (failed: number) => {
    if (failed !== 0) {
      complain(lastExecError(failed))
      return shimEnd(1)
    }
    beginStay()
    process.exitCode = undefined
    return shimEnd(runChild(child, arg))
  }
  const result = shimCloneShared(flags, live)
  if (process.exitCode !== exitCode) process.exitCode = exitCode
  if (result === -osConstants.errno.EOVERFLOW)
    throw new RangeError('clone: with CLONE_VM 64 children already live on this stack, one in another')
  return checked('clone', result, [child, F.flagSymbol(flags)])
}

/** Makes a child that is a copy of the parent. */
function cloneCopy(flags: number, being: Birth): number {
  birth = being
  try {
    return checked('clone', shimClone(flags, -1, entrance), [being.child, F.flagSymbol(flags)])
  } finally {
    birth = undefined
  }
}

/** The same, created inside a v2 group. */
function cloneInto(directory: string, flags: number, being: Birth): number {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  // With CLONE_FILES the descriptor table is shared, and the parent closes it for both.
  birth = (flags & F.CLONE_FILES) === 0 ? { ...being, extra: fd } : being
  try {
    const shown = [being.child, Symbol(`${F.flagNames(flags)}|CLONE_INTO_CGROUP`), directory]
    return checked('clone3', shimClone(flags, fd, entrance), shown)
  } finally {
    birth = undefined
    closeSync(fd)
  }
}

/** Further options of {@link clone}. */
export interface CloneOptions {
  /** Directory of a v2 group for the child to be born in: CLONE_INTO_CGROUP of clone3(2). Not with CLONE_VM. */
  readonly cgroup?: string
}

/** What follows child and flags: what the child takes has to be there, and only if it takes nothing may it be missing. */
type Rest<T, More extends readonly unknown[] = []> = undefined extends T ? [arg?: T, ...More] : [arg: T, ...More]

/**
 * Creates a child process that runs a function of this program. Without CLONE_VM it works on a copy of everything
 * the parent has; with `CLONE_VM | CLONE_VFORK` on the same heap, while the parent sleeps. The child is killed when
 * the calling process dies.
 * @param child the function; it runs synchronously, and what it returns is the exit code
 * @param flags `int flags`: CLONE_ constants and the signal that announces the child's end, nearly always SIGCHLD
 * @param arg handed to the child
 * @param options a v2 group for the child to be born in
 * @returns the child's PID in the caller's PID namespace
 * @throws TypeError for a flag that cannot work here, an async child, or a child that is no function
 * @throws SyscallError EPERM, EINVAL, EAGAIN, ENOSPC; EBUSY when another thread of this process does not go to sleep;
 *   ENOENT without /proc; with a group EBADF (not v2), EACCES, EBUSY (its children have controllers), E2BIG
 *   (Linux before 5.7)
 * @see clone(2)
 */
export function clone<T = undefined>(
  child: Child<T>,
  flags: number,
  ...rest: Rest<T, [options?: CloneOptions]>
): number {
  const [arg, { cgroup } = {}] = rest as [arg?: T, options?: CloneOptions]
  checkChild(child)
  const wanted = checkFlags(flags)
  checkProcess()
  takeRoom.apply(undefined, FILLER as [])
  prepareLives()
  rehearse()
  announce('clone')
  if ((wanted & F.CLONE_VM) !== 0) {
    if (cgroup !== undefined)
      throw new TypeError('clone: a child on shared memory (CLONE_VM) cannot be born in a group')
    return cloneShared(child, wanted, arg as T)
  }
  const being = { child, arg, isCopy: true } as Birth
  return cgroup === undefined ? cloneCopy(wanted, being) : cloneInto(cgroup, wanted, being)
}

/**
 * Creates a child process with a copy of everything and no namespace of its own: `clone(child, SIGCHLD, arg)`.
 * @see fork(2)
 */
export function fork<T = undefined>(child: Child<T>, ...rest: Rest<T>): number {
  return clone<T>(child, F.SIGCHLD, ...(rest as Rest<T, [options?: CloneOptions]>))
}
