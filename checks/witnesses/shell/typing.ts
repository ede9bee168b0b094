/**
 * Reading from a terminal, as the kernel does it for a process that stands still at the end of its call.
 */
import { statSync } from 'node:fs'
import { readMemory } from '../../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'

/** The major numbers of the devices that programs work at: pseudoterminals, and /dev/tty. `<linux/major.h>` */
const TERMINALS = { first: 136, last: 143, own: 0x500 } as const
/** No terminal gives more at once. */
const MOST = 65536

const majorOf = (device: number) => (device >> 8) & 0xfff

/** Whether a descriptor of a thread is a terminal, by the device and not by its name. */
export function isTerminal(tid: number, fd: number): boolean {
  try {
    const stat = statSync(`/proc/${tid}/fd/${fd}`)
    if (!stat.isCharacterDevice()) return false
    const major = majorOf(stat.rdev)
    return (major >= TERMINALS.first && major <= TERMINALS.last) || stat.rdev === TERMINALS.own
  } catch {
    // ENOENT: no such descriptor, or the thread was killed.
    return false
  }
}

/** `struct iovec { void *iov_base; size_t iov_len; }`: the pieces of memory that readv(2) fills one after the other. */
function piecesOf(tid: number, address: bigint, count: number): { address: bigint; length: number }[] {
  const bytes = readMemory(tid, address, Math.min(count, 1024) * 16)
  return Array.from({ length: bytes.length / 16 }, (_, i) => ({
    address: bytes.readBigUInt64LE(16 * i),
    length: Number(bytes.readBigUInt64LE(16 * i + 8)),
  }))
}

/**
 * What a call has read.
 * @param result what it returned
 * @throws Error if the thread was killed meanwhile
 */
export function whatWasRead(
  name: StoppedCall,
  [, address = 0n, count = 0n]: readonly bigint[],
  tid: number,
  result: number,
): string {
  let left = Math.min(result, MOST)
  if (left <= 0) return ''
  const pieces = name === 'read' ? [{ address, length: left }] : piecesOf(tid, address, Number(count))
  const read = pieces.map(piece => {
    const length = Math.min(piece.length, left)
    left -= length
    return length > 0 ? readMemory(tid, piece.address, length) : Buffer.alloc(0)
  })
  return Buffer.concat(read).toString('latin1')
}
