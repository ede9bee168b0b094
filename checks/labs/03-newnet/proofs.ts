/**
 * What was seen of each task of lab 3 by itself, however far the program came.
 */
import type { Proof } from '../exercise.ts'
import { type Seen, storyOf } from './claims.ts'
import { OUTSIDE } from './pings.ts'

/** What is missing of one end of the pair; nothing as long as there is no pair. */
export function endProof(what: 'inner' | 'outer', address: string, how: string) {
  return (seen: Seen): Proof => {
    const link = storyOf(seen)?.view[what]
    if (!link) return undefined
    const [own] = link.addresses.filter(entry => entry.startsWith(`${address}/`))
    if (link.isUp && own === `${address}/24`) return true
    if (own !== undefined && own !== `${address}/24`)
      return `The ${what} end has ${own}: behind the address stands how many of its bits are the network, and of a /24 that is 24. ${how}`
    if (own !== undefined) return `The ${what} end has its address and is down: it has to be set up, too. ${how}`
    // Nobody has touched the inner end as long as its gate is closed.
    if (!link.isUp && link.addresses.length === 0)
      return what === 'inner' ? undefined : `The outer end is there, down and without an address. ${how}`
    return `The ${what} end ${link.isUp ? 'is up' : 'is down'} and has ${link.addresses.join(' and ') || 'no address'}, and not ${address}/24. ${how}`
  }
}

/** Whether one end of the pair is with the child and the other with its parent. */
export function isAcross(seen: Seen): Proof {
  const { inner, outer, outside, isAlone } = storyOf(seen)?.view ?? {}
  if (inner && outer) return isAlone || undefined
  const here = outside?.links.filter(({ kind, peerIsElsewhere }) => kind === 'veth' && !peerIsElsewhere) ?? []
  if (here.length < 2) return undefined
  return `Both ends, ${here.map(({ name }) => name).join(' and ')}, were born in your network: behind the name of the peer belongs where it is born, netns and the PID of the child.`
}

/** The child has passed its gate once something of its own end has changed. */
export function hasPassed(seen: Seen): Proof {
  const { inner } = storyOf(seen)?.view ?? {}
  return inner && (inner.isUp || inner.addresses.length > 0) ? true : undefined
}

export function hasPinged(seen: Seen): Proof {
  const story = storyOf(seen)
  if (!story?.view.isConnected) return undefined
  if (story.answered >= 3)
    return seen.timedOut === undefined
      ? true
      : `${story.answered} requests were answered, and the ping goes on for ever: -c 3 ends it after three.`
  if (story.overLo > 0)
    return `${story.overLo} requests went over lo: that is an address of the child's own. Ping that of the other end, outerAddress.`
  if (story.sent > story.requests)
    return `Requests went out, but to another address than ${OUTSIDE}, at which the outer end is: outerAddress.`
  if (story.arrived > 0 && story.arrived < 3)
    return `${story.arrived === 1 ? 'One request has' : 'Two requests have'} gone out, and it takes three: -c is how many.`
  return undefined
}
