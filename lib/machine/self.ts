/**
 * The calling process's own folder in /proc, also after setns(2) to a mount namespace: the /proc that is mounted there
 * may be of another PID namespace and not list the process, so the /proc from the process's start is used.
 */
import { closeSync, constants, readFileSync } from 'node:fs'
import { checked, shimFunction } from './libc.ts'

const shimOpenSelf = shimFunction('long shim_open_self(const char *file, int flags)')

/**
 * Opens a file of /proc/self, close-on-exec.
 * @param file `maps`, `ns/mnt`
 * @param flags `int flags` of open(2)
 * @throws SyscallError ENOENT (no such file, or no /proc), EACCES
 * @see proc_pid(5)
 */
export function openSelf(file: string, flags: number = constants.O_RDONLY): number {
  return checked('open', shimOpenSelf(file, flags), [`/proc/self/${file}`])
}

/** Reads a file of /proc/self. @throws SyscallError ENOENT, EACCES */
export function readSelf(file: string): string {
  const fd = openSelf(file)
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/**
 * Whether the calling process is in a user namespace that knows only some of the machine's users, as one without root is:
 * its root may not do all that root of the machine may.
 * @see user_namespaces(7)
 */
export const knowsFewUsers = (): boolean => !/^\s*0\s+0\s+4294967295\s*$/.test(readSelf('uid_map'))
