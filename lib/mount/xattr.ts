/**
 * Extended attributes: notes that a file system keeps beside a file, by name. See xattr(7).
 */
import { constants } from 'node:os'
import { call, lastErrno, libcFunction } from '../machine/libc.ts'

const libcGet = libcFunction('long lgetxattr(const char *path, const char *name, _Out_ uint8_t *value, size_t size)')
const libcSet = libcFunction(
  'int lsetxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)',
)
/** The longest value that there can be, `XATTR_SIZE_MAX` in `<linux/limits.h>`. */
export const XATTR_SIZE_MAX = 65536
/** Where the kernel writes a value: to make so much room anew for each of many files would take longer than to ask. */
const room = Buffer.alloc(XATTR_SIZE_MAX)

/**
 * Reads an extended attribute of a file itself: a symbolic link is not followed.
 * @param path `const char *path`
 * @param name `const char *name`, with its class in front: `user.note`, `trusted.overlay.opaque`
 * @returns its value; `undefined` where there is none, or where it may not be seen (trusted without CAP_SYS_ADMIN)
 * @throws SyscallError ENOENT, EACCES
 * @see getxattr(2)
 */
export function getXattr(path: string, name: string): Buffer | undefined {
  const size = libcGet(path, name, room, room.length)
  if (size >= 0) return Buffer.from(room.subarray(0, size))
  const { ENODATA, EOPNOTSUPP, EPERM } = constants.errno
  if ([ENODATA, EOPNOTSUPP, EPERM].includes(lastErrno())) return undefined
  return void call('lgetxattr', libcGet, [path, name, room, room.length], [path, name])
}

/**
 * Sets an extended attribute of a file itself: a symbolic link is not followed.
 * @param path `const char *path`
 * @param name `const char *name`; `trusted` ones take CAP_SYS_ADMIN on the machine, `user` ones a file or directory
 * @param value `const void *value`
 * @throws SyscallError EOPNOTSUPP (a file system without them: tmpfs has `user` ones since Linux 6.6), EPERM
 * @see setxattr(2)
 */
export function setXattr(path: string, name: string, value: string): void {
  const bytes = Buffer.from(value)
  call('lsetxattr', libcSet, [path, name, bytes, bytes.length, 0], [path, name, value])
}
