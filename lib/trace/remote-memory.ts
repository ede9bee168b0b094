/**
 * The memory of another process: /proc/PID/mem.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'

const libcPwrite = libcFunction('long pwrite64(int fd, const uint8_t *buf, size_t count, int64_t offset)')

/**
 * Reads from another process, which should be stopped meanwhile.
 * @param pid `pid_t pid`, traced by the caller or otherwise open to it
 * @param length in bytes; there may be fewer
 * @throws Error EIO (nothing is there), EACCES, ENOENT
 * @see proc_pid_mem(5)
 */
export function readMemory(pid: number, address: bigint, length: number): Buffer {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    // What has not been read is cut off.
    const buffer = Buffer.allocUnsafe(length)
    return buffer.subarray(0, readSync(memory, buffer, 0, length, address))
  } finally {
    closeSync(memory)
  }
}

const PAGE = 4096n

/** A C string of another process, cut off at `longest` bytes; empty for NULL. @throws as {@link readMemory} */
export function readCString(pid: number, address: bigint, longest: number): string {
  let text = Buffer.alloc(0)
  for (let at = address; at !== 0n && text.length < longest; at = address + BigInt(text.length)) {
    // No further than this page: the next may not be there.
    const bytes = readMemory(pid, at, Number(PAGE - (at % PAGE)))
    text = Buffer.concat([text, bytes])
    const end = text.indexOf(0)
    if (end >= 0) return text.toString('latin1', 0, end)
    if (bytes.length === 0) break
  }
  return text.toString('latin1', 0, longest)
}

/**
 * Writes into the memory of another process, which should stand still.
 * @param pid as in {@link readMemory}
 * @throws as {@link readMemory}
 */
export function writeMemory(pid: number, address: bigint, bytes: Buffer): void {
  const memory = openSync(`/proc/${pid}/mem`, 'r+')
  try {
    call('pwrite', libcPwrite, [memory, bytes, bytes.length, address])
  } finally {
    closeSync(memory)
  }
}
