/**
 * What of a program's traffic speaks for the claims of lab 9. Of each kind of conversation the one that comes closest is
 * kept, so that of one that failed it can be said how far it came.
 */
import type { Connection } from '../../../lib/net/nat/conntrack.ts'
import type { TrafficHistory } from '../../witnesses/net/traffic.ts'
import type { TrafficRecord } from '../../witnesses/traffic.ts'
import { type Call, callsOf, progress } from './calls.ts'
import { type Hop, hopOf, type Question, questionOf } from './messages.ts'
import { addressesOf, everywhere, neighbourAt, type Scene, Scenes } from './scene.ts'

/** A call between two who are in a scene, and what of it is not as it must be. */
export interface Conversation {
  readonly call: Call
  readonly scene: Scene
  /** What is wrong with it; nothing if all is right. */
  readonly flaw?: string
  /** The likely cause, where that is another one than mostly. */
  readonly cause?: string
}

/** All that there is. */
export interface Evidence {
  readonly scene: Scene | undefined
  readonly near: Conversation | undefined
  readonly far: Conversation | undefined
  readonly published: Conversation | undefined
  readonly question: Question | undefined
  readonly hop: Hop | undefined
}

/** Whoever forwards sees a packet come, too: that is not where it was to go. */
const arrival = ({ came }: Call, { machine }: Scene) => (came?.net === machine ? undefined : came)

/** How often a packet was forwarded on its way. */
const forwarded = (sent: { readonly ttl: number }, came: { readonly ttl: number }) => sent.ttl - came.ttl

/** What is wrong, with its likely cause where that is another one than mostly. */
type Fault = Pick<Conversation, 'flaw' | 'cause'>

const fault = (isRight: boolean, flaw: string, cause?: string): Fault | undefined =>
  isRight ? undefined : { flaw, ...(cause !== undefined && { cause }) }

/** What is wrong with how often a call was forwarded. */
const forwardedOnce = (hops: number, whither: string): Fault | undefined =>
  fault(
    hops === 1,
    `it came to ${whither} without having been forwarded exactly once`,
    'who forwards takes one from the time to live: a rule has set it anew, or more or less than one machine forwarded it',
  )

/** What is wrong with a call that reached its end. */
function endOf({ isAccepted, isBack, isAnswered }: Call): Fault | undefined {
  const listens = 'somebody has to listen at the address and port to which it comes, and to know the way back'
  return (
    fault(isAccepted, 'who got it did not accept it (nobody listens there), or the acceptance found no way', listens) ??
    fault(isBack, 'it was accepted, and the acceptance never came back from the address that was called') ??
    fault(
      isAnswered,
      'it was accepted, and then not one byte came back',
      'who accepts a call has to say something, and a bridge needs a hardware address of its own: that of a port goes with it',
    )
  )
}

/** Between two containers: as it was sent, so it came, and nobody forwarded it. */
function near(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = neighbourAt(scene.containers, sent.net, sent.packet.index)
  const isMeant = scene.containers.some(one => one !== from && addressesOf(one.own).includes(sent.packet.target))
  if (!from || !isMeant) return undefined
  const came = arrival(call, scene)
  if (!came) return { call, scene, flaw: 'its first packet did not come to the other container' }
  const to = neighbourAt(scene.containers, came.net, came.packet.index)
  if (!to || to.net === from.net) return undefined
  const hops = forwarded(sent.packet, came.packet)
  const wrong =
    fault(
      hops === 0,
      `it was forwarded on the way (time to live ${sent.packet.ttl}, then ${came.packet.ttl}), which a bridge does not do`,
    ) ??
    fault(came.packet.source === sent.packet.source, `it came to the other from ${came.packet.source}`) ??
    endOf(call)
  return { call, scene, ...wrong }
}

/** From a container to the world: forwarded once, and seen there with the machine's address. */
function far(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = neighbourAt(scene.containers, sent.net, sent.packet.index)
  const meant = scene.worlds.filter(world => everywhere(world).includes(sent.packet.target))
  if (!from || meant.length === 0 || !addressesOf(from.own).includes(sent.packet.source)) return undefined
  const came = arrival(call, scene)
  if (!came) return { call, scene, flaw: 'its first packet did not come to the world' }
  const to = neighbourAt(meant, came.net, came.packet.index)
  if (!to) return undefined
  const { source } = came.packet
  const wrong =
    forwardedOnce(forwarded(sent.packet, came.packet), 'the world') ??
    fault(source !== sent.packet.source, `the world sees ${source}, which is the container's own address`) ??
    fault(
      addressesOf(to.cable).includes(source),
      `the world sees ${source}, which is not the address of the machine on that cable`,
      'masquerade takes the address of the interface by which a packet leaves, and snat the one that it is given',
    ) ??
    endOf(call)
  return { call, scene, ...wrong }
}

/** From the world to a port of the machine: it comes to a container, from the world's own address. */
function published(call: Call, scene: Scene): Conversation | undefined {
  const { sent } = call
  const from = neighbourAt(scene.worlds, sent.net, sent.packet.index)
  if (!from || !addressesOf(from.cable).includes(sent.packet.target)) return undefined
  const came = arrival(call, scene)
  if (!came) {
    const flaw = call.isAccepted
      ? 'the machine itself accepted it: whoever passes it on from there makes a connection of their own'
      : 'its first packet came to no container'
    return { call, scene, flaw }
  }
  const to = neighbourAt(scene.containers, came.net, came.packet.index)
  if (!to) return undefined
  const { source } = came.packet
  const wrong =
    fault(
      source === sent.packet.source,
      `the container sees ${source}, and not ${sent.packet.source}, who has called`,
      'a rule rewrites the source as well: only what leaves for the world needs that, and not what comes from there',
    ) ??
    forwardedOnce(forwarded(sent.packet, came.packet), 'the container') ??
    endOf(call)
  return { call, scene, ...wrong }
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
