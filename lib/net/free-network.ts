/**
 * Names and addresses that the machine does not use yet.
 */
import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { CannotRun, UsageError } from '../errors.ts'
import { ipBytes, ipNumber } from './ip.ts'
import { reserve } from './reservation.ts'

/** An IPv4 range, as numbers. */
interface Range {
  readonly network: number
  readonly mask: number
}

const toAddress = (number: number): string => [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.')

/** The names of all interfaces of the network namespace of a process, by default the calling one. */
export function interfaceNames(pid: number | 'self' = 'self'): string[] {
  return [...readFileSync(`/proc/${pid}/net/dev`, 'utf8').matchAll(/^ *([^:\n]+):/gm)].map(match => match[1] as string)
}

const always = () => true

/**
 * `name` if no interface has it, else the same with the next free number.
 * @param take is asked whether the caller may have a name that is free
 */
export function freeInterfaceName(name: string, take: (name: string) => boolean = always): string {
  const taken = new Set(interfaceNames())
  const isFree = (one: string) => !taken.has(one) && take(one)
  if (isFree(name)) return name
  const stem = name.replace(/\d+$/, '')
  for (let number = 0; ; number++) if (isFree(`${stem}${number}`)) return `${stem}${number}`
}

/** Every range the machine has a route or an address in, but for the default route. */
function usedRanges(): Range[] {
  const routes = readFileSync('/proc/net/route', 'utf8').trim().split('\n').slice(1)
  // The kernel prints network byte order as one little-endian number.
  const flip = (hex: string) => Buffer.from(hex, 'hex').reverse().readUInt32BE()
  const fromRoutes = routes
    .map(line => line.split('\t'))
    .map(fields => ({
      network: flip(fields[1] as string),
      mask: flip(fields[7] as string),
    }))
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const fromAddresses = addresses
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, netmask }) => ({
      network: ipNumber(address),
      mask: ipNumber(netmask),
    }))
  return [...fromRoutes.filter(({ mask }) => mask !== 0), ...fromAddresses]
}

/** Whether two ranges have an address in common. */
function overlap(one: Range, other: Range): boolean {
  const mask = (one.mask & other.mask) >>> 0
  return (one.network & mask) >>> 0 === (other.network & mask) >>> 0
}

const SLASH_24 = 0xffffff00

/**
 * Moves addresses of one /24 to another private /24 if the machine already uses theirs.
 * @param addresses IPv4 addresses of one /24
 * @returns the same addresses, or the same last bytes in the first free /24
 * @throws UsageError when they are not of one /24, two are the same, or one is no address for a host
 * @param take is asked whether the caller may have a network that is free, `10.0.0.0`
 * @throws CannotRun when all of them are in use
 */
export function freeAddresses(addresses: readonly string[], take: (network: string) => boolean = always): string[] {
  const networks = new Set(addresses.map(address => (ipNumber(address) & SLASH_24) >>> 0))
  if (networks.size > 1 || new Set(addresses).size < addresses.length) {
    throw new UsageError(
      `${addresses.join(' and ')} must be different addresses of one /24\nhint: as 10.0.0.3 and 10.0.0.4 are`,
    )
  }
  const odd = addresses.find(address => !/^(?!0\.|127\.|22[4-9]\.|2[3-5]\d\.).*\.(?!0$|255$)\d+$/.test(address))
  if (odd)
    throw new UsageError(`${odd} is no address for a host\nhint: one such as 10.0.0.3, its last byte from 1 to 254`)
  const used = usedRanges()
  const wanted = (ipNumber(addresses[0] as string) & SLASH_24) >>> 0
  const isFree = (network: number) =>
    !used.some(range => overlap(range, { network, mask: SLASH_24 })) && take(toAddress(network))
  const network = [wanted, ...PRIVATE.flatMap(([first, count]) => slash24s(first, count))].find(isFree)
  if (network === undefined)
    throw new CannotRun(
      'no free /24 is left in 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16: routes of this machine cover them all\n' +
        'hint: name addresses that are free (--help lists the options), or run it in the virtual machine: npm run vm',
    )
  return addresses.map(address => toAddress((network | (ipNumber(address) & 255)) >>> 0))
}

/** The private ranges of RFC 1918, each with how many /24 it has. A VPN often takes the first of them whole. */
const PRIVATE = [
  ['10.0.0.0', 65536],
  ['172.16.0.0', 4096],
  ['192.168.0.0', 256],
] as const

const slash24s = (first: string, count: number) => Array.from({ length: count }, (_, i) => ipNumber(first) + i * 256)

/** Every IPv6 range that the machine has a route to, an address of its own being one to itself, but for the default route. */
function usedPrefixes(): { readonly prefix: Buffer; readonly length: number }[] {
  const file = '/proc/net/ipv6_route'
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const ranges = lines
    .map(line => line.split(' '))
    .map(([prefix = '', length = '0']) => ({
      prefix: Buffer.from(prefix, 'hex'),
      length: Number.parseInt(length, 16),
    }))
  return ranges.filter(({ length }) => length > 0)
}

/** Whether the first bits of two addresses are the same. */
function startsAlike(one: Buffer, other: Buffer, length: number): boolean {
  const bits = (bytes: Buffer) => [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  return bits(one).slice(0, length) === bits(other).slice(0, length)
}

/**
 * The first of some IPv6 networks that the machine does not use.
 * @param wanted /64s, as `fd09::` names one
 * @param take is asked whether the caller may have a network that is free
 * @throws CannotRun when all of them are in use
 */
export function freePrefix(wanted: readonly string[], take: (network: string) => boolean = always): string {
  const used = usedPrefixes()
  const isUsed = (network: string) =>
    used.some(({ prefix, length }) => startsAlike(ipBytes(network), prefix, Math.min(length, 64)))
  const found = wanted.find(network => !isUsed(network) && take(network))
  if (found === undefined)
    throw new CannotRun(
      `no free /64 is left from ${wanted[0]} to ${wanted.at(-1)}: routes of this machine cover them all\n` +
        'hint: leave --ipv6 away, or run it in the virtual machine: npm run vm',
    )
  return found
}

/** The veth pair and the addresses by which a lab connects outside and inside. */
export interface FreeNetwork {
  /** Name of the outer end of the veth pair. */
  readonly veth: string
  readonly outerAddress: string
  readonly innerAddress: string
}

/**
 * The names and addresses that a lab asks for, or others where the machine or another lab uses those already, which it
 * says. They are reserved until the lab ends.
 * @param tell is called with the reason when another is taken
 * @throws as {@link freeAddresses}
 */
export function freeNetwork(
  wanted: { readonly veth: string; readonly outside: string; readonly inside: string },
  tell: (text: string) => void,
): FreeNetwork {
  // Another lab may make the same choice at the same moment.
  const veth = freeInterfaceName(wanted.veth, reserve)
  const [outerAddress, innerAddress] = freeAddresses([wanted.outside, wanted.inside], reserve) as [string, string]
  if (veth !== wanted.veth) tell(`This machine has a ${wanted.veth} already; I take ${veth}.`)
  if (outerAddress !== wanted.outside)
    tell(`This machine uses the network of ${wanted.outside} already; I take ${outerAddress}.`)
  return { veth, outerAddress, innerAddress }
}
