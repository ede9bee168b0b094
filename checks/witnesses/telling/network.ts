/**
 * What the witness of networks adds to the story: how each network differs from what it was, and which echoes have
 * passed.
 */
import type { Link } from '../../../lib/net/links.ts'
import type { NetworkState, Route } from '../../../lib/net/network-state.ts'
import type { What } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'
import type { NetworkHistory, PassedEcho } from '../net/followed-network.ts'

/** How much of a network has been told. */
interface Position {
  state: NetworkState
  moments: number
  echoes: number
}

const without = <T>(all: readonly T[], others: readonly T[]) => all.filter(one => !others.includes(one))

function* addressChanges(network: number, before: Link, after: Link): Generator<What> {
  const base = { kind: 'address' as const, network, link: after.name }
  for (const address of without(before.addresses, after.addresses)) yield { ...base, change: 'removed', address }
  for (const address of without(after.addresses, before.addresses)) yield { ...base, change: 'added', address }
}

/** A link as it was before it was a port of anything. */
function withoutMaster({ master: _, ...link }: Link): Link {
  return link
}

function* portChanges(network: number, before: Link, after: Link, all: readonly Link[]): Generator<What> {
  if (before.master === after.master) return
  const base = { kind: 'link' as const, network, name: after.name }
  const nameOf = (master: number) => all.find(({ index }) => index === master)?.name ?? `interface ${master}`
  if (before.master !== undefined) yield { ...base, change: 'left', bridge: nameOf(before.master) }
  if (after.master !== undefined) yield { ...base, change: 'joined', bridge: nameOf(after.master) }
}

function* linkChanges(network: number, before: NetworkState, after: NetworkState): Generator<What> {
  const base = { kind: 'link' as const, network }
  for (const link of before.links) {
    const isThere = after.links.some(({ index }) => index === link.index)
    if (!isThere) yield { ...base, change: 'vanished', name: link.name, ...(link.kind && { type: link.kind }) }
  }
  for (const link of after.links) {
    const { name, kind } = link
    const old = before.links.find(({ index }) => index === link.index)
    if (!old) yield { ...base, change: 'appeared', name, ...(kind && { type: kind }) }
    else if (old.name !== name) yield { ...base, change: 'renamed', name, was: old.name }
    const earlier = old ?? withoutMaster({ ...link, isUp: false, addresses: [] })
    yield* addressChanges(network, earlier, link)
    yield* portChanges(network, earlier, link, [...before.links, ...after.links])
    if (earlier.isUp !== link.isUp) yield { ...base, change: link.isUp ? 'up' : 'down', name }
  }
}

const keyOf = ({ destination, gateway, index, table }: Route) => [destination, gateway, index, table].join()

function* routeChanges(network: number, before: NetworkState, after: NetworkState): Generator<What> {
  const nameOf = (index: number | undefined) =>
    [...after.links, ...before.links].find(link => link.index === index)?.name
  const event = (change: 'added' | 'removed', { destination, gateway, index, table }: Route): What => {
    const link = nameOf(index)
    return {
      kind: 'route',
      change,
      network,
      destination,
      table,
      ...(link !== undefined && { link }),
      ...(gateway !== undefined && { gateway }),
    }
  }
  const [old, now] = [before.routes.map(keyOf), after.routes.map(keyOf)]
  for (const route of before.routes) if (!now.includes(keyOf(route))) yield event('removed', route)
  for (const route of after.routes) if (!old.includes(keyOf(route))) yield event('added', route)
}

/** Where an echo is on its way: out, in, and back, out and in. */
const stageOf = ({ kind, way }: PassedEcho) => (kind === 'request' ? 0 : 2) + (way === 'out' ? 0 : 1)

/** Tells of the networks of one sandbox. */
export class NetworkTeller {
  readonly #story: Story
  readonly #positions = new Map<number, Position>()

  constructor(story: Story) {
    this.#story = story
  }

  get isAsked(): boolean {
    return this.#story.isAsked
  }

  /**
   * Tells of what is new in these networks. Each has sockets of its own, so of echoes that were seen by one look the
   * order is by the way that they go.
   * @param tid the thread whose call has brought it about, where that is known
   */
  tell(networks: Iterable<NetworkHistory>, tid?: number): void {
    if (!this.isAsked) return
    const echoes: (readonly [NetworkHistory, PassedEcho])[] = []
    for (const network of networks) {
      const [first] = network.moments
      if (!first) continue
      const at = this.#positions.get(network.net) ?? { state: first, moments: 1, echoes: 0 }
      this.#positions.set(network.net, at)
      for (const state of network.moments.slice(at.moments)) {
        for (const what of linkChanges(network.net, at.state, state)) this.#story.add(what, tid)
        for (const what of routeChanges(network.net, at.state, state)) this.#story.add(what, tid)
        at.state = state
      }
      at.moments = network.moments.length
      for (const echo of network.echoes.slice(at.echoes)) echoes.push([network, echo])
      at.echoes = network.echoes.length
    }
    echoes.sort(([, a], [, b]) => a.id - b.id || a.sequence - b.sequence || stageOf(a) - stageOf(b))
    for (const [network, echo] of echoes) this.#tellOfEcho(network, echo, tid)
  }

  #tellOfEcho(network: NetworkHistory, { index, kind, way, source, target, id, sequence }: PassedEcho, tid?: number) {
    const { links } = this.#positions.get(network.net)?.state ?? { links: [] }
    const link = links.find(one => one.index === index)?.name ?? `interface ${index}`
    this.#story.add({ kind: 'packet', echo: kind, way, network: network.net, link, source, target, id, sequence }, tid)
  }
}
