/**
 * What of a program's traffic speaks for the claims of lab 9. Of each kind of conversation the one that comes closest is
 * kept, so that of one that failed it can be said how far it came.
 */
import type { Connection } from '../../../lib/net/nat/conntrack.ts'
import type { IcmpPacket, PassedPacket, UdpPacket } from '../../../lib/net/packets.ts'
import { DNS_PORT, type NameMessage, readMessage } from '../../../lib/net/talk/dns.ts'
import type { TrafficHistory } from '../../witnesses/net/traffic.ts'
import type { TrafficRecord } from '../../witnesses/traffic.ts'
import { type Call, callsOf, progress } from './calls.ts'
import { addressesOf, type Neighbour, type Scene, Scenes } from './scene.ts'

/** A call between two who are in a scene, and what of it is not as it must be. */
export interface Conversation {
  readonly call: Call
  readonly scene: Scene
  /** What is wrong with it; nothing if all is right. */
  readonly flaw?: string
}

/** A question for a name. */
export interface Question {
  readonly name: string
  readonly addresses: readonly string[]
  readonly flaw?: string
}

/** All that there is. */
export interface Evidence {
  readonly scene: Scene | undefined
  readonly near: Conversation | undefined
  readonly far: Conversation | undefined
  readonly published: Conversation | undefined
  readonly question: Question | undefined
  /** Who answered for a packet whose time was up, and whether that was the bridge. */
  readonly hop: { readonly from: string; readonly flaw?: string } | undefined
}

const of = (all: readonly Neighbour[], net: number, index: number) =>
  all.find(one => one.net === net && one.own.index === index)

/** What became of a call that reached its end. */
function endOf({ isAccepted, isBack, isAnswered, came }: Call): string | undefined {
  if (!came) return 'nobody got its first packet'
  if (!isAccepted) return 'whoever got it did not accept it (nobody listens there), or the acceptance found no way back'
  if (!isBack) return 'it was accepted, and the acceptance never came back from the address that was called'
  return isAnswered ? undefined : 'it was accepted, and then not one byte came back'
}

/** Whoever forwards sees a packet come, too: that is not where it was to go. */
const arrival = ({ came }: Call, { machine }: Scene) => (came?.net === machine ? undefined : came)

/** How often a packet was forwarded on its way. */
const forwarded = (sent: { readonly ttl: number }, came: { readonly ttl: number }) => sent.ttl - came.ttl

