/**
 * File descriptors: dup2(2), and which ones a process has.
 */
import { readdirSync } from 'node:fs'
import { call, callUninterrupted, libcFunction } from './libc.ts'

const libcDup2 = libcFunction('int dup2(int oldfd, int newfd)')
const libcFchdir = libcFunction('int fchdir(int fd)')

/**
 * Makes `newFd` of the calling process another name of `oldFd`; it stays open across execve.
 * @throws SyscallError EBADF
 * @see dup2(2)
 */
export function dup2(oldFd: number, newFd: number): void {
  callUninterrupted('dup2', libcDup2, [oldFd, newFd])
}

/**
 * Makes an open directory the working directory of the calling process.
 * @throws SyscallError ENOTDIR, EACCES, EBADF
 * @see fchdir(2)
 */
export function fchdir(fd: number): void {
  call('fchdir', libcFchdir, [fd])
}

/** The open descriptors of a process; none if it has ended. @see proc_pid_fd(5) */
export function openDescriptors(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number)
  } catch {
    return []
  }
}
