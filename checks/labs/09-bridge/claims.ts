/**
 * Lab 9: two containers on a bridge and a world behind a machine that forwards and rewrites, by what rtnetlink told of
 * every network, the packets at both ends, the connections that the kernel remembered and the rules that it held.
 */
import type { Observation } from '../../observer/record.ts'
import type { TrafficRecord } from '../../witnesses/traffic.ts'
import type { Checker, Objection } from '../claim.ts'
import { unless, unlessUnderWay } from '../claim.ts'
import { type Conversation, type Evidence, evidenceOf, rememberedBy, rewritings } from './evidence.ts'
import { flawOf, hasAddresses, hasTwoPorts, type Scene } from './scene.ts'

/** What the claims of this lab see. */
export type Seen = Observation & TrafficRecord

const known = new WeakMap<Seen, Evidence>()

/** What speaks for the claims, worked out once for each run. */
export function evidence(seen: Seen): Evidence {
  const found = known.get(seen) ?? evidenceOf(seen)
  known.set(seen, found)
  return found
}

/** How many networks there are besides the one in which the program was started. */
export const ownNetworks = (seen: Seen): number =>
  [...seen.networks.keys()].filter(net => net !== seen.sandbox.net).length

const list = (parts: readonly string[]) => parts.join('; ')

/** Who hangs at a bridge, and who beside it. */
function describePorts(scene: Scene | undefined): string {
  if (!scene) return 'no bridge'
  const { bridge, containers, worlds } = scene
  const cables = (all: Scene['containers']) =>
    all.map(({ cable }) => `${cable.name} ${cable.isUp ? 'up' : 'down'}`).join(', ')
  return list([
    `${bridge.name} is ${bridge.isUp ? 'up' : 'down'}, and its ports to other networks are ${cables(containers) || 'none'}`,
    ...(worlds.length > 0 ? [`cables that are no ports: ${cables(worlds)}`] : []),
  ])
}

function describeAddresses(scene: Scene | undefined): string {
  if (!scene) return 'no bridge'
  const flaws = scene.containers.flatMap(one => flawOf(one, scene) ?? [])
  const all = scene.containers.map(({ own }) => `${own.name} has ${own.addresses.join(', ') || 'no address'}`)
  return list([
    `${scene.bridge.name} has ${scene.bridge.addresses.join(', ') || 'no address'}`,
    ...(flaws.length > 0 ? flaws : all.length > 0 ? all : ['no container at a port']),
  ])
}

/** How a call went. */
function describeCall(one: Conversation | undefined, nothing: string): string {
  if (!one) return nothing
  const { source, target, targetPort } = one.call.sent.packet
  return `${source} called ${target}:${targetPort}: ${one.flaw ?? 'it was answered'}`
}

/** The objection to a claim about a conversation. */
function ofCall(
  seen: Seen,
  one: Conversation | undefined,
  words: { readonly expected: string; readonly nothing: string; readonly cause: string },
): Objection | undefined {
  const isRight = one !== undefined && one.flaw === undefined
  const failure = unless(isRight, words.expected, describeCall(one, words.nothing), one?.cause ?? words.cause)
  return unlessUnderWay(seen, 'an answer', failure)
}

/** What NAT the kernel did for a call, and because of which rules. */
function describeNat(what: string, one: Conversation | undefined, seen: Seen): string {
  if (!one?.call.came) return `${what}: no such connection`
  const remembered = rememberedBy(one, seen.traffic)
  const rules = rewritings(one, seen.traffic)
  const changed = [remembered?.changesSource && 'the source', remembered?.changesTarget && 'the target'].filter(Boolean)
  const memory = remembered
    ? `remembered, NAT of ${changed.join(' and ') || 'nothing'}`
    : 'not remembered with the two tuples that were seen'
  return `${what}: ${memory}, rules that do ${rules.join(' and ') || 'no NAT'}`
}

function hasNat(seen: Seen): boolean {
  const { far, published } = evidence(seen)
  const ofFar = far && rememberedBy(far, seen.traffic)
  const ofPublished = published && rememberedBy(published, seen.traffic)
  if (!far || !published || !ofFar?.changesSource || !ofPublished?.changesTarget) return false
  const does = [...rewritings(far, seen.traffic), ...rewritings(published, seen.traffic)]
  return does.some(one => one === 'masquerade' || one === 'snat') && does.includes('dnat')
}

