/**
 * libuv guards its list of signal handlers with a byte in a pipe: whoever takes it out holds the lock. A clone would
 * share that pipe with its parent, and one that is killed while it holds the byte would stop the parent for ever at its
 * next signal. pthread_atfork(3) is libuv's own answer, and clone(2) does not call it; so here every child gets a pipe
 * of its own.
 */
import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { pipe } from '../gate.ts'
import { closeQuietly } from '../io/poll.ts'
import { call, libcFunction } from './libc.ts'

const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request, ...)')
const libcDup3 = libcFunction('int dup3(int oldfd, int newfd, int flags)')

/** How many bytes wait in a pipe: `<asm-generic/ioctls.h>`. */
export const FIONREAD = 0x541b
const O_CLOEXEC = 0o2000000
const O_WRONLY = 0o1
const ACCESS_AND_KIND = 0o2004003

/** The two ends of the lock's pipe. */
interface SignalLock {
  readonly readEnd: number
  readonly writeEnd: number
}

interface Open {
  readonly fd: number
  readonly target: string
  readonly flags: number
}

function look(fd: number): Open | undefined {
  try {
    const flags = Number.parseInt(
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0',
      8,
    )
    return { fd, target: readlinkSync(`/proc/self/fd/${fd}`), flags: flags & ACCESS_AND_KIND }
  } catch {
    // The descriptor that lists the others, which is closed by now.
    return undefined
  }
}

function waiting(fd: number): number {
  const count = Buffer.alloc(4)
  return libcIoctl(fd, FIONREAD, 'void *', count) < 0 ? -1 : count.readInt32LE()
}

/**
 * Finds the lock among the descriptors: the first pipe (libuv made it before any JavaScript ran) that blocks, closes on
 * exec, and holds one byte.
 * @returns `undefined` where libuv does it another way
 */
export function findSignalLock(): SignalLock | undefined {
  const fds = readdirSync('/proc/self/fd').map(Number)
  const open = fds
    .sort((one, other) => one - other)
    .map(look)
    .filter(one => one !== undefined)
  const readable = open.find(({ fd, target, flags }) => {
    return fd > 2 && target.startsWith('pipe:') && flags === O_CLOEXEC && waiting(fd) === 1
  })
  const writable = open.find(({ target, flags }) => target === readable?.target && flags === (O_CLOEXEC | O_WRONLY))
  return readable && writable && { readEnd: readable.fd, writeEnd: writable.fd }
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
