/**
 * Addresses of interfaces, of both families: `ip address`, without the program.
 */
import { FAMILY, familyOf, ipBytes, prefixOf } from '../ip.ts'
import { attribute, NETLINK, SIZES } from '../netlink.ts'
import { changeSetting } from '../settings.ts'
import { indexOf, request } from './request.ts'

/** `<linux/if_addr.h>`. The flag: nobody need be asked first whether the address is taken. */
export const ADDRESS = { IFA_ADDRESS: 1, IFA_F_NODAD: 0x2 } as const

/** `struct ifaddrmsg { u8 family, prefixlen, flags, scope; u32 index; }` and the address itself. */
function ifaddrmsg(link: string, text: string): Buffer {
  const { address, length } = prefixOf(text)
  const bytes = Buffer.alloc(SIZES.ifaddrmsg)
  bytes.writeUInt8(familyOf(address), 0)
  bytes.writeUInt8(length, 1)
  // A new address of IPv6 may not be used for a second or two, in which the wire is asked whether somebody has it.
  if (familyOf(address) === FAMILY.AF_INET6) bytes.writeUInt8(ADDRESS.IFA_F_NODAD, 2)
  bytes.writeUInt32LE(indexOf(link), 4)
  const payload = ipBytes(address)
  return Buffer.concat([bytes, attribute(NETLINK.IFA_LOCAL, payload), attribute(ADDRESS.IFA_ADDRESS, payload)])
}

/**
 * Gives an interface of the calling thread's network an address. With it comes the route to everybody in its prefix,
 * once the interface is up.
 * @param link the interface's name
 * @param address with the bits of its network, `10.0.0.4/24` or `fd00::4/64`; of IPv6 it can be used at once, without
 *   asking whether it is taken, if the interface is not up yet
 * @throws SyscallError ENODEV, EEXIST, EPERM, EACCES (IPv6 is disabled there)
 * @see ip-address(8)
 */
export function addAddress(link: string, address: string): void {
  // The kernel gives the interface one more address by itself, which it asks its neighbours by, and which has to wait.
  if (address.includes(':')) changeSetting(`net/ipv6/conf/${link}/dad_transmits`, '0')
  const flags = NETLINK.NLM_F_CREATE | NETLINK.NLM_F_EXCL
  request('RTM_NEWADDR', flags, ifaddrmsg(link, address), [link, Symbol(address)])
}

/** Takes an address from an interface of the calling thread's network. @throws SyscallError ENODEV, EADDRNOTAVAIL */
export function removeAddress(link: string, address: string): void {
  request('RTM_DELADDR', 0, ifaddrmsg(link, address), [link, Symbol(address)])
}
