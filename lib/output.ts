/**
 * Writing without an event loop.
 */
import { writeSync } from 'node:fs'
import { libcFunction } from './libc.ts'

const POLLOUT = 4
const libcPoll = libcFunction('int poll(_Inout_ int *fds, unsigned long nfds, int timeout)')

/** Writes all of `data` to a descriptor, waiting when a pipe is full. An end that nobody reads any more is ignored. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  let rest = typeof data === 'string' ? Buffer.from(data) : data
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      // struct pollfd { int fd; short events; short revents; }
      libcPoll([fd, POLLOUT], 1, -1)
    }
  }
}

type Write = NodeJS.WriteStream['write']

/**
 * Makes `console.log` and `process.stdout.write` of the calling process complete before they return.
 * @returns a function that undoes it
 */
export function makeOutputSynchronous(): () => void {
  const undo = ([process.stdout, process.stderr] as const).map((stream, index) => {
    const before = stream.write
    stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
      writeAll(index + 1, chunk)
      const callback = typeof encoding === 'function' ? encoding : done
      if (typeof callback === 'function') callback()
      return true
    }) as Write
    return () => {
      stream.write = before
    }
  })
  return () => {
    for (const restore of undo) restore()
  }
}