/** Between two containers: as it was sent, so it came, and nobody forwarded it. */
function near(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = of(scene.containers, sent.net, sent.packet.index)
  const isMeant = scene.containers.some(one => one !== from && addressesOf(one.own).includes(sent.packet.target))
  if (!from || !isMeant) return undefined
  const came = arrival(call, scene)
  if (!came) return { call, scene, flaw: 'its first packet did not come to the other container' }
  const to = of(scene.containers, came.net, came.packet.index)
  if (!to || to.net === from.net) return undefined
  const hops = forwarded(sent.packet, came.packet)
  const flaw =
    (hops === 0
      ? undefined
      : `it was forwarded on the way (time to live ${sent.packet.ttl}, then ${came.packet.ttl}), which a bridge does not do`) ??
    (came.packet.source === sent.packet.source ? endOf(call) : `it came to the other from ${came.packet.source}`)
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** From a container to the world: forwarded once, and seen there with the machine's address. */
function far(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = of(scene.containers, sent.net, sent.packet.index)
  const meant = scene.worlds.find(({ own }) => addressesOf(own).includes(sent.packet.target))
  if (!from || !meant || !addressesOf(from.own).includes(sent.packet.source)) return undefined
  const came = arrival(call, scene)
  if (!came) return { call, scene, flaw: 'its first packet did not come to the world' }
  if (of(scene.worlds, came.net, came.packet.index) !== meant) return undefined
  const { source } = came.packet
  const flaw =
    (forwarded(sent.packet, came.packet) === 1
      ? undefined
      : 'it came to the world without having been forwarded exactly once') ??
    (source === sent.packet.source ? `the world sees ${source}, which is the container's own address` : undefined) ??
    (addressesOf(meant.cable).includes(source)
      ? endOf(call)
      : `the world sees ${source}, which is not the address of the machine on that cable`)
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** From the world to a port of the machine: it comes to a container, from the world's own address. */
function published(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = of(scene.worlds, sent.net, sent.packet.index)
  if (!from || !addressesOf(from.cable).includes(sent.packet.target)) return undefined
  const came = arrival(call, scene)
  if (!came) {
    const flaw = call.isAccepted
      ? 'the machine itself accepted it: whoever passes it on from there makes a connection of their own'
      : 'its first packet came to no container'
    return { call, scene, flaw }
  }
  const to = of(scene.containers, came.net, came.packet.index)
  if (!to) return undefined
  const { source } = came.packet
  const flaw =
    (source === sent.packet.source
      ? undefined
      : `the container sees ${source}, and not ${sent.packet.source}, who has called`) ??
    (forwarded(sent.packet, came.packet) === 1
      ? endOf(call)
      : 'it came to the container without having been forwarded exactly once')
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** The best conversation of a kind. */
function best(
  calls: readonly Call[],
  scenes: Scenes,
  judge: (call: Call, scene: Scene) => Conversation | undefined,
): Conversation | undefined {
  let found: Conversation | undefined
  const worth = ({ call, scene, flaw }: Conversation) =>
    progress(call) + (arrival(call, scene) ? 10 : 0) + (flaw === undefined ? 100 : 0)
  for (const call of calls) {
    // What changed in the very step of a packet may have changed before it or after it.
    const { step } = call.sent.packet
    const last = call.came?.packet.step ?? step
    for (const at of new Set([step - 1, step, last]))
      for (const scene of scenes.at(at)) {
        const one = judge(call, scene)
        if (one && (!found || worth(one) > worth(found))) found = one
      }
  }
  return found
}

type Sighting<P> = P & PassedPacket & { readonly step: number; readonly net: number }

function sightings<P extends 'udp' | 'icmp'>({ traffic }: TrafficRecord, protocol: P) {
  return [...traffic].flatMap(([net, { packets }]) =>
    packets.flatMap(packet => (packet.protocol === protocol ? [{ ...packet, net }] : [])),
  ) as Sighting<P extends 'udp' ? UdpPacket : IcmpPacket>[]
}

type Asked = Sighting<UdpPacket> & { readonly message: NameMessage }

/** One question of a container, and what became of it. */
function judgeQuestion(query: Asked, all: readonly Asked[], scene: Scene): Question | undefined {
  const asks = of(scene.containers, query.net, query.index)
  if (!asks || query.way !== 'out' || query.message.isAnswer) return undefined
  const { name, id } = query.message
  const isSame = (one: Asked) => one.message.id === id && one.message.name === name
  const answers = all.filter(one => isSame(one) && one.message.isAnswer)
  const isBack = (one: Asked) => one.source === query.target && one.target === query.source
  const answer = answers.find(
    one => isBack(one) && one.net === query.net && one.index === query.index && one.way === 'in',
  )
  const addresses = answer?.message.addresses ?? []
  const atBridge = (one: Asked) => one.net === scene.machine && one.index === scene.bridge.index
  const others = scene.containers.filter(one => one.net !== asks.net).flatMap(({ own }) => addressesOf(own))
  const flaw =
    (addressesOf(scene.bridge).includes(query.target)
      ? undefined
      : `${query.target} was asked, which is not the bridge`) ??
    (all.some(one => isSame(one) && atBridge(one) && one.way === 'in')
      ? undefined
      : 'the question did not come to the bridge') ??
    (answer ? undefined : 'no answer came') ??
    (answers.some(one => isBack(one) && atBridge(one) && one.way === 'out')
      ? undefined
      : 'the answer did not come from the bridge') ??
    (addresses.some(address => others.includes(address))
      ? undefined
      : `the answer is ${addresses.join(', ') || 'that there is no such name'}, and not the address of the other container`)
  return { name, addresses, ...(flaw !== undefined && { flaw }) }
}

function questionOf(record: TrafficRecord, scenes: Scenes): Question | undefined {
  const all = sightings(record, 'udp').flatMap(packet => {
    const isName = packet.sourcePort === DNS_PORT || packet.targetPort === DNS_PORT
    const message = isName ? readMessage(packet.payload) : undefined
    return message ? [{ ...packet, message }] : []
  })
  let found: Question | undefined
  for (const query of all)
    for (const at of [query.step - 1, query.step])
      for (const scene of scenes.at(at)) {
        const one = judgeQuestion(query, all, scene)
        if (one && (!found || (found.flaw !== undefined && one.flaw === undefined))) found = one
      }
  return found
}

const TIME_EXCEEDED = 11

type AnySighting = PassedPacket & { readonly step: number; readonly net: number }

/** What is wrong with a message to a container that says that a packet's time was up. */
function flawOfHop(
  { about, source, target, net, index }: Sighting<IcmpPacket>,
  scene: Scene,
  sent: readonly AnySighting[],
): string | undefined {
  if (about?.source !== target) return 'that was about a packet of somebody else'
  if (!scene.worlds.some(({ own }) => addressesOf(own).includes(about.target)))
    return `that was about a packet for ${about.target}, which is not the world`
  if (!addressesOf(scene.bridge).includes(source)) return `${source} is not the address of ${scene.bridge.name}`
  const isProbe = (one: AnySighting) =>
    one.net === net && one.index === index && one.way === 'out' && one.ttl === 1 && one.target === about.target
  return sent.some(isProbe) ? undefined : 'and no packet with a time to live of 1 had left for the world'
}

/** Somebody who said to a container that a packet's time was up. */
function hopOf(record: TrafficRecord, scenes: Scenes): Evidence['hop'] {
  const sent = [...record.traffic].flatMap(([net, { packets }]) =>
    packets.flatMap(packet => (packet.ttl === 1 && packet.way === 'out' ? [{ ...packet, net }] : [])),
  )
  let found: Evidence['hop']
  for (const message of sightings(record, 'icmp'))
    for (const scene of [...scenes.at(message.step - 1), ...scenes.at(message.step)]) {
      const { net, index, way, type, code, source } = message
      if (!of(scene.containers, net, index) || way !== 'in' || type !== TIME_EXCEEDED || code !== 0) continue
      const flaw = flawOfHop(message, scene, sent)
      if (flaw === undefined) return { from: source }
      found ??= { from: source, flaw }
    }
  return found
}

/** The connection by which the kernel of the machine remembers a call, and did not have it written there by somebody. */
export function rememberedBy({ call, scene }: Conversation, traffic: TrafficRecord['traffic']): Connection | undefined {
  const { sent, came } = call
  return traffic.get(scene.machine)?.connections.find(({ original, reply, isWritten }) => {
    const isSent =
      original.source === sent.packet.source &&
      original.sourcePort === sent.packet.sourcePort &&
      original.target === sent.packet.target &&
      original.targetPort === sent.packet.targetPort
    const isAnswered =
      came !== undefined &&
      reply.source === came.packet.target &&
      reply.sourcePort === came.packet.targetPort &&
      reply.target === came.packet.source &&
      reply.targetPort === came.packet.sourcePort
    return isSent && isAnswered && !isWritten
  })
}

/** What the rules of the machine do to addresses; of the old iptables it is only known that there are some. */
export function rewritings({ scene }: Conversation, traffic: TrafficRecord['traffic']): readonly string[] {
  const history: TrafficHistory | undefined = traffic.get(scene.machine)
  const does = new Set(history?.rules.map(rule => rule.does))
  return history?.hasLegacyRules ? ['masquerade', 'dnat'] : [...does]
}

/** All that speaks for the claims. */
export function evidenceOf(record: TrafficRecord): Evidence {
  const scenes = new Scenes(record)
  const calls = callsOf(record)
  return {
    scene: scenes.best,
    near: best(calls, scenes, near),
    far: best(calls, scenes, far),
    published: best(calls, scenes, published),
    question: questionOf(record, scenes),
    hop: hopOf(record, scenes),
  }
}
