/**
 * libuv guards its list of signal handlers with a byte in a pipe: whoever takes it out holds the lock. A clone would
 * share that pipe with its parent, and one that is killed while it holds the byte would stop the parent for ever at its
 * next signal. pthread_atfork(3) is libuv's own answer, and clone(2) does not call it; so here every child gets a pipe
 * of its own.
 */
import { writeSync } from 'node:fs'
import { pipe } from '../gate.ts'
import { closeQuietly } from '../io/poll.ts'
import { call, libcFunction, shimFunction } from '../machine/libc.ts'

const shimSignalLock = shimFunction('long shim_signal_lock(_Out_ int *ends)')
const libcDup3 = libcFunction('int dup3(int oldfd, int newfd, int flags)')

const O_CLOEXEC = 0o2000000

/** The two ends of the lock's pipe. */
interface SignalLock {
  readonly readEnd: number
  readonly writeEnd: number
}

/**
 * Finds the lock among the descriptors: a pipe that blocks, closes on exec, and holds one byte. Where there are several
 * (a jobserver's, one that was inherited) libuv is asked: in a child of fork(3) it makes itself a new one.
 * @returns `undefined` where libuv does it another way
 */
export function findSignalLock(): SignalLock | undefined {
  const ends = [0, 0]
  if (shimSignalLock(ends) < 0) return undefined
  const [readEnd, writeEnd] = ends as [number, number]
  return { readEnd, writeEnd }
}

/** Gives the calling process, a fresh clone with descriptors of its own, a lock of its own that nobody holds. */
export function renewSignalLock({ readEnd, writeEnd }: SignalLock): void {
  const fresh = pipe()
  writeSync(fresh.writeEnd, 'l')
  for (const [from, to] of [
    [fresh.readEnd, readEnd],
    [fresh.writeEnd, writeEnd],
  ] as const) {
    call('dup3', libcDup3, [from, to, O_CLOEXEC])
    closeQuietly(from)
  }
}
