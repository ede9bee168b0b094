/**
 * The text that a thread is about to write.
 */
import { readMemory } from '../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../lib/trace/seccomp.ts'

/** As much of it as is recorded, in bytes. */
const LONGEST_TEXT = 256

function textAt(tid: number, address: bigint, length: bigint): string {
  const longest = Number(length < LONGEST_TEXT ? length : LONGEST_TEXT)
  return readMemory(tid, address, longest).toString('latin1').trim()
}

/**
 * What a call of WRITE_CALLS writes; `?` where it comes from a file or a pipe.
 * @throws Error if the thread was killed while it was stopped
 */
export function writtenText(name: StoppedCall, tid: number, [, address = 0n, length = 0n]: readonly bigint[]): string {
  if (name === 'write' || name === 'pwrite64') return textAt(tid, address, length)
  // sendfile(2), splice(2) and their like take the text from a file or a pipe.
  if (!name.includes('writev')) return '?'
  // struct iovec { void *iov_base; size_t iov_len; }: the first of them.
  const vector = readMemory(tid, address, 16)
  return textAt(tid, vector.readBigUInt64LE(0), vector.readBigUInt64LE(8))
}
