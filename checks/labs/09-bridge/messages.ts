/**
 * What of a program's single messages speaks for the claims of lab 9: questions for names, and what ICMP says of a packet
 * whose time was up.
 */
import type { IcmpPacket, PassedPacket, UdpPacket } from '../../../lib/net/packets.ts'
import { DNS_PORT, type NameMessage, readMessage } from '../../../lib/net/talk/dns.ts'
import { ERROR_QUEUE } from '../../../lib/net/talk/hops.ts'
import type { TrafficRecord } from '../../witnesses/traffic.ts'
import { addressesOf, everywhere, neighbourAt, type Scene, type Scenes } from './scene.ts'

/** A question for a name. */
export interface Question {
  readonly name: string
  readonly addresses: readonly string[]
  readonly flaw?: string
}

/** Who answered for a packet whose time was up. */
export interface Hop {
  readonly from: string
  readonly flaw?: string
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
  const asks = neighbourAt(scene.containers, query.net, query.index)
  if (!asks || query.way !== 'out' || query.message.isAnswer || query.targetPort !== DNS_PORT) return undefined
  const { name, id } = query.message
  const isSame = (one: Asked) => one.message.id === id && one.message.name === name
  const answers = all.filter(one => isSame(one) && one.message.isAnswer)
  const isBack = (one: Asked) =>
    one.source === query.target &&
    one.sourcePort === query.targetPort &&
    one.target === query.source &&
    one.targetPort === query.sourcePort
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

/** What became of the question for a name that came closest. */
export function questionOf(record: TrafficRecord, scenes: Scenes): Question | undefined {
  const all = sightings(record, 'udp').flatMap(packet => {
    const message = readMessage(packet.payload)
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

const { ICMP_TIME_EXCEEDED } = ERROR_QUEUE

type AnySighting = PassedPacket & { readonly step: number; readonly net: number }

/** What is wrong with a message to a container that says that a packet's time was up. */
function flawOfHop(
  { about, source, target, net, index }: Sighting<IcmpPacket>,
  scene: Scene,
  sent: readonly AnySighting[],
): string | undefined {
  if (about?.source !== target) return 'that was about a packet of somebody else'
  if (!scene.worlds.some(world => everywhere(world).includes(about.target)))
    return `that was about a packet for ${about.target}, which is not the world`
  if (!addressesOf(scene.bridge).includes(source)) return `${source} is not the address of ${scene.bridge.name}`
  const isProbe = (one: AnySighting) =>
    one.net === net && one.index === index && one.way === 'out' && one.ttl === 1 && one.target === about.target
  return sent.some(isProbe) ? undefined : 'and no packet with a time to live of 1 had left for the world'
}

/** Somebody who said to a container that a packet's time was up. */
export function hopOf(record: TrafficRecord, scenes: Scenes): Hop | undefined {
  const sent = [...record.traffic].flatMap(([net, { packets }]) =>
    packets.flatMap(packet => (packet.ttl === 1 && packet.way === 'out' ? [{ ...packet, net }] : [])),
  )
  let found: Hop | undefined
  for (const message of sightings(record, 'icmp'))
    for (const scene of [...scenes.at(message.step - 1), ...scenes.at(message.step)]) {
      const { net, index, way, type, code, source } = message
      if (!neighbourAt(scene.containers, net, index) || way !== 'in' || type !== ICMP_TIME_EXCEEDED || code !== 0)
        continue
      const flaw = flawOfHop(message, scene, sent)
      if (flaw === undefined) return { from: source }
      found ??= { from: source, flaw }
    }
  return found
}
