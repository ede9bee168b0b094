/**
 * A lock on a file or a directory that the kernel releases when its owner has ended, in whatever way.
 */
import { constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { SyscallError } from '../errors.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { closeQuietly } from '../machine/poll.ts'

const libcFlock = libcFunction('int flock(int fd, int operation)')

/** Operations of flock(2), `<sys/file.h>`. */
export const LOCK_EX = 2
export const LOCK_NB = 4

/** The process that holds a lock, as the caller's PID namespace numbers it, if /proc/locks shows it. */
function holderOf(fd: number): number | undefined {
  const { ino } = fstatSync(fd)
  const line = readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .find(each => / FLOCK /.test(each) && new RegExp(`:${ino} `).test(each))
  return Number(line?.trim().split(/\s+/)[4]) || undefined
}

/** What came of an attempt to lock something. */
export interface LockAttempt {
  readonly isLocked: boolean
  /** Who else holds it, if that is known. */
  readonly holder?: number | undefined
  /** Gives it back before the calling process ends. Does nothing where it was not locked. */
  release(): void
}

/**
 * Locks a file or directory for the calling process, and for those it clones, until it is released or all of them are
 * gone.
 * @returns whether it did. On a file system without locks it is as if it did.
 * @throws Error ENOENT, EACCES
 * @see flock(2), proc_locks(5)
 */
export function tryLock(path: string): LockAttempt {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    call('flock', libcFlock, [fd, LOCK_EX | LOCK_NB], [path, Symbol('LOCK_EX|LOCK_NB')])
    return { isLocked: true, release: () => closeQuietly(fd) }
  } catch (error) {
    const isHeld = error instanceof SyscallError && error.code === 'EAGAIN'
    const holder = isHeld ? holderOf(fd) : undefined
    closeQuietly(fd)
    return { isLocked: !isHeld, holder, release() {} }
  }
}
