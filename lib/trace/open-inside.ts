/**
 * Opening a file by a path as another process would: from its root and its directory, and never out of them.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'

const libcOpenat2 = libcFunction(
  'long syscall(long number, int directory, const char *path, const uint64_t *how, size_t size)',
)
/** The number of the call on every architecture, `<asm/unistd.h>`, and its flags, `<linux/openat2.h>`. */
export const SYS_openat2 = 437
export const RESOLVE_NO_SYMLINKS = 0x04
export const RESOLVE_IN_ROOT = 0x10
export const O_PATH = 0o10000000
export const O_CLOEXEC = 0o2000000
/** The directory that stands for a process's own, `<fcntl.h>`. */
export const AT_FDCWD = -100

/**
 * Opens what a path means to a process that stands still, as a descriptor by which it can be looked at but not read.
 * A path that does not begin with / is followed only as long as it has no symbolic links.
 * @param pid as the mounted /proc numbers it
 * @param directory `int dirfd` of that process, or AT_FDCWD
 * @param follows whether a symbolic link at the end of the path is followed
 * @returns a descriptor to be closed; `undefined` where there is nothing, or where it cannot be known
 * @see openat2(2)
 */
export function openInside(pid: number, directory: number, path: string, follows = true): number | undefined {
  const isAbsolute = path.startsWith('/')
  const base = isAbsolute ? 'root' : directory === AT_FDCWD ? 'cwd' : `fd/${directory}`
  const resolve = isAbsolute ? RESOLVE_IN_ROOT : RESOLVE_NO_SYMLINKS
  const flags = O_PATH | O_CLOEXEC | (follows ? 0 : constants.O_NOFOLLOW)
  let start: number | undefined
  try {
    start = openSync(`/proc/${pid}/${base}`, O_PATH)
    // struct open_how { __u64 flags; __u64 mode; __u64 resolve; }
    return call('openat2', libcOpenat2, [SYS_openat2, start, path, [flags, 0, resolve], 24])
  } catch {
    return undefined
  } finally {
    if (start !== undefined) closeSync(start)
  }
}
