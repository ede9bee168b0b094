/**
 * Opening a file by a path as another process would: from its root and its directory, and never out of them.
 */
import { closeSync, constants, openSync, readlinkSync, statfsSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'

const libcOpenat2 = libcFunction(
  'long syscall(long number, int directory, const char *path, const uint8_t *how, size_t size)',
)
/** The number of the call on every architecture, `<asm/unistd.h>`, and its flags, `<linux/openat2.h>`. */
export const SYS_openat2 = 437
export const RESOLVE_NO_XDEV = 0x01
export const RESOLVE_NO_SYMLINKS = 0x04
export const RESOLVE_IN_ROOT = 0x10
export const O_PATH = 0o10000000
export const O_CLOEXEC = 0o2000000
/** The directory that stands for a process's own, `<fcntl.h>`. */
export const AT_FDCWD = -100
/** `struct open_how { __u64 flags; __u64 mode; __u64 resolve; }`, `<linux/openat2.h>`. */
export const OPEN_HOW = { size: 24, flags: 0, resolve: 16 } as const

/**
 * Opens what a path means to somebody with another root: links and `..` do not lead out of it.
 * @param root a directory, `/proc/7/root`
 * @param path as they would write it, from that root on
 * @param flags O_ constants, beside O_CLOEXEC
 * @param resolve RESOLVE_ constants, how it is followed
 * @returns a descriptor
 * @throws SyscallError ENOENT, ENOTDIR, EACCES, ELOOP (a link where none may be), EXDEV (another mount where none may be)
 * @see openat2(2)
 */
export function openFrom(root: string, path: string, flags: number, resolve: number = RESOLVE_IN_ROOT): number {
  const how = Buffer.alloc(OPEN_HOW.size)
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), OPEN_HOW.flags)
  how.writeBigUInt64LE(BigInt(resolve), OPEN_HOW.resolve)
  const directory = openSync(root, O_PATH | constants.O_DIRECTORY)
  try {
    const args = [SYS_openat2, directory, path === '' ? '.' : path, how, how.length]
    return call('openat2', libcOpenat2, args, [root, path])
  } finally {
    closeSync(directory)
  }
}

/** Where a directory of a process is below its root. @throws Error ENOENT if it is not below it */
function belowRoot(pid: number, from: string): string {
  const [root, directory] = [readlinkSync(`/proc/${pid}/root`), readlinkSync(`/proc/${pid}/${from}`)]
  const top = root === '/' ? '' : root
  if (`${directory}/`.startsWith(`${top}/`)) return directory.slice(top.length)
  throw Object.assign(new Error(`${directory} is not below ${root}`), { code: 'ENOENT' })
}

/** What a path begins with that leads to what its own process has open, or to its directory or root; and the rest. */
const OWN_LINK = /^\/(?:proc\/(?:self|thread-self)\/(fd\/\d+|cwd|root)|dev\/(fd\/\d+))(?:\/+(.*))?$/s
const PROC_SUPER_MAGIC = 0x9fa0

/** Whether a process has a proc mounted where that usually is. */
function hasProc(root: string): boolean {
  try {
    const fd = openFrom(root, '/proc', O_PATH | constants.O_DIRECTORY)
    try {
      return statfsSync(`/proc/self/fd/${fd}`).type === PROC_SUPER_MAGIC
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}

/**
 * Opens what a path means to a process that stands still.
 * @param pid as the mounted /proc numbers it
 * @param directory `int dirfd` of that process, where a path begins that has no / in front, or AT_FDCWD
 * @param flags O_ constants, beside O_CLOEXEC: with O_PATH what is found can be looked at but not read
 * @returns a descriptor
 * @throws Error ENOENT, ENOTDIR, EACCES; ENOENT too if the process is gone
 * @see openat2(2)
 */
export function openInside(pid: number, directory: number, path: string, flags: number): number {
  const root = `/proc/${pid}/root`
  // Such a link means something else to whoever follows it, and no link of proc is followed below a root.
  const [, ofProc, ofDev, rest] = OWN_LINK.exec(path) ?? []
  const link = ofProc ?? ofDev
  if (link !== undefined && hasProc(root)) {
    if (!rest) return openSync(`/proc/${pid}/${link}`, flags | O_CLOEXEC)
    return link === 'root' ? openFrom(root, rest, flags) : openBelow(pid, link, rest, flags)
  }
  if (path.startsWith('/')) return openFrom(root, path, flags)
  return openBelow(pid, directory === AT_FDCWD ? 'cwd' : `fd/${directory}`, path, flags)
}

/** Opens a path that begins at a directory of a process. @param from `cwd` or `fd/N` */
function openBelow(pid: number, from: string, path: string, flags: number): number {
  try {
    return openFrom(`/proc/${pid}/${from}`, path, flags, RESOLVE_NO_SYMLINKS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error
    // A link may be absolute, and then begins at their root.
    return openFrom(`/proc/${pid}/root`, `${belowRoot(pid, from)}/${path}`, flags)
  }
}
