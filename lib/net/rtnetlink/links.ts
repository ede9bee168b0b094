/**
 * Interfaces that are made, moved, renamed and switched: `ip link`, without the program.
 */
import { randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import { CannotRun, type SyscallError } from '../../errors.ts'
import { closeQuietly } from '../../machine/poll.ts'
import { IFF_UP } from '../interfaces.ts'
import { toLink } from '../links.ts'
import { attribute, attributes, attributeText, NETLINK, SIZES } from '../netlink.ts'
import { indexOf, nameBytes, objects, request, u32 } from './request.ts'

/** Attributes of the message about a new or changed interface, `<linux/if_link.h>`, `<linux/veth.h>`. */
export const LINK = {
  IFLA_INFO_DATA: 2,
  IFLA_NET_NS_PID: 19,
  IFLA_IFALIAS: 20,
  IFLA_NET_NS_FD: 28,
  VETH_INFO_PEER: 1,
} as const

/** `struct ifinfomsg { u8 family, pad; u16 type; s32 index; u32 flags, change; }` */
function ifinfomsg(index = 0, flags = 0, mask = 0): Buffer {
  const bytes = Buffer.alloc(SIZES.ifinfomsg)
  bytes.writeInt32LE(index, 4)
  bytes.writeUInt32LE(flags, 8)
  bytes.writeUInt32LE(mask, 12)
  return bytes
}

const NEW = NETLINK.NLM_F_CREATE | NETLINK.NLM_F_EXCL

/** The attribute that says which kind an interface is of, and what that kind asks besides. */
function linkInfo(kind: string, data?: Buffer): Buffer {
  const parts = [attribute(NETLINK.IFLA_INFO_KIND, Buffer.from(kind))]
  if (data) parts.push(attribute(LINK.IFLA_INFO_DATA, data))
  return attribute(NETLINK.IFLA_LINKINFO, Buffer.concat(parts))
}

/**
 * Lays a veth pair: one end in the calling thread's network, the other one where `peer.pid` lives. Both are down.
 * @param name of the end here, 1 to 15 bytes
 * @param peer the other end: its name, and the process in whose network it is born (`pid_t`; by default here)
 * @throws SyscallError EEXIST (the name is taken, here or there), ESRCH (no such process), EPERM
 * @see veth(4), ip-link(8): `ip link add NAME type veth peer name PEER netns PID`
 */
export function addVeth(name: string, peer: { readonly name: string; readonly pid?: number }): void {
  const parts = [ifinfomsg(), attribute(NETLINK.IFLA_IFNAME, nameBytes(peer.name))]
  if (peer.pid !== undefined) parts.push(attribute(LINK.IFLA_NET_NS_PID, u32(peer.pid)))
  const info = linkInfo('veth', attribute(LINK.VETH_INFO_PEER, Buffer.concat(parts)))
  const body = Buffer.concat([ifinfomsg(), attribute(NETLINK.IFLA_IFNAME, nameBytes(name)), info])
  request('RTM_NEWLINK', NEW, body, [name, Symbol(`veth, peer ${peer.name}`)])
}

/** A hardware address that no maker has given out: of the first byte the bit for local ones is set, that for groups is not. */
function ownHardwareAddress(): Buffer {
  const bytes = randomBytes(6)
  bytes.writeUInt8((bytes.readUInt8() & 0xfc) | 0x02)
  return bytes
}

/**
 * Makes a bridge, down and without ports, in the calling thread's network. It keeps the hardware address with which it
 * is made: without one of its own it would have the lowest of its ports', and another one when that port goes, while its
 * neighbours still write to the old one, for ten seconds or more.
 * @param name 1 to 15 bytes
 * @throws SyscallError EEXIST, EPERM; CannotRun where the kernel has no bridges
 * @see ip-link(8): `ip link add NAME type bridge`
 */
export function addBridge(name: string): void {
  const own = attribute(NETLINK.IFLA_ADDRESS, ownHardwareAddress())
  const body = Buffer.concat([ifinfomsg(), attribute(NETLINK.IFLA_IFNAME, nameBytes(name)), own, linkInfo('bridge')])
  try {
    request('RTM_NEWLINK', NEW, body, [name, Symbol('bridge')])
  } catch (error) {
    if ((error as SyscallError).code !== 'EOPNOTSUPP') throw error
    throw new CannotRun('this kernel has no bridges, and loads no module for them by itself\nhint: modprobe bridge')
  }
}

/**
 * Makes an interface a port of a bridge, or with `undefined` a port of none. Both are in the calling thread's network.
 * @throws SyscallError ENODEV, EBUSY (it is a port of another one), ELOOP
 * @see bridge(8): `ip link set NAME master BRIDGE`
 */
export function setMaster(name: string, bridge: string | undefined): void {
  const master = bridge === undefined ? 0 : indexOf(bridge)
  const body = Buffer.concat([ifinfomsg(indexOf(name)), attribute(NETLINK.IFLA_MASTER, u32(master))])
  request('RTM_NEWLINK', 0, body, [name, Symbol(`master ${bridge ?? 'none'}`)])
}

/**
 * Moves an interface to the network of a process. It loses its addresses and is down there.
 * @param pid `pid_t`
 * @throws SyscallError ENODEV, ESRCH, EEXIST (the name is taken there), EINVAL (this kind does not move)
 * @see `ip link set NAME netns PID`
 */
export function moveLink(name: string, pid: number): void {
  const fd = openSync(`/proc/${pid}/ns/net`, 'r')
  try {
    const body = Buffer.concat([ifinfomsg(indexOf(name)), attribute(LINK.IFLA_NET_NS_FD, u32(fd))])
    request('RTM_NEWLINK', 0, body, [name, Symbol(`netns ${pid}`)])
  } finally {
    closeQuietly(fd)
  }
}

/** Renames an interface of the calling thread's network. @throws SyscallError ENODEV, EEXIST, EBUSY (it is up, before Linux 6.0) */
export function renameLink(name: string, to: string): void {
  const body = Buffer.concat([ifinfomsg(indexOf(name)), attribute(NETLINK.IFLA_IFNAME, nameBytes(to))])
  request('RTM_NEWLINK', 0, body, [name, Symbol(`name ${to}`)])
}

/**
 * Gives an interface of the calling thread's network an alias, a note for people and programs.
 * @param text 1 to 255 bytes
 * @throws SyscallError ENODEV, EPERM, EINVAL (too long)
 * @see `ip link set NAME alias TEXT`
 */
export function setAlias(name: string, text: string): void {
  const body = Buffer.concat([ifinfomsg(indexOf(name)), attribute(LINK.IFLA_IFALIAS, Buffer.from(text))])
  request('RTM_NEWLINK', 0, body, [name, Symbol(`alias ${text}`)])
}

/** The interfaces of the calling thread's network that have an alias; of two the one with the lower index is older. */
export function aliases(): { readonly index: number; readonly name: string; readonly alias: string }[] {
  return objects('RTM_GETLINK').flatMap(message => {
    const alias = attributeText(attributes(message.subarray(SIZES.ifinfomsg)).get(LINK.IFLA_IFALIAS))
    const { index, name } = toLink(message, [])
    return alias ? [{ index, name, alias }] : []
  })
}

/** Switches an interface of the calling thread's network on. @throws SyscallError ENODEV @see `ip link set NAME up` */
export function setUp(name: string): void {
  request('RTM_NEWLINK', 0, ifinfomsg(indexOf(name), IFF_UP, IFF_UP), [name, Symbol('up')])
}

/** Switches an interface of the calling thread's network off. @throws SyscallError ENODEV */
export function setDown(name: string): void {
  request('RTM_NEWLINK', 0, ifinfomsg(indexOf(name), 0, IFF_UP), [name, Symbol('down')])
}

/** Removes an interface of the calling thread's network; of a veth pair both ends. @throws SyscallError ENODEV */
export function deleteLink(name: string): void {
  request('RTM_DELLINK', 0, ifinfomsg(indexOf(name)), [name])
}
