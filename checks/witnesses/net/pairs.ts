/**
 * The veth pairs between two networks.
 */
import type { NetworkHistory, NetworkMoment, PlacedLink } from './followed-network.ts'

/** The two ends of a veth pair, of which each is in another network. */
export interface Pair {
  readonly inner: PlacedLink
  readonly outer: PlacedLink
}

/** The last moment of a network before a step was over; `undefined` where that is not known. */
export function momentAt({ moments, unknownFrom }: NetworkHistory, step: number): NetworkMoment | undefined {
  if (step >= unknownFrom) return undefined
  // Halving, because thousands of moments are asked for thousands of times. They are in the order of their steps.
  let [low, high] = [0, moments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((moments[middle]?.step ?? 0) <= step) low = middle + 1
    else high = middle
  }
  return moments[low - 1]
}

/**
 * The pairs between two networks at a moment: by the indexes that each end names, and by the network in which each says
 * that the other is. Indexes alone would be the same by chance, or on purpose.
 * @param step when; by default after all that has happened
 */
export function pairsBetween(inside: NetworkHistory, outside: NetworkHistory, step = Number.POSITIVE_INFINITY): Pair[] {
  const others = momentAt(outside, step)?.links ?? []
  return (momentAt(inside, step)?.links ?? []).flatMap(inner => {
    if (inner.kind !== 'veth' || inner.peerNetwork !== outside.net) return []
    const outer = others.find(({ index }) => index === inner.peerIndex)
    const isPair = outer?.kind === 'veth' && outer.peerIndex === inner.index && outer.peerNetwork === inside.net
    return isPair ? [{ inner, outer }] : []
  })
}
