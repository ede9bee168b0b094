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
import { addressesOf, flawOf, type Neighbour, type Scene, Scenes } from './scene.ts'

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

const reach = (text: string, { sent, came }: Call) =>
  came && came.packet.source !== sent.packet.source ? `${text}, which sees ${came.packet.source}` : text

/** Between two containers: as it was sent, so it came, and nobody forwarded it. */
function near(call: Call, scene: Scene): Conversation | undefined {
  const { sent, came } = call
  const from = of(scene.containers, sent.net, sent.packet.index)
  if (!from) return undefined
  const to = came && of(scene.containers, came.net, came.packet.index)
  const isMeant = scene.containers.some(one => one !== from && addressesOf(one.own).includes(sent.packet.target))
  if (!isMeant || (came && (!to || to.net === from.net))) return undefined
  if (!came || !to) return { call, scene, flaw: endOf(call) ?? '' }
  const own = flawOf(from, scene) ?? flawOf(to, scene)
  const hops = sent.packet.ttl - came.packet.ttl
  const flaw =
    own ??
    (hops !== 0
      ? `it was forwarded ${hops === 1 ? 'once' : `${hops} times`} on the way, which a bridge does not do`
      : undefined) ??
    (came.packet.source !== sent.packet.source ? reach('it came to the other', call) : endOf(call))
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** From a container to the world: forwarded once, and seen there with the machine's address. */
function far(call: Call, scene: Scene): Conversation | undefined {
  const { sent, came } = call
  const from = of(scene.containers, sent.net, sent.packet.index)
  const meant = scene.worlds.find(({ own }) => addressesOf(own).includes(sent.packet.target))
  if (!from || !meant || !addressesOf(from.own).includes(sent.packet.source)) return undefined
  const world = came && of(scene.worlds, came.net, came.packet.index)
  if (came && world !== meant) return undefined
  if (!came) return { call, scene, flaw: 'its first packet did not come to the world' }
  const { source } = came.packet
  const flaw =
    (sent.packet.ttl - came.packet.ttl !== 1
      ? 'it came to the world without having been forwarded exactly once'
      : undefined) ??
    (source === sent.packet.source ? `the world sees ${source}, the container's own address` : undefined) ??
    (addressesOf(meant.cable).includes(source)
      ? undefined
      : `the world sees ${source}, which is not the machine's address`) ??
    endOf(call)
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** From the world to a port of the machine: it comes to a container, from the world's own address. */
function published(call: Call, scene: Scene): Conversation | undefined {
  const { sent, came } = call
  const from = of(scene.worlds, sent.net, sent.packet.index)
  if (!from || !addressesOf(from.cable).includes(sent.packet.target)) return undefined
  const to = came && of(scene.containers, came.net, came.packet.index)
  const isMachine = came?.net === scene.machine
  if (came && !to && !isMachine) return undefined
  const at = `${sent.packet.target}:${sent.packet.targetPort}`
  if (!came || !to)
    return {
      call,
      scene,
      flaw: `it came to the machine (${at}), and no container got its first packet: whoever passes it on makes a connection of their own`,
    }
  const flaw =
    (came.packet.source !== sent.packet.source
      ? `the container sees ${came.packet.source}, and not ${sent.packet.source}, who has called`
      : undefined) ??
    (sent.packet.ttl - came.packet.ttl !== 1
      ? 'it came to the container without having been forwarded exactly once'
      : undefined) ??
    endOf(call)
  return { call, scene, ...(flaw !== undefined && { flaw }) }
}

/** The best conversation of a kind. */
function best(
  calls: readonly Call[],
  scenes: Scenes,
  judge: (call: Call, scene: Scene) => Conversation | undefined,
): Conversation | undefined {
  let found: Conversation | undefined
  const worth = ({ call, flaw }: Conversation) => progress(call) + (flaw === undefined ? 10 : 0)
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

/** Somebody who said to a container that a packet's time was up. */
function hopOf(record: TrafficRecord, scenes: Scenes): Evidence['hop'] {
  let found: Evidence['hop']
  for (const { net, index, way, type, code, about, source, target, step } of sightings(record, 'icmp'))
    for (const scene of [...scenes.at(step - 1), ...scenes.at(step)]) {
      const container = of(scene.containers, net, index)
      if (!container || way !== 'in' || type !== TIME_EXCEEDED || code !== 0 || !about) continue
      const isOwn = addressesOf(container.own).includes(target) && about.source === target
      const isFar = scene.worlds.some(({ own }) => addressesOf(own).includes(about.target))
      const flaw = !isOwn
        ? 'that was about a packet of somebody else'
        : !isFar
          ? `that was about a packet for ${about.target}, which is not the world`
          : addressesOf(scene.bridge).includes(source)
            ? undefined
            : `${source} is not the address of ${scene.bridge.name}`
      if (!found || flaw === undefined) found = { from: source, ...(flaw !== undefined && { flaw }) }
      if (flaw === undefined) return found
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
