/**
 * The text that a thread is about to write.
 */
import { readMemory } from '../../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'

/** As much of it as is recorded, in bytes. */
const LONGEST_TEXT = 256n
/** Of how many pieces writev(2) may be given it, and the size of what describes one. */
const [MOST_PIECES, PIECE] = [64n, 16]

function rawAt(tid: number, address: bigint, length: bigint): string {
  if (length === 0n) return ''
  return readMemory(tid, address, Number(length < LONGEST_TEXT ? length : LONGEST_TEXT)).toString('latin1')
}

/**
 * What a call of WRITE_CALLS writes; `?` where it comes from a file or a pipe.
 * @throws Error if the thread was killed while it was stopped
 */
export function writtenText(name: StoppedCall, tid: number, [, address = 0n, length = 0n]: readonly bigint[]): string {
  if (name === 'write' || name === 'pwrite64') return rawAt(tid, address, length).trim()
  // sendfile(2), splice(2) and their like take the text from a file or a pipe.
  if (!name.includes('writev')) return '?'
  // struct iovec { void *iov_base; size_t iov_len; }: what lies in all of them is written as one text.
  const count = Number(length < MOST_PIECES ? length : MOST_PIECES)
  const vector = readMemory(tid, address, count * PIECE)
  const places = Array.from({ length: count }, (_, i) => i * PIECE)
  const pieces = places.map(at => rawAt(tid, vector.readBigUInt64LE(at), vector.readBigUInt64LE(at + 8)))
  return pieces.join('').slice(0, Number(LONGEST_TEXT)).trim()
}
