/**
 * What the witness of traffic adds to the story: who connected to whom and how that looked at each end, who asked for a
 * name, and what the kernel rewrote.
 */
import type { Link } from '../../../lib/net/links.ts'
import { tupleText } from '../../../lib/net/nat/conntrack.ts'
import type { PassedPacket } from '../../../lib/net/packets.ts'
import { DNS_PORT, readMessage } from '../../../lib/net/talk/dns.ts'
import type { Of, What } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'
import type { TrafficHistory } from '../net/traffic.ts'

/** `ICMP_TIME_EXCEEDED`. */
const TIME_EXCEEDED = 11

type Said = Pick<Of<'segment'>, 'says' | 'source' | 'target' | 'sequence' | 'name' | 'addresses'>

/** What a packet says, if a story is to tell of it. */
function saidBy(packet: PassedPacket): Said | undefined {
  if (packet.protocol === 'icmp')
    return packet.type === TIME_EXCEEDED
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

/** Tells of the traffic of one sandbox. */
export class TrafficTeller {
  readonly #story: Story
  readonly #positions = new Map<number, Position>()

  constructor(story: Story) {
    this.#story = story
  }

  /**
   * Tells of what is new in a network.
   * @param tid the thread whose call has brought it about, where that is known
   */
  tell(network: number, links: readonly Link[], traffic: TrafficHistory, tid?: number): void {
    if (!this.#story.isAsked) return
    const at = this.#positions.get(network) ?? { packets: 0, connections: 0, rules: 0 }
    for (const { table, chain, does } of traffic.rules.slice(at.rules))
      this.#story.add({ kind: 'rule', network, table, chain, does }, tid)
    for (const packet of traffic.packets.slice(at.packets)) {
      const what = this.#ofPacket(network, links, packet)
      if (what) this.#story.add(what)
    }
    for (const { original, reply, changesSource, changesTarget } of traffic.connections.slice(at.connections)) {
      if (!changesSource && !changesTarget) continue
      const changes = changesSource && changesTarget ? 'both' : changesSource ? 'source' : 'target'
      this.#story.add({
        kind: 'connection',
        network,
        original: tupleText(original),
        reply: tupleText(reply),
        changes,
      })
    }
    const { packets, connections, rules } = traffic
    this.#positions.set(network, { packets: packets.length, connections: connections.length, rules: rules.length })
  }

  /** A bridge and its ports only pass on what the story tells of at its ends. */
  #ofPacket(network: number, links: readonly Link[], packet: PassedPacket): What | undefined {
    const link = links.find(({ index }) => index === packet.index)
    const said = saidBy(packet)
    if (!said || link?.kind === 'bridge' || link?.master !== undefined) return undefined
    return { kind: 'segment', ...said, way: packet.way, network, link: link?.name ?? `interface ${packet.index}` }
  }
}
