/**
 * The flags with which processes are cloned, and that none of them hides from the observer.
 */
import { CLONE_UNTRACED } from '../../lib/flags.ts'
import { setFirstArgument } from '../../lib/trace/ptrace.ts'
import { readMemory, writeMemory } from '../../lib/trace/remote-memory.ts'

const HIDDEN = BigInt(CLONE_UNTRACED)

/** `struct clone_args { __aligned_u64 flags; … }` of clone3(2), `<linux/sched.h>`. */
function flagsAt(tid: number, address: bigint): bigint {
  return readMemory(tid, address, 8).readBigUInt64LE()
}

/**
 * A thread is about to call clone(2) or clone3(2). CLONE_UNTRACED is taken away: it means only that a tracer shall not
 * know of the child, and is nothing that a program could notice.
 * @returns the flags that are left; `undefined` if the thread was killed while it stood there
 */
export function takeFlags(name: 'clone' | 'clone3', [first = 0n]: readonly bigint[], tid: number): number | undefined {
  try {
    const flags = name === 'clone' ? BigInt.asUintN(64, first) : flagsAt(tid, first)
    const visible = flags & ~HIDDEN
    if (visible !== flags && name === 'clone') setFirstArgument(tid, visible)
    if (visible !== flags && name === 'clone3') {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(visible)
      writeMemory(tid, first, bytes)
    }
    return Number(visible)
  } catch {
    return undefined
  }
}

/** Where `struct clone_args` has the signal that tells of the child's end; clone(2) has it in the lowest byte of its flags. */
const EXIT_SIGNAL = 32n

/** The signal of a clone3(2) that a thread is about to make; `undefined` if it was killed while it stood there. */
export function exitSignalOf([first = 0n]: readonly bigint[], tid: number): number | undefined {
  try {
    return Number(readMemory(tid, first + EXIT_SIGNAL, 8).readBigUInt64LE())
  } catch {
    return undefined
  }
}