export const checker: Checker<Seen> = [
  {
    title: 'two containers and a world live in networks of their own',
    section: 'containers',
    refute: seen =>
      unlessUnderWay(
        seen,
        'more networks',
        unless(
          ownNetworks(seen) >= 3,
          'somebody in at least three network namespaces besides the one that the program was started in',
          `${ownNetworks(seen)} besides net:[${seen.sandbox.net}]`,
          'CLONE_NEWNET is missing, or two of them share one',
        ),
      ),
  },
  {
    title: 'both containers are ports of one bridge',
    section: 'ports',
    refute: seen => {
      const { scene } = evidence(seen)
      return unlessUnderWay(
        seen,
        'the ports',
        unless(
          scene !== undefined && hasTwoPorts(scene),
          'a bridge that is up, and two veth ends as its ports, of which each leads to another network',
          describePorts(scene),
          'an end has no master, is down, or both containers are in one network',
        ),
      )
    },
  },
  {
    title: 'each has an address of its own in the network of the bridge, and its default route leads there',
    section: 'default-route',
    refute: seen => {
      const { scene } = evidence(seen)
      return unlessUnderWay(
        seen,
        'the addresses',
        unless(
          scene !== undefined && hasAddresses(scene),
          'two different addresses in the prefix that the bridge has as well, and a default route by the address of the bridge',
          describeAddresses(scene),
          'an address is missing, is had twice, has a /32, or the default route was never added',
        ),
      )
    },
  },
  {
    title: 'one container learns the address of the other from a resolver on the bridge',
    section: 'resolver',
    refute: seen => {
      const { question } = evidence(seen)
      return unlessUnderWay(
        seen,
        'a question for a name',
        unless(
          question !== undefined && question.flaw === undefined,
          'a question by UDP to port 53 of the bridge, and from there an answer with the address of the other container',
          question ? `${question.name} was asked for: ${question.flaw}` : 'no container asked for a name',
          'nobody listens at port 53 of the bridge, or it does not know the name',
        ),
      )
    },
  },
  {
    title: 'a call from one container to the other is answered, and nobody forwards it',
    section: 'neighbours',
    refute: seen =>
      ofCall(seen, evidence(seen).near, {
        expected: 'a connection of TCP between the two, by the bridge alone, over which at least a byte comes back',
        nothing: 'no call for the other container left by the cable to the bridge',
        cause:
          'nobody listened there, the frames took another way than the bridge, or a firewall dropped them (br_netfilter)',
      }),
  },
  {
    title: 'on the way to the world the bridge is the first hop',
    section: 'forwarding',
    refute: seen => {
      const { hop } = evidence(seen)
      return unlessUnderWay(
        seen,
        'a packet whose time is up',
        unless(
          hop !== undefined && hop.flaw === undefined,
          'a packet of a container for the world, with a time to live of 1, and from the address of the bridge: time exceeded',
          hop
            ? `${hop.from} said that a packet's time was up: ${hop.flaw}`
            : 'nobody said of a packet of a container that its time was up',
          'the machine does not forward (net.ipv4.ip_forward), or no packet was sent with a time to live of 1',
        ),
      )
    },
  },
  {
    title: 'the world answers a call from a container, and sees the address of the machine',
    section: 'masquerade',
    refute: seen =>
      ofCall(seen, evidence(seen).far, {
        expected:
          'a connection of TCP that comes to the world from the address of the machine there, and over which at least a byte comes back',
        nothing: 'no call for the world left a container by the cable to the bridge',
        cause: 'nothing rewrites the source, so the answer finds no way back; or the machine does not forward',
      }),
  },
  {
    title: 'a call from the world to a port of the machine is answered by a container',
    section: 'publish',
    refute: seen =>
      ofCall(seen, evidence(seen).published, {
        expected:
          'one connection of TCP from the world to the container: its target is rewritten on the way, its source is not, and at least a byte comes back',
        nothing: 'the world did not call the machine',
        cause: 'the rule for the port is missing, or a program takes the connection and makes another one',
      }),
  },
  {
    title: 'the kernel rewrites both: its connections have two tuples each, and its rules say so',
    section: 'proof',
    refute: seen => {
      const { far, published } = evidence(seen)
      return unlessUnderWay(
        seen,
        'the two calls',
        unless(
          hasNat(seen),
          'both connections in conntrack of the machine, the one with its source changed, the other with its target, and rules that masquerade (or snat) and dnat',
          list([describeNat('to the world', far, seen), describeNat('from the world', published, seen)]),
          'something else than NAT of the kernel rewrites the packets, or one of the two rules is missing',
        ),
      )
    },
  },
]
