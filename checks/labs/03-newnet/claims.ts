/**
 * Lab 3: an empty network, a veth pair, three pings, by rtnetlink and by the kernel's ICMP counters on both sides.
 */
import type { Link } from '../../../lib/net/links.ts'
import type { Observation } from '../../observer/record.ts'
import type { NetworkMoment, NetworkRecord, Side } from '../../witnesses/network.ts'
import type { Checker, Objection } from '../claim.ts'
import { childrenOf, unless } from '../claim.ts'

/** What the claims of this lab see. */
export type Seen = Observation & NetworkRecord

const OUTSIDE = '10.0.0.3'
const INSIDE = '10.0.0.4'

/** The child's network as it was last: of all that was seen, the moment with most interfaces and most traffic. */
export function childNetwork({ networks }: Seen): NetworkMoment | undefined {
  const weight = ({ links, icmp }: NetworkMoment) => [links.length, icmp['OutEchos'] ?? 0, icmp['InEchoReps'] ?? 0]
  const heavier = (one: number[], other: number[]) => one.reduce((sum, n, i) => sum || n - (other[i] as number), 0) >= 0
  return networks.reduce<NetworkMoment | undefined>(
    (best, moment) => (!best || heavier(weight(moment), weight(best)) ? moment : best),
    undefined,
  )
}

/**
 * How many echo requests at least went from inside to outside. The counters of a side include those that it sent to
 * itself; each of these took two packets over lo and was counted as received on the same side, too.
 */
function requestsCrossed({ icmp, loopback, outside }: NetworkMoment): number {
  const toItself = (side: Side, counter: string) => Math.min(Math.ceil(side.loopback / 2), side.icmp[counter] ?? 0)
  const sent = (icmp['OutEchos'] ?? 0) - toItself({ icmp, loopback, links: [], neighbours: [] }, 'InEchos')
  const arrived = (outside.icmp['InEchos'] ?? 0) - toItself(outside, 'OutEchos')
  return Math.min(sent, arrived)
}

const hasAddress = (link: Link | undefined, address: string) =>
  link?.addresses.some(entry => entry.split('/')[0] === address) ?? false

/** The two ends of the pair: the only veth inside, and the link outside that names it as its peer. */
function ends(seen: Seen): { inner?: Link; outer?: Link } {
  const network = childNetwork(seen)
  const inner = network?.links.find(({ kind, peerIsElsewhere }) => kind === 'veth' && peerIsElsewhere)
  if (!inner) return {}
  const outer = network?.outside.links.find(
    ({ kind, index, peerIndex }) => kind === 'veth' && index === inner.peerIndex && peerIndex === inner.index,
  )
  return outer ? { inner, outer } : { inner }
}

function describeLinks(links: readonly Link[] | undefined): string {
  const describe = ({ name, isUp, addresses }: Link) => [name, isUp ? 'up' : 'down', ...addresses].join(' ')
  return links?.map(describe).join(', ') || 'no network of its own'
}

function describeBoth(seen: Seen): string {
  const network = childNetwork(seen)
  return `inside: ${describeLinks(network?.links)}; outside: ${network ? describeLinks(network.outside.links) : 'nothing new'}`
}

/** Whether a process lived in another network namespace, whether or not that could be looked at. */
const hasOwnNetwork = (seen: Seen) =>
  childNetwork(seen) !== undefined || childrenOf(seen).some(({ birth }) => birth.namespaces.net !== seen.sandbox.net)

/** A claim about a network that could not be looked at cannot be judged. */
function about(seen: Seen, claim: () => Objection | undefined): Objection | undefined {
  if (childNetwork(seen) || !hasOwnNetwork(seen)) return claim()
  return {
    missing: "the child's network: every process in it was killed before it could be looked at",
    remedy: 'let one of them end by itself',
  }
}

