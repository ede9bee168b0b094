/**
 * File descriptors: dup2(2), and which ones a process has.
 */
import { readdirSync } from 'node:fs'
import { call, callUninterrupted, libcFunction } from '../engine/libc.ts'

const libcDup2 = libcFunction('int dup2(int oldfd, int newfd)')
const libcCloseRange = libcFunction(
  'long syscall(long number, unsigned int first, unsigned int last, unsigned int flags)',
)
const libcSocketpair = libcFunction('int socketpair(int domain, int type, int protocol, _Out_ int *sv)')
const libcFchdir = libcFunction('int fchdir(int fd)')

/**
 * Makes `newFd` of the calling process another name of `oldFd`; it stays open across execve.
 * @throws SyscallError EBADF
 * @see dup2(2)
 */
export function dup2(oldFd: number, newFd: number): void {
  callUninterrupted('dup2', libcDup2, [oldFd, newFd])
}

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 0o2000001

/** Two ends of a line that carries both ways, both close-on-exec. @throws SyscallError EMFILE @see socketpair(2) */
export function socketPair(): readonly [number, number] {
  const ends = [0, 0]
  const shown = [Symbol('AF_UNIX'), Symbol('SOCK_STREAM|SOCK_CLOEXEC'), 0, Symbol('sv')]
  call('socketpair', libcSocketpair, [AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ends], shown)
  return [ends[0] as number, ends[1] as number]
}

/**
 * Makes an open directory the working directory of the calling process.
 * @throws SyscallError ENOTDIR, EACCES, EBADF
 * @see fchdir(2)
 */
export function fchdir(fd: number): void {
  call('fchdir', libcFchdir, [fd])
}

/** Of the same number on every architecture; and flags, `<linux/close_range.h>`. */
export const SYS_close_range = 436
export const CLOSE_RANGE_CLOEXEC = 4
const LAST = 0xffffffff

/**
 * Closes every descriptor of the calling process from 3 on, but for some. For one that will do no more than a few calls
 * and end: V8 and libuv miss theirs.
 */
export function closeOthers(kept: readonly number[]): void {
  const walls = [2, ...kept.filter(fd => fd > 2).sort((one, other) => one - other)]
  for (const [i, wall] of walls.entries()) closeRange(wall + 1, (walls[i + 1] ?? LAST + 1) - 1, 0)
}

/** Marks every descriptor of the calling process from 3 on: none is open in the program it turns into. */
export const closeAtExec = () => closeRange(3, LAST, CLOSE_RANGE_CLOEXEC)

function closeRange(first: number, last: number, flags: number): void {
  if (first <= last) call('close_range', libcCloseRange, [SYS_close_range, first, last, flags], [first, last, flags])
}

/** The open descriptors of a process; none if it has ended. @see proc_pid_fd(5) */
export function openDescriptors(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number)
  } catch {
    return []
  }
}
