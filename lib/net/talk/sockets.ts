/**
 * TCP and UDP by blocking calls: a child of clone() has no event loop, so it waits in the kernel. Every call works on
 * both families; descriptors are close-on-exec.
 */
import { constants } from 'node:os'
import { syscallError } from '../../errors.ts'
import { call, callUninterrupted, libcFunction } from '../../machine/libc.ts'
import { closeQuietly } from '../../machine/poll.ts'
import { FAMILY, familyOf, ipBytes, ipText } from '../ip.ts'
import type { Endpoint } from '../nat/firewall.ts'
import { u32 } from '../rtnetlink/request.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcBind = libcFunction('int bind(int fd, const uint8_t *addr, unsigned int addrlen)')
const libcListen = libcFunction('int listen(int fd, int backlog)')
const libcAccept = libcFunction('int accept4(int fd, _Out_ uint8_t *addr, _Inout_ unsigned int *addrlen, int flags)')
const libcConnect = libcFunction('int connect(int fd, const uint8_t *addr, unsigned int addrlen)')
const libcGetsockname = libcFunction('int getsockname(int fd, _Out_ uint8_t *addr, _Inout_ unsigned int *addrlen)')
const libcSetsockopt = libcFunction(
  'int setsockopt(int fd, int level, int name, const uint8_t *value, unsigned int len)',
)
const libcSendto = libcFunction(
  'long sendto(int fd, const uint8_t *buf, size_t len, int flags, const uint8_t *addr, unsigned int addrlen)',
)
const libcRecvfrom = libcFunction(
  'long recvfrom(int fd, _Out_ uint8_t *buf, size_t len, int flags, _Out_ uint8_t *addr, _Inout_ unsigned int *addrlen)',
)

/** `<sys/socket.h>`, `<netinet/in.h>`. */
export const SOCKET = {
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_RCVTIMEO: 20,
  SO_SNDTIMEO: 21,
  IPPROTO_IP: 0,
  IP_RECVERR: 11,
} as const
/** `struct sockaddr_in { u16 family; be16 port; be32 addr; … }`, `struct sockaddr_in6 { …; u32 flowinfo; u8 addr[16]; u32 scope; }` */
export const SOCKADDR_IN = { size: 16, port: 2, address: 4 } as const
export const SOCKADDR_IN6 = { size: 28, port: 2, address: 8 } as const
/** The longest message that is received. */
const LONGEST = 4096

/** An endpoint as a `struct sockaddr`. */
export function sockaddr({ address, port }: Endpoint): Buffer {
  const family = familyOf(address)
  const layout = family === FAMILY.AF_INET ? SOCKADDR_IN : SOCKADDR_IN6
  const bytes = Buffer.alloc(layout.size)
  bytes.writeUInt16LE(family, 0)
  bytes.writeUInt16BE(port, layout.port)
  ipBytes(address).copy(bytes, layout.address)
  return bytes
}

/** The endpoint in a `struct sockaddr`. */
export function endpointOf(bytes: Buffer): Endpoint {
  const isOld = bytes.readUInt16LE(0) === FAMILY.AF_INET
  const { address: at, port } = isOld ? SOCKADDR_IN : SOCKADDR_IN6
  return { address: ipText(bytes.subarray(at, at + (isOld ? 4 : 16))), port: bytes.readUInt16BE(port) }
}

const shown = ({ address, port }: Endpoint) => Symbol(`${address} ${port}`)

