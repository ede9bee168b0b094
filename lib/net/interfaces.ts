/**
 * Network interfaces the old way, by ioctl(2) on a socket, as ifconfig does.
 */
import { isIPv4 } from 'node:net'
import koffi from 'koffi'
import { argumentError, Unexpected } from '../errors.ts'
import { ask, call, libcFunction } from '../machine/libc.ts'
import { sleep } from '../process.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')
const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request, ...)')
const libcClose = libcFunction('int close(int fd)')

export const AF_INET = 2
export const SOCK_DGRAM = 2
export const SOCK_CLOEXEC = 0o2000000
/** Requests of netdevice(7), `<linux/sockios.h>`. */
export const SIOCGIFFLAGS = 0x8913
export const SIOCSIFFLAGS = 0x8914
export const SIOCSIFADDR = 0x8916
export const SIOCSIFNETMASK = 0x891c
export const SIOCETHTOOL = 0x8946
/** Command of `<linux/ethtool.h>`: whether there is a link, in `struct ethtool_value { __u32 cmd, data; }`. */
export const ETHTOOL_GLINK = 0xa
/** Interface flags, `<linux/if.h>`. */
export const IFF_UP = 0x1
export const IFF_RUNNING = 0x40

/** `struct ifreq { char ifr_name[16]; union { struct sockaddr_in; short ifr_flags; … }; }` on a 64-bit machine. */
export const IFREQ = { size: 40, name: 0, address: 16, family: 16, ipv4: 20, flags: 16, data: 16 } as const
const IFNAMSIZ = 16

function ifreq(name: string): Buffer {
  if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) >= IFNAMSIZ) {
    throw argumentError('setip', 'interface', 'a name of 1 to 15 bytes', name)
  }
  const request = Buffer.alloc(IFREQ.size)
  request.write(name, IFREQ.name)
  return request
}

function ifreqAddress(name: string, argument: string, address: string): Buffer {
  if (!isIPv4(address)) throw argumentError('setip', argument, 'an IPv4 address such as 10.0.0.4', address)
  const request = ifreq(name)
  request.writeUInt16LE(AF_INET, IFREQ.family)
  address.split('.').forEach((byte, i) => {
    request.writeUInt8(Number(byte), IFREQ.ipv4 + i)
  })
  return request
}

type Ioctl = (code: number, label: string, request: Buffer, ...value: unknown[]) => void

/** What only asks: a change that is heard of meanwhile has not come from there. */
const ASKS = new Set([SIOCGIFFLAGS, SIOCETHTOOL])

/** Runs `action` with an ioctl on a socket of the calling process's network namespace. */
function withIoctl<T>(name: string, action: (ioctl: Ioctl) => T): T {
  const fd = call('socket', libcSocket, [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0])
  try {
    return action((code, label, request, ...value) => {
      const make = ASKS.has(code) ? ask : call
      make('ioctl', libcIoctl, [fd, code, 'void *', request], [fd, Symbol(label), name, ...value])
    })
  } finally {
    libcClose(fd)
  }
}

/**
 * Gives an interface of the calling process's network namespace an address and a netmask, and brings it up.
 * @param name the interface, 1 to 15 bytes, `ifr_name`
 * @param address IPv4, dotted, `ifr_addr`
 * @param netmask IPv4, dotted, `ifr_netmask`
 * @throws SyscallError ENODEV (no such interface here), EPERM
 * @see netdevice(7)
 */
export function setip(name: string, address: string, netmask: string): void {
  const [addressRequest, maskRequest] = [ifreqAddress(name, 'address', address), ifreqAddress(name, 'netmask', netmask)]
  withIoctl(name, ioctl => {
    ioctl(SIOCSIFADDR, 'SIOCSIFADDR', addressRequest, address)
    ioctl(SIOCSIFNETMASK, 'SIOCSIFNETMASK', maskRequest, netmask)
    const request = ifreq(name)
    ioctl(SIOCGIFFLAGS, 'SIOCGIFFLAGS', request)
    request.writeUInt16LE(request.readUInt16LE(IFREQ.flags) | IFF_UP | IFF_RUNNING, IFREQ.flags)
    ioctl(SIOCSIFFLAGS, 'SIOCSIFFLAGS', request, Symbol('IFF_UP'))
  })
}

/**
 * Waits until an interface can carry packets: it is up, and so is its other end. The flag IFF_RUNNING would say so too
 * early: it is also set while the kernel does not know the state of the link yet.
 * @param timeout in seconds
 * @throws SyscallError ENODEV; Unexpected when the time is up
 * @see netdevice(7) SIOCETHTOOL
 */
export function awaitRunning(name: string, timeout = 5): void {
  const link = Buffer.alloc(8)
  link.writeUInt32LE(ETHTOOL_GLINK)
  const request = ifreq(name)
  request.writeBigUInt64LE(koffi.address(link), IFREQ.data)
  withIoctl(name, ioctl => {
    for (let waited = 0; waited < timeout; waited += 0.002) {
      ioctl(SIOCETHTOOL, 'SIOCETHTOOL', request)
      if (link.readUInt32LE(4) !== 0) return
      sleep(0.002)
    }
    throw new Unexpected(`${name} is not running after ${timeout} s: is its other end up?`)
  })
}
