/**
 * Writing without an event loop.
 */
import { writeSync } from 'node:fs'
import { POLLOUT, poll } from './poll.ts'

/** Writes all of `data` to a descriptor, waiting when a pipe is full. A pipe that has lost its reader is ignored. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  let rest = typeof data === 'string' ? Buffer.from(data) : data
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      poll([fd], Number.POSITIVE_INFINITY, POLLOUT)
    }
  }
}
