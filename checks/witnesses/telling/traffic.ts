/**
 * What the witness of traffic adds to the story: who connected to whom and how that looked at each end, who asked for a
 * name, and what the kernel rewrote.
 */
import type { Link } from '../../../lib/net/links.ts'
import { type Connection, tupleText } from '../../../lib/net/nat/conntrack.ts'
import type { PassedPacket } from '../../../lib/net/packets.ts'
import { DNS_PORT, readMessage } from '../../../lib/net/talk/dns.ts'
import { ERROR_QUEUE } from '../../../lib/net/talk/hops.ts'
import type { Of, What } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'
import type { TrafficHistory } from '../net/traffic.ts'

type Said = Pick<Of<'segment'>, 'says' | 'source' | 'target' | 'sequence' | 'name' | 'addresses'>

/** What a packet says, if a story is to tell of it. */
function saidBy(packet: PassedPacket): Said | undefined {
  if (packet.protocol === 'icmp')
    return packet.type === ERROR_QUEUE.ICMP_TIME_EXCEEDED
      ? { says: 'time is up', source: packet.source, target: packet.target }
      : undefined
  const ends = {
    source: `${packet.source}:${packet.sourcePort}`,
    target: `${packet.target}:${packet.targetPort}`,
  }
  if (packet.protocol === 'tcp') {
    if (!packet.flags.startsWith('SYN')) return undefined
    return { says: packet.flags === 'SYN' ? 'connects' : 'accepts', ...ends, sequence: packet.sequence }
  }
  if (packet.sourcePort !== DNS_PORT && packet.targetPort !== DNS_PORT) return undefined
  const message = readMessage(packet.payload)
  if (!message) return undefined
  const { name, addresses } = message
  return message.isAnswer ? { says: 'answers', ...ends, name, addresses } : { says: 'asks', ...ends, name }
}

/** How much of a network has been told. */
interface Position {
  packets: number
  connections: number
  rules: number
}

/** Something that is told, of which conversation, and how far on its way. */
interface Line {
  readonly what: What
  readonly conversation: string
  /** How much further the packet could still have been forwarded, where that is known. */
  readonly ttl: number
  /** Of one time to live: it leaves, it arrives, and then it is remembered by whoever forwards it. */
  readonly stage: number
}

/**
 * Brings what one look has seen into the order in which it happened. Each network has sockets of its own, so that is
 * known by the way that packets go: out before in, and whoever forwards takes one off the time to live.
 */
function inOrder(lines: readonly Line[]): What[] {
  // A connection is remembered by the ends that its first packet named; the number by which that begins is the same on
  // all of its way.
  const numbers = new Map<string, string>(
    lines.flatMap(({ what, conversation }) =>
      what.kind === 'segment' && what.says === 'connects'
        ? [[`${what.source} → ${what.target}`, conversation] as const]
        : [],
    ),
  )
  const conversations = new Map<string, Line[]>()
  for (const line of lines) {
    const key = numbers.get(line.conversation) ?? line.conversation
    const known = conversations.get(key) ?? []
    conversations.set(key, known)
    known.push(line)
  }
  return [...conversations.values()].flatMap(group => {
    const most = Math.max(...group.map(({ ttl }) => ttl).filter(Number.isFinite))
    const rank = ({ ttl, stage }: Line) => (Number.isFinite(ttl) ? most - ttl : 0) * 3 + stage
    return group.toSorted((one, other) => rank(one) - rank(other)).map(({ what }) => what)
  })
}

/** Tells of the traffic of one sandbox. */
export class TrafficTeller {
  readonly #story: Story
  readonly #positions = new Map<number, Position>()

  constructor(story: Story) {
    this.#story = story
  }

  /**
   * Tells of what is new.
   * @param networks what went on in each network, and its interfaces by now
   * @param tid the thread whose call has brought it about, where that is known
   */
  tell(
    networks: Iterable<readonly [net: number, traffic: TrafficHistory, links: readonly Link[]]>,
    tid?: number,
  ): void {
    if (!this.#story.isAsked) return
    const lines: Line[] = []
    for (const [network, traffic, links] of networks) {
      const at = this.#positions.get(network) ?? { packets: 0, connections: 0, rules: 0 }
      for (const { table, chain, does } of traffic.rules.slice(at.rules))
        this.#story.add({ kind: 'rule', network, table, chain, does }, tid)
      for (const packet of traffic.packets.slice(at.packets)) lines.push(...ofPacket(network, links, packet))
      for (const one of traffic.connections.slice(at.connections)) lines.push(...ofConnection(network, one))
      const { packets, connections, rules } = traffic
      this.#positions.set(network, { packets: packets.length, connections: connections.length, rules: rules.length })
    }
    for (const what of inOrder(lines)) this.#story.add(what)
  }
}

/** A bridge and its ports only pass on what the story tells of at its ends. */
function ofPacket(network: number, links: readonly Link[], packet: PassedPacket): Line[] {
  const link = links.find(({ index }) => index === packet.index)
  const said = saidBy(packet)
  if (!said || link?.kind === 'bridge' || link?.master !== undefined) return []
  const { way, ttl } = packet
  const what: What = { kind: 'segment', ...said, way, network, link: link?.name ?? `interface ${packet.index}` }
  const conversation = said.sequence === undefined ? `${said.says} ${said.source} ${said.target}` : `${said.sequence}`
  return [{ what, conversation, ttl, stage: way === 'out' ? 0 : 1 }]
}

/** What is remembered comes behind the packet that began it, which is met at the same port. */
function ofConnection(network: number, one: Connection): Line[] {
  const { original, reply, changesSource, changesTarget } = one
  if (!changesSource && !changesTarget) return []
  const changes = changesSource && changesTarget ? 'both' : changesSource ? 'source' : 'target'
  const [from, back] = [tupleText(original), tupleText(reply)]
  const what: What = { kind: 'connection', network, original: from, reply: back, changes }
  return [{ what, conversation: from, ttl: Number.NaN, stage: 2 }]
}
