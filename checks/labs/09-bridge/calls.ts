/**
 * Connections of TCP as the judge's own packet sockets saw them at both ends. That it is one and the same connection is
 * known by the number with which its first packet begins (the initial sequence number): NAT leaves it as it is, and
 * somebody who takes a connection and makes another one has a new one.
 */
import type { PassedPacket, TcpPacket } from '../../../lib/net/packets.ts'
import type { TrafficRecord } from '../../witnesses/traffic.ts'

type Tcp = PassedPacket & TcpPacket & { readonly step: number }

/** A packet, and the network in which it passed. */
interface Sighting {
  readonly net: number
  readonly packet: Tcp
}

/** What became of one attempt to connect. */
export interface Call {
  /** The first packet as it left whoever connects. */
  readonly sent: Sighting
  /** The same as it came to whoever accepted, or refused; nothing if it did not come to where it was answered. */
  readonly came?: Sighting
  /** Whether it was accepted there, and whether that came back from the address that was called. */
  readonly isAccepted: boolean
  readonly isBack: boolean
  /** Whether whoever accepted has sent something that came as well. */
  readonly isAnswered: boolean
}

/** A packet passes a handful of interfaces. Forged ones with one and the same number are no more calls for being many. */
const MOST_ALIKE = 100

const next = (sequence: number) => (sequence + 1) % 2 ** 32

/** Packets of TCP by a number. */
function byNumber(all: readonly Sighting[], numberOf: (packet: Tcp) => number): Map<number, Sighting[]> {
  const found = new Map<number, Sighting[]>()
  for (const one of all) {
    const list = found.get(numberOf(one.packet)) ?? []
    found.set(numberOf(one.packet), list)
    list.push(one)
  }
  return found
}

/** Whether a packet goes back the way that another one came. */
const isReverse = (one: Tcp, other: Tcp) =>
  one.source === other.target &&
  one.sourcePort === other.targetPort &&
  one.target === other.source &&
  one.targetPort === other.sourcePort

/** What is looked through for each attempt. */
interface Index {
  readonly first: ReadonlyMap<number, readonly Sighting[]>
  readonly accepted: ReadonlyMap<number, readonly Sighting[]>
  readonly carrying: ReadonlyMap<number, readonly Sighting[]>
}

/** Follows an attempt to one place to which it came. */
function follow(sent: Sighting, came: Sighting, { accepted, carrying }: Index): Call {
  const answers = accepted.get(next(sent.packet.sequence)) ?? []
  const left = answers.find(
    ({ net, packet }) =>
      net === came.net && packet.index === came.packet.index && packet.way === 'out' && isReverse(packet, came.packet),
  )
  const isAtSender = ({ net, packet }: Sighting) =>
    net === sent.net && packet.index === sent.packet.index && packet.way === 'in' && isReverse(packet, sent.packet)
  const back = answers.find(each => isAtSender(each) && each.packet.sequence === left?.packet.sequence)
  const carried = left && back ? (carrying.get(next(left.packet.sequence)) ?? []) : []
  const said = carried.some(
    ({ net, packet }) =>
      net === came.net && packet.way === 'out' && packet.index === came.packet.index && isReverse(packet, came.packet),
  )
  return {
    sent,
    came,
    isAccepted: left !== undefined,
    isBack: back !== undefined,
    isAnswered: said && carried.some(isAtSender),
  }
}

/** How far an attempt came. */
export const progress = ({ came, isAccepted, isBack, isAnswered }: Call): number =>
  [came !== undefined, isAccepted, isBack, isAnswered].filter(Boolean).length

/**
 * All attempts to connect that left by some interface, each with every place to which it came: whoever forwards sees it
 * come as well.
 */
export function callsOf({ traffic }: TrafficRecord): Call[] {
  const all = [...traffic].flatMap(([net, { packets }]) =>
    packets.flatMap(packet => (packet.protocol === 'tcp' ? [{ net, packet }] : [])),
  )
  const index: Index = {
    first: byNumber(
      all.filter(({ packet }) => packet.flags === 'SYN'),
      ({ sequence }) => sequence,
    ),
    accepted: byNumber(
      all.filter(({ packet }) => packet.flags === 'SYN, ACK'),
      ({ acknowledged }) => acknowledged,
    ),
    carrying: byNumber(
      all.filter(({ packet }) => packet.size > 0 && !packet.flags.startsWith('SYN')),
      ({ sequence }) => sequence,
    ),
  }
  return [...index.first.values()].flatMap(sightings => {
    const sent = sightings.filter(({ packet }) => packet.way === 'out').slice(0, MOST_ALIKE)
    const came = sightings.filter(({ packet }) => packet.way === 'in').slice(0, MOST_ALIKE)
    return sent.flatMap(one => {
      const places = came.filter(({ net }) => net !== one.net)
      if (places.length === 0) return [{ sent: one, isAccepted: false, isBack: false, isAnswered: false }]
      return places.map(place => follow(one, place, index))
    })
  })
}
