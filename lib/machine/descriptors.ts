/**
 * File descriptors: dup2(2), and which ones a process has.
 */
import { closeSync, fstatSync, readdirSync } from 'node:fs'
import { SyscallError } from '../errors.ts'
import { call, callUninterrupted, libcFunction } from './libc.ts'

const libcDup2 = libcFunction('int dup2(int oldfd, int newfd)')
const libcCloseRange = libcFunction(
  'long syscall(long number, unsigned int first, unsigned int last, unsigned int flags)',
)
const libcSocketpair = libcFunction('int socketpair(int domain, int type, int protocol, _Out_ int *sv)')
const libcFchdir = libcFunction('int fchdir(int fd)')
const libcFcntl = libcFunction('int fcntl(int fd, int cmd, ...)')

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

/** Two sockets that are connected to each other, both close-on-exec. @throws SyscallError EMFILE @see socketpair(2) */
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

/** close_range(2) has this number on every architecture; its flag is from `<linux/close_range.h>`. */
export const SYS_close_range = 436
export const CLOSE_RANGE_CLOEXEC = 4
const LAST = 0xffffffff

/**
 * Closes every descriptor of the calling process from 3 on except `kept`. Only for a process that makes a few more
 * system calls and ends, because V8 and libuv fail without their descriptors.
 */
export function closeOthers(kept: readonly number[]): void {
  const borders = [2, ...kept.filter(fd => fd > 2).sort((one, other) => one - other)]
  for (const [i, border] of borders.entries()) closeRange(border + 1, (borders[i + 1] ?? LAST + 1) - 1, 0)
}

/**
 * Marks every descriptor of the calling process from 3 on close-on-exec: none will be open after execve(2).
 * @throws Error ENOENT where the kernel cannot do it in one call (before Linux 5.11) and there is no /proc
 */
export const closeAtExec = () => closeRange(3, LAST, CLOSE_RANGE_CLOEXEC)

/** `<fcntl.h>` */
export const F_SETFD = 2
export const FD_CLOEXEC = 1

/**
 * What a kernel without the call (before Linux 5.9) or without its flag (before 5.11) answers, or the seccomp filter of
 * a container that is older than the call.
 */
const UNKNOWN = ['ENOSYS', 'EINVAL', 'EPERM']

function closeRange(first: number, last: number, flags: number): void {
  if (first > last) return
  try {
    call('close_range', libcCloseRange, [SYS_close_range, first, last, flags], [first, last, flags])
  } catch (error) {
    if (!(error instanceof SyscallError) || !UNKNOWN.includes(error.code)) throw error
    closeEach(first, last, flags)
  }
}

/** The same, one descriptor after the other. It throws where /proc, which lists them, is missing. */
function closeEach(first: number, last: number, flags: number): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd < first || fd > last) continue
    try {
      if (flags === 0) closeSync(fd)
      else call('fcntl', libcFcntl, [fd, F_SETFD, 'int', FD_CLOEXEC], [fd, Symbol('F_SETFD'), Symbol('FD_CLOEXEC')])
    } catch (error) {
      // EBADF: it is the descriptor by which the folder was read, which is closed by now.
      if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
    }
  }
}

/** The open descriptors of a process; none if it has ended. @see proc_pid_fd(5) */
export function openDescriptors(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number)
  } catch {
    return []
  }
}

/**
 * Closes every descriptor of the calling process that is a directory: after a change of root each of them leads to where
 * the process came from, also those that a library keeps. Needs a /proc.
 * @throws Error ENOENT where there is no /proc
 * @see path_resolution(7)
 */
export function closeDirectories(): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    try {
      if (fd > 2 && fstatSync(fd).isDirectory()) closeSync(fd)
    } catch (error) {
      // EBADF: it was the one by which the list was read.
      if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
    }
  }
}
