/**
 * What the arguments of a thread mean that stands still at the beginning of a call.
 */
import { constants, readFileSync } from 'node:fs'
import { readCString, readMemory } from '../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../lib/trace/seccomp.ts'

/** `PATH_MAX` of <linux/limits.h>. */
const LONGEST_PATH = 4096

/** An argument of type int, such as a descriptor. */
export const int = (value: bigint | undefined): number => Number(BigInt.asIntN(32, value ?? 0n))

/** A path in the memory of a thread. @throws Error if the pointer is wrong, or the thread is gone */
export const pathAt = (tid: number, address: bigint | undefined): string =>
  Buffer.from(readCString(tid, address ?? 0n, LONGEST_PATH), 'latin1').toString('utf8')

/**
 * The flags with which a call of OPEN_CALLS opens its file.
 * @throws Error if the pointer of openat2(2) is wrong, or the thread is gone
 */
export function openFlags(name: StoppedCall, args: readonly bigint[], tid: number): number {
  if (name === 'creat') return constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC
  // struct open_how { u64 flags, mode, resolve; }
  if (name === 'openat2') return int(readMemory(tid, args[2] ?? 0n, 8).readBigUInt64LE())
  return int(args[name === 'open' ? 1 : 2])
}

/**
 * The number of the mount by which a descriptor was opened, as in mountinfo.
 * @param whose a process, `self` or its number
 * @throws Error ENOENT if it is gone, or has closed it
 */
export const mountOf = (whose: number | 'self', fd: number): number =>
  Number(/^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/${whose}/fdinfo/${fd}`, 'utf8'))?.[1])
