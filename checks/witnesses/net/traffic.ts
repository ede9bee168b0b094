/**
 * What goes on in one network of a lab with NAT: the packets that pass its interfaces, the connections that its kernel
 * remembers, and the rules by which it rewrites addresses, by the judge's own sockets there.
 */
import { closeQuietly } from '../../../lib/machine/poll.ts'
import { ConnectionListener, type NewConnection } from '../../../lib/net/nat/conntrack.ts'
import { hasLegacyNat, type NatRule, natRules, RuleListener } from '../../../lib/net/nat/rules.ts'
import { PacketTap, type PassedPacket } from '../../../lib/net/packets.ts'
import { readMessage } from '../../../lib/net/talk/dns.ts'
import type { Tap } from './followed-network.ts'

/** In which step something was seen, and when the judge heard of it, in ms since the epoch. */
interface Seen {
  readonly step: number
  readonly at: number
}

/** What went on in one network. */
export interface TrafficHistory {
  /** Packets that tell something: of TCP those that connect or carry something, each once. */
  readonly packets: readonly (PassedPacket & Seen)[]
  readonly connections: readonly (NewConnection & Seen)[]
  /** Every rule that rewrites addresses and has ever been there. */
  readonly rules: readonly (NatRule & Seen)[]
  /** Whether there was a table of the old iptables, of which only what it does can be seen, and not its rules. */
  readonly hasLegacyRules: boolean
}

/** What is kept of one network at most, of each kind: somebody may flood it for ever, and the rest proves nothing. */
const MOST = 4000

/** What makes a packet of TCP one that has been seen already. Of those that carry something the first tells all. */
function keyOf({ index, way, source, target, ...packet }: PassedPacket): string | undefined {
  if (packet.protocol !== 'tcp') return undefined
  const { sourcePort, targetPort, flags, sequence } = packet
  return [index, way, source, sourcePort, target, targetPort, flags, flags === '' ? '' : sequence].join()
}

/** Whether a packet tells something: acknowledgements alone do not, nor messages that are about no name. */
function tells(packet: PassedPacket): boolean {
  if (packet.protocol === 'tcp') return packet.flags !== '' || packet.size > 0
  // A packet that may not be forwarded is sent to learn who would have to.
  if (packet.protocol === 'icmp' || packet.ttl === 1) return true
  // A question for a name has another port once a rule has rewritten that.
  return readMessage(packet.payload) !== undefined
}

/** The sockets in one network, and what they have heard. */
export class Traffic implements Tap, TrafficHistory {
  readonly packets: (PassedPacket & Seen)[] = []
  readonly connections: (NewConnection & Seen)[] = []
  readonly rules: (NatRule & Seen)[] = []
  hasLegacyRules = false
  readonly #known = new Set<string>()
  readonly #packets = new PacketTap()
  readonly #connections = new ConnectionListener()
  readonly #rules = new RuleListener()
  readonly #inside: <T>(action: () => T) => T

  /** @throws SyscallError EPROTONOSUPPORT where the kernel has no netfilter */
  constructor(inside: <T>(action: () => T) => T) {
    this.#inside = inside
    // Somebody may have written rules before anybody lived here.
    for (const rule of natRules()) this.rules.push({ ...rule, step: 0, at: Date.now() })
  }

  take(step: number, at: number): void {
    for (const packet of this.#packets.packets()) this.#keepPacket({ ...packet, step, at })
    for (const rule of this.#rules.news()) this.#keep(this.rules, { ...rule, step, at })
    const news = this.#connections.news()
    for (const one of news) this.#keep(this.connections, { ...one, step, at })
    const isRewritten = news.some(({ changesSource, changesTarget }) => changesSource || changesTarget)
    if (isRewritten) this.hasLegacyRules ||= this.#inside(hasLegacyNat)
  }

  #keepPacket(packet: PassedPacket & Seen): void {
    if (!tells(packet)) return
    const key = keyOf(packet)
    if (key !== undefined && this.#known.has(key)) return
    if (key !== undefined && this.#known.size < MOST) this.#known.add(key)
    // A new connection between the same two ports: what it carries is something else.
    if (packet.protocol === 'tcp' && packet.flags.startsWith('SYN')) {
      const carried = keyOf({ ...packet, flags: '' })
      if (carried !== undefined) this.#known.delete(carried)
    }
    this.#keep(this.packets, packet)
  }

  #keep<T>(list: T[], one: T): void {
    if (list.length < MOST) list.push(one)
  }

  close(): void {
    this.#packets.close()
    for (const { fd } of [this.#connections, this.#rules]) closeQuietly(fd)
  }
}
