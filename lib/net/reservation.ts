/**
 * Names that several labs must not take at the same moment: between the look whether an interface is there and its
 * making another lab may do the same.
 */
import { closeSync } from 'node:fs'
import type { SyscallError } from '../errors.ts'
import { call, libcFunction } from '../machine/libc.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcBind = libcFunction('int bind(int fd, const uint8_t *addr, unsigned int addrlen)')

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
/** `sun_path` begins with a zero byte: the name is no file, belongs to the network namespace, and goes with its socket. */
const SPACE = '\0containers-from-clone/'

/**
 * Reserves a name in the calling process's network namespace, until the process and the children that it clones have
 * ended.
 * @param name at most 80 bytes
 * @returns whether it is the caller's now
 * @throws SyscallError EMFILE
 * @see unix(7), "Abstract sockets"
 */
export function reserve(name: string): boolean {
  const address = Buffer.from(`\0\0${SPACE}${name}`)
  address.writeUInt16LE(AF_UNIX)
  const fd = call('socket', libcSocket, [AF_UNIX, SOCK_DGRAM_CLOEXEC, 0])
  try {
    call('bind', libcBind, [fd, address, address.length], [fd, `@${name}`, address.length])
    return true
  } catch (error) {
    closeSync(fd)
    if ((error as SyscallError).code === 'EADDRINUSE') return false
    throw error
  }
}
