/**
 * A descriptor that stands for a process: unlike a PID it never comes to mean another process.
 */
import { call, libcFunction } from '../machine/libc.ts'

const libcPidfdOpen = libcFunction('long syscall(long number, int pid, unsigned int flags)')

/** The number of pidfd_open(2) on every architecture, `<asm/unistd.h>`. */
export const SYS_pidfd_open = 434

/**
 * Opens a descriptor that can be read once the process has ended.
 * @param pid `pid_t pid`
 * @throws SyscallError ESRCH, ENOSYS (Linux before 5.3)
 * @see pidfd_open(2)
 */
export function pidfdOpen(pid: number): number {
  return call('pidfd_open', libcPidfdOpen, [SYS_pidfd_open, pid, 0], [pid, 0])
}