/** Opens a socket and makes it ready; one that does not become so is closed again. */
function openSocket<T>(type: number, address: string, prepare: (fd: number) => T): T {
  const fd = call('socket', libcSocket, [familyOf(address), type | SOCKET.SOCK_CLOEXEC, 0])
  try {
    return prepare(fd)
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}

function bind(fd: number, at: Endpoint): void {
  const address = sockaddr(at)
  call('bind', libcBind, [fd, address, address.length], [fd, shown(at)])
}

/**
 * Sets an option of a socket.
 * @param level `SOL_SOCKET` or a protocol, `IPPROTO_IP`
 * @param shown the option in an error
 * @throws SyscallError EINVAL, ENOPROTOOPT
 * @see setsockopt(2), socket(7), ip(7)
 */
export function setOption(fd: number, level: number, name: number, value: Buffer, shown: string): void {
  call('setsockopt', libcSetsockopt, [fd, level, name, value, value.length], [fd, Symbol(shown)])
}

/**
 * Lets a socket for single messages hear what becomes of them: that no route leads there, that nobody has the address,
 * that a packet's time is up. Without it a connected one hears only that nobody listens.
 * @param fd `int fd`, of {@link openUdp}, for IPv4
 * @throws SyscallError EBADF
 * @see ip(7) IP_RECVERR
 */
export function hearErrors(fd: number): void {
  setOption(fd, SOCKET.IPPROTO_IP, SOCKET.IP_RECVERR, u32(1), 'IP_RECVERR')
}

/** Bounds what a socket waits for. @param option SO_RCVTIMEO or SO_SNDTIMEO @param timeout in seconds */
export function setTimeoutOf(fd: number, option: number, timeout: number): void {
  // struct timeval { long tv_sec, tv_usec; }
  const value = Buffer.alloc(16)
  value.writeBigInt64LE(BigInt(Math.floor(timeout)), 0)
  value.writeBigInt64LE(BigInt(Math.round((timeout % 1) * 1e6)), 8)
  setOption(fd, SOCKET.SOL_SOCKET, option, value, 'SO_…TIMEO')
}

/**
 * Waits for connections at an address of the calling thread's network.
 * @returns `int fd` for {@link acceptTcp}
 * @throws SyscallError EADDRINUSE (somebody listens there), EADDRNOTAVAIL (no interface has the address), EACCES
 * @see tcp(7)
 */
export function listenTcp(at: Endpoint): number {
  return openSocket(SOCKET.SOCK_STREAM, at.address, fd => {
    setOption(fd, SOCKET.SOL_SOCKET, SOCKET.SO_REUSEADDR, u32(1), 'SO_REUSEADDR')
    bind(fd, at)
    call('listen', libcListen, [fd, 16])
    return fd
  })
}

/**
 * Takes the next connection, and waits until there is one.
 * @returns its descriptor, and who has made it, as seen from here
 * @throws SyscallError EBADF, EMFILE
 */
export function acceptTcp(fd: number): { readonly fd: number; readonly peer: Endpoint } {
  const address = Buffer.alloc(SOCKADDR_IN6.size)
  const args = [fd, address, [address.length], SOCKET.SOCK_CLOEXEC]
  return { fd: callUninterrupted('accept4', libcAccept, args, [fd]), peer: endpointOf(address) }
}

/**
 * Connects to somebody.
 * @param timeout in seconds, after which it gives up
 * @returns the descriptor, and the caller's own end of the connection, as seen from here
 * @throws SyscallError ECONNREFUSED (nobody listens there), ENETUNREACH (no route), EHOSTUNREACH (nobody answers for the
 *   address), ETIMEDOUT (no answer)
 * @see connect(2)
 */
export function connectTcp(to: Endpoint, timeout: number): { readonly fd: number; readonly own: Endpoint } {
  return openSocket(SOCKET.SOCK_STREAM, to.address, fd => {
    setTimeoutOf(fd, SOCKET.SO_SNDTIMEO, timeout)
    connect(fd, to)
    const own = Buffer.alloc(SOCKADDR_IN6.size)
    call('getsockname', libcGetsockname, [fd, own, [own.length]], [fd])
    return { fd, own: endpointOf(own) }
  })
}

/**
 * Connects a socket; one for single messages only learns whom it is for, and hears from then on that nobody is there.
 * @param to `const struct sockaddr *addr`
 * @throws SyscallError as {@link connectTcp}
 * @see connect(2), udp(7)
 */
export function connect(fd: number, to: Endpoint): void {
  const address = sockaddr(to)
  try {
    callUninterrupted('connect', libcConnect, [fd, address, address.length], [fd, shown(to)])
  } catch (error) {
    // So connect(2) says that the time of the socket is up.
    if ((error as { code?: string }).code !== 'EINPROGRESS') throw error
    throw syscallError('connect', [fd, shown(to)], constants.errno.ETIMEDOUT)
  }
}

/** A socket for single messages. @param at where it hears; without it somewhere, for answers @throws SyscallError as {@link listenTcp} */
export function openUdp(family: string, at?: Endpoint): number {
  return openSocket(SOCKET.SOCK_DGRAM, at?.address ?? family, fd => {
    if (at) bind(fd, at)
    return fd
  })
}

/** Sends a message. @throws SyscallError ENETUNREACH, EMSGSIZE; ECONNREFUSED for an earlier one */
export function sendTo(fd: number, message: Buffer, to: Endpoint): void {
  const address = sockaddr(to)
  const args = [fd, message, message.length, 0, address, address.length]
  callUninterrupted('sendto', libcSendto, args, [fd, shown(to)])
}

/**
 * Receives a message, or what has come over a connection, and waits until there is something.
 * @returns an empty message where the other side of a connection has hung up; `from` is known of single messages alone
 * @throws SyscallError EAGAIN when the time of {@link setTimeoutOf} is up; ECONNRESET (the other side of a connection has
 *   died), ECONNREFUSED (nobody got an earlier message)
 * @see recvfrom(2)
 */
export function receiveFrom(fd: number): { readonly message: Buffer; readonly from: Endpoint } {
  const [buffer, address] = [Buffer.alloc(LONGEST), Buffer.alloc(SOCKADDR_IN6.size)]
  const args = [fd, buffer, buffer.length, 0, address, [address.length]]
  const length = callUninterrupted('recvfrom', libcRecvfrom, args, [fd])
  return { message: buffer.subarray(0, length), from: endpointOf(address) }
}
