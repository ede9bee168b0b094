/**
 * The packets that pass the interfaces of a network namespace, as tcpdump(8) sees them: by a packet socket with a filter.
 */
import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { call, lastErrno, libcFunction } from '../machine/libc.ts'
import { setReceiveBuffer } from './netlink.ts'

koffi.struct('sock_fprog_packets', { len: 'unsigned short', filter: 'uint8_t *' })
const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcBind = libcFunction('int bind(int fd, const uint8_t *addr, unsigned int addrlen)')
const libcAttach = libcFunction(
  'int setsockopt(int fd, int level, int name, const sock_fprog_packets *value, unsigned int len)',
)
const libcRecvfrom = libcFunction(
  'long recvfrom(int fd, _Out_ uint8_t *buf, size_t len, int flags, _Out_ uint8_t *addr, _Inout_ unsigned int *addrlen)',
)

/** `<linux/if_packet.h>`, `<linux/if_ether.h>`, `<asm-generic/socket.h>`. */
export const PACKET = {
  AF_PACKET: 17,
  ETH_P_ALL: 3,
  ETH_P_IP: 0x800,
  PACKET_HOST: 0,
  PACKET_OUTGOING: 4,
  SO_ATTACH_FILTER: 26,
  IPPROTO_ICMP: 1,
} as const
/** `struct sockaddr_ll { u16 family; be16 protocol; s32 ifindex; u16 hatype; u8 pkttype, halen; u8 addr[8]; }` */
export const SOCKADDR_LL = { size: 20, protocol: 2, index: 4, type: 10 } as const

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000
const SOL_SOCKET = 1
const EINTR = 4
const EAGAIN = 11
const ENETDOWN = 100
/** More than anybody sends between two looks, in bytes. */
const ROOM = 4 * 1024 * 1024
/** Where a filter finds the protocol of a packet, `SKF_AD_OFF + SKF_AD_PROTOCOL` of `<linux/filter.h>`. */
export const PROTOCOL = 0xfffff000

/** A packet that has passed an interface: where, and from which of its bytes on, its IP header first. */
export interface Passed {
  /** Index of the interface. */
  readonly index: number
  /** Whether it left by the interface, or came to it for this very machine. Whoever else it came for does not answer. */
  readonly way: 'out' | 'in' | 'in, for another'
}

/** `struct sock_filter { u16 code; u8 jt, jf; u32 k; }` */
export function filter(
  ...instructions: readonly (readonly [code: number, k: number, jt?: number, jf?: number])[]
): Buffer {
  return Buffer.concat(
    instructions.map(([code, k, jt = 0, jf = 0]) => {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt16LE(code, 0)
      bytes.writeUInt8(jt, 2)
      bytes.writeUInt8(jf, 3)
      bytes.writeUInt32LE(k, 4)
      return bytes
    }),
  )
}

const swapped = (protocol: number) => ((protocol & 0xff) << 8) | (protocol >> 8)

/**
 * Sees the packets of the network namespace that the calling thread is in when this is made, on every interface that is
 * there or will be. The socket stays there, and keeps the namespace alive until it is closed.
 */
export class PacketSocket {
  readonly #fd: number
  readonly #buffer: Buffer
  readonly #address = Buffer.alloc(SOCKADDR_LL.size)

  /**
   * @param program which packets, as instructions of {@link filter}
   * @param kept how many bytes of each, from its IP header on
   * @throws SyscallError EAFNOSUPPORT where the kernel has no packet sockets, EPERM without CAP_NET_RAW
   */
  constructor(program: Buffer, kept: number) {
    this.#buffer = Buffer.alloc(kept)
    // Of protocol 0 it hears nothing yet: nothing is to be in its queue that the filter would have kept out.
    this.#fd = call('socket', libcSocket, [PACKET.AF_PACKET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0], [Symbol('AF_PACKET')])
    const value = { len: program.length / 8, filter: program }
    const shown = [this.#fd, Symbol('SO_ATTACH_FILTER')]
    call('setsockopt', libcAttach, [this.#fd, SOL_SOCKET, PACKET.SO_ATTACH_FILTER, value, 16], shown)
    setReceiveBuffer(this.#fd, ROOM)
    const address = Buffer.alloc(SOCKADDR_LL.size)
    address.writeUInt16LE(PACKET.AF_PACKET, 0)
    address.writeUInt16LE(swapped(PACKET.ETH_P_ALL), SOCKADDR_LL.protocol)
    call('bind', libcBind, [this.#fd, address, address.length], [this.#fd, Symbol('ETH_P_ALL')])
  }

  /** What is made of each packet since the last call, in the order in which they passed. @param make may leave one out */
  take<T>(make: (bytes: Buffer, passed: Passed) => T | undefined): T[] {
    const found: T[] = []
    for (;;) {
      const length = libcRecvfrom(this.#fd, this.#buffer, this.#buffer.length, 0, this.#address, [SOCKADDR_LL.size])
      if (length < 0) {
        const errno = lastErrno()
        if (errno === EAGAIN) return found
        // ENETDOWN: an interface has been set down. It is told once.
        if (errno !== EINTR && errno !== ENETDOWN) return found
        continue
      }
      const passed = { index: this.#address.readInt32LE(SOCKADDR_LL.index), way: this.#way() }
      const one = make(this.#buffer.subarray(0, length), passed)
      if (one !== undefined) found.push(one)
    }
  }

  #way(): Passed['way'] {
    const type = this.#address.readUInt8(SOCKADDR_LL.type)
    return type === PACKET.PACKET_OUTGOING ? 'out' : type === PACKET.PACKET_HOST ? 'in' : 'in, for another'
  }

  close(): void {
    closeSync(this.#fd)
  }
}