/** The same for the kernel's ICMP counters. */
function aboutEchoes(seen: Seen, claim: () => Objection | undefined): Objection | undefined {
  const network = childNetwork(seen)
  const isCounted = network?.icmp['OutEchos'] !== undefined && network.outside.icmp['InEchos'] !== undefined
  if (!network || isCounted) return about(seen, claim)
  return {
    missing: "the kernel's ICMP counters: /proc/PID/net/snmp cannot be read or has no line Icmp",
    remedy: 'check on a machine whose /proc shows that file',
  }
}

export const checker: Checker<Seen> = [
  {
    title: 'a child lives in a network namespace of its own',
    section: 'an-empty-network',
    refute: seen =>
      unless(
        hasOwnNetwork(seen),
        `a process in another network namespace than net:[${seen.sandbox.net}]`,
        'every process stayed in the network the program was started in',
        'CLONE_NEWNET is missing',
      ),
  },
  {
    title: 'its interfaces are lo and one end of a veth pair, and nothing else',
    section: 'the-pair',
    refute: seen =>
      about(seen, () => {
        const names = childNetwork(seen)?.links.map(({ name }) => name) ?? []
        const { inner } = ends(seen)
        const added = names.filter(name => !seen.freshLinks.includes(name))
        return unless(
          added.length === 1 && added[0] === inner?.name,
          `${seen.freshLinks.join(', ')} and one veth whose other end is elsewhere`,
          describeLinks(childNetwork(seen)?.links),
          'the pair was never made, both ends are inside, or more than one interface was moved in',
        )
      }),
  },
  {
    title: 'the other end of that pair is outside, with the parent',
    section: 'the-pair',
    refute: seen =>
      about(seen, () =>
        unless(
          ends(seen).outer !== undefined,
          "a veth in the parent's network whose peer is the child's, by their indexes",
          describeBoth(seen),
          "the pair was made without a peer in the child's network (ip link add … netns PID)",
        ),
      ),
  },
  {
    title: `${INSIDE} is on the inner end and ${OUTSIDE} on the outer one, and both are up`,
    section: 'addresses',
    refute: seen =>
      about(seen, () => {
        const { inner, outer } = ends(seen)
        const holds = inner?.isUp && outer?.isUp && hasAddress(inner, INSIDE) && hasAddress(outer, OUTSIDE)
        return unless(
          holds === true,
          `${INSIDE} inside, ${OUTSIDE} outside, both interfaces up`,
          describeBoth(seen),
          'an address was set in the wrong namespace or before the pair was there, or an end was never set up',
        )
      }),
  },
  {
    title: 'three echo requests from inside were answered by the outside',
    section: 'ping',
    refute: seen =>
      aboutEchoes(seen, () => {
        const network = childNetwork(seen)
        const crossed = network ? requestsCrossed(network) : 0
        const answered = network?.icmp['InEchoReps'] ?? 0
        const { inner } = ends(seen)
        // Where there is a pair: a host that was pinged through it is known as a neighbour on it.
        const isThrough = inner === undefined || (network?.neighbours.includes(inner.name) ?? false)
        return unless(
          crossed >= 3 && answered >= 3 && isThrough,
          'at least 3 requests that went from inside to outside through the pair, and 3 replies',
          `${crossed} requests went from inside to outside, ${answered} replies came to anybody inside` +
            (isThrough ? '' : `, and nobody has answered on ${inner?.name}`),
          'the ping went to an address of its own (lo answers without the pair), before the outer end was up, or never ran',
        )
      }),
  },
  {
    title: 'no echo request was lost',
    section: 'ping',
    refute: seen =>
      aboutEchoes(seen, () => {
        const network = childNetwork(seen)
        const sent = network?.icmp['OutEchos'] ?? 0
        const answered = network?.icmp['InEchoReps'] ?? 0
        return unless(
          sent > 0 && sent === answered,
          'as many replies as requests',
          `${sent} requests, ${answered} replies`,
          'the ping began before both ends were up: open the gate only when the pair stands',
        )
      }),
  },
]
