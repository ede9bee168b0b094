/**
 * The likely causes of what did not hold in lab 3, by what was seen of the two networks and of the pings.
 */
import type { PlacedLink } from '../../witnesses/net/followed-network.ts'
import { INSIDE, OUTSIDE, type Story } from './pings.ts'

const has = ({ addresses }: PlacedLink, address: string) => addresses.some(one => one.startsWith(`${address}/`))

/** Why there is not what has to be inside. @param fresh the interfaces of a fresh network */
export function whyNotAlone(story: Story | undefined, fresh: readonly string[]): string {
  const added = story?.view.inside.links.filter(({ name }) => !fresh.includes(name)) ?? []
  const names = added.map(({ name }) => name).join(', ')
  if (added.length === 0) return 'no end of a pair was ever there'
  if (!added.some(({ kind }) => kind === 'veth')) return `${names} is no end of a veth pair`
  if (!added.some(({ peerIsElsewhere }) => peerIsElsewhere))
    return `both ends are inside, or the other one is gone: ${names}`
  return `more than that one end is there: ${names}`
}

/** Why the other end of the pair is not outside. */
export function whyNoOuterEnd(story: Story | undefined): string {
  if (!story?.view.inner) return "the pair was made without a peer in the child's network (ip link add … netns PID)"
  return "it is in a network in which the child's parent does not live, and from which nobody came to the child's"
}

/** What is missing of one end. */
function whatIsMissing(name: string, link: PlacedLink, address: string, all: readonly PlacedLink[]): string[] {
  const elsewhere = all.find(one => one !== link && has(one, address))
  const end = `the ${name} end (${link.name})`
  return [
    ...(has(link, address) ? [] : [`${address} is ${elsewhere ? `on ${elsewhere.name}, and ` : ''}not on ${end}`]),
    ...(link.isUp ? [] : [`${end} is down`]),
  ]
}

/** Why the two ends do not know each other. */
export function whyNotConnected(story: Story | undefined): string {
  const { inner, outer, inside, outside } = story?.view ?? {}
  if (!inner || !outer) return 'there is no pair between the child and its parent, whose ends could have addresses'
  const missing = [
    ...whatIsMissing('inner', inner, INSIDE, inside?.links ?? []),
    ...whatIsMissing('outer', outer, OUTSIDE, outside?.links ?? []),
  ]
  return (
    missing.join('; ') || 'one of them has no way to the other: an address without its /24, or a route that is missing'
  )
}

/** Why fewer than three echo requests were answered while all was as it must be. */
export function whyNotAnswered(story: Story | undefined): string {
  if (!story) return 'there is no inside from which a ping could come'
  const { sent, overLo, requests, arrived, answered, answeredElse, view } = story
  if (sent === 0) return `nobody inside has sent an echo request: ping -c 3 ${OUTSIDE}`
  if (!view.isConnected || !view.isAlone)
    return 'the pair did not stand as it must, with both addresses, while they went'
  if (answeredElse > 0)
    return 'some went while an interface or an address was not as it must be: before that, or after it'
  if (requests > arrived)
    return 'some left by the inner end and did not come to the hardware address of the outer one: see ip neigh'
  if (arrived > answered) return 'the outside did not answer all of them'
  if (overLo > 0) return 'the ping went to an address of its own, which lo answers without the pair'
  if (sent > requests) return `the ping was not from ${INSIDE} to ${OUTSIDE} through the pair`
  return 'too few were sent: -c 3'
}

/** Why a request was lost, or none was there to be answered. */
export function whyLost(story: Story | undefined): string {
  const { sent = 0, neverLeft = 0, requests = 0, arrived = 0 } = story ?? {}
  if (sent + neverLeft === 0) return 'there was no ping from inside of which a request could have been answered'
  if (neverLeft === 0 && requests > arrived)
    return 'some left by the inner end and did not come to the hardware address of the outer one: see ip neigh'
  return 'the ping began before both ends were up, or went on when one was not any more: open the gate only when the pair stands, and leave it until the last reply'
}
