/**
 * The host name, which belongs to the UTS namespace.
 */

import { call, libcFunction } from './engine/libc.ts'
import { argumentError } from './errors.ts'

const libcSethostname = libcFunction('int sethostname(const char *name, size_t len)')

/**
 * Sets the host name of the calling process's UTS namespace.
 * @param name `const char *name`, 1 to 64 bytes; its length is counted here, never given
 * @throws SyscallError EPERM
 * @see sethostname(2), uts_namespaces(7)
 */
export function sethostname(name: string): void {
  const length = typeof name === 'string' ? Buffer.byteLength(name) : 0
  if (length < 1 || length > 64) throw argumentError('sethostname', 'name', 'a string of 1 to 64 bytes', name)
  call('sethostname', libcSethostname, [name, length])
}
