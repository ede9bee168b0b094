/**
 * Opening what a path means from a directory that stands for the root: openat2(2).
 */
import { closeSync, constants, openSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'
import { O_CLOEXEC, O_PATH, RESOLVE_IN_ROOT, SYS_openat2 } from './open-inside.ts'

const libcOpenat2 = libcFunction(
  'long syscall(long number, int directory, const char *path, const uint8_t *how, size_t size)',
)
/** `<linux/openat2.h>` */
export const RESOLVE_NO_XDEV = 0x01

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
