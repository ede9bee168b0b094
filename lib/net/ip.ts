/**
 * Addresses of both families, as text and as the bytes that travel.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { argumentError } from '../errors.ts'

/** Families of addresses, `<sys/socket.h>`. */
export const FAMILY = { AF_INET: 2, AF_INET6: 10 } as const

/** The family of an address: `AF_INET` or `AF_INET6`. */
export const familyOf = (address: string): number => (address.includes(':') ? FAMILY.AF_INET6 : FAMILY.AF_INET)

/** The eight groups of an IPv6 address: `::` stands for as many zeros as are missing. */
function groupsOf(address: string): number[] {
  // The last four bytes may be written as IPv4: ::ffff:10.0.0.4.
  const plain = address.replace(/[\d.]+\.[\d.]+$/, dotted => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const parse = (text: string) => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)))
  if (tail === undefined) return parse(head)
  const [front, back] = [parse(head), parse(tail)]
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
}

/**
 * The bytes of an address, in network byte order: 4 of IPv4, 16 of IPv6.
 * @throws TypeError if it is neither
 */
export function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (!isIPv6(address)) throw argumentError('ipBytes', 'address', 'an address such as 10.0.0.4 or fd00::4', address)
  const bytes = Buffer.alloc(16)
  groupsOf(address).forEach((group, i) => {
    bytes.writeUInt16BE(group, 2 * i)
  })
  return bytes
}

/** The text of an address of 4 or 16 bytes; of IPv6 with the longest run of zeros as `::`, as RFC 5952 has it. */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':')
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run)
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  return longest === ''
    ? groups
    : groups
        .replace(longest, ':')
        .replace(/^:(?!:)|(?<!:):$/, '::')
        .replace(/:{3}/, '::')
}

/** An IPv4 address as a number, `0x0a000004` of 10.0.0.4. @throws TypeError if it is none */
export const ipNumber = (address: string): number => ipBytes(address).readUInt32BE()

/** An address and how many of its bits are the network, of `10.0.0.4/24`. @throws TypeError if it is not of that form */
export function prefixOf(text: string): { readonly address: string; readonly length: number } {
  const [, address = '', digits = ''] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? []
  const length = Number(digits)
  if (!(isIPv4(address) && length <= 32) && !(isIPv6(address) && length <= 128))
    throw argumentError('prefixOf', 'address', 'one with the bits of its network, such as 10.0.0.4/24', text)
  return { address, length }
}
