/**
 * libuv's signal lock, which every child gets a new one of: native/lock.c says why, and does it.
 */
import { shimFunction } from '../machine/libc.ts'

const shimFindLock = shimFunction('long shim_find_lock(_Out_ int *ends)')

/** The two ends of the lock's pipe. */
interface SignalLock {
  readonly readEnd: number
  readonly writeEnd: number
}

/**
 * Finds the lock among the descriptors, for all children to come: a pipe that blocks, closes on exec, and holds one byte.
 * Where there are several (a jobserver's, one that was inherited), a child of fork(3) shows which: there libuv replaces
 * its own.
 * @returns `undefined` where this libuv has no such lock
 */
export function findSignalLock(): SignalLock | undefined {
  const ends = [0, 0]
  if (shimFindLock(ends) < 0) return undefined
  const [readEnd, writeEnd] = ends as [number, number]
  return { readEnd, writeEnd }
}
