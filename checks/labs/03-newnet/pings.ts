/**
 * What lab 3 is about, read from the history of the networks: which two of them are the child's and its parent's, the two
 * ends of the pair between them at a moment, and which echo requests went through it and were answered.
 *
 * A request has been answered when the kernel has shown it four times: the request as it left by the inner end and as it
 * came to the outer one, the reply as it left by the outer end and as it came to the inner one, with the same addresses,
 * the same ICMP id and the same sequence number, in this order. Counters, the neighbour table, and what passed other
 * interfaces say nothing.
 */
import type { NetworkHistory, NetworkMoment, PlacedLink } from '../../witnesses/net/followed-network.ts'
import { momentAt, pairsBetween } from '../../witnesses/net/pairs.ts'
import type { NetworkRecord } from '../../witnesses/network.ts'
import { type Request, requestsThrough } from './requests.ts'

export const OUTSIDE = '10.0.0.3'
export const INSIDE = '10.0.0.4'

/** The two networks at one moment. */
export interface View {
  readonly inside: NetworkMoment
  readonly outside: NetworkMoment
  /** The end of the pair that is inside, and the other one, if that is outside. */
  readonly inner?: PlacedLink
  readonly outer?: PlacedLink
  /** Whether there is nothing inside but what a fresh network has, and the inner end. */
  readonly isAlone: boolean
  /** Whether both ends are up, have their addresses, and reach each other. */
  readonly isConnected: boolean
}

/** The best that can be said for a program: of all pairs of networks, and all moments, those that come closest. */
export interface Story {
  readonly view: View
  /** Requests that left by the inner end, for an address of the outer one. */
  readonly requests: number
  /** Of those, the ones that arrived at the outer end. */
  readonly arrived: number
  /** And of those, the ones that were answered while the networks were as in {@link view}. */
  readonly answered: number
  /** Answered as well, but while less was as it must be. */
  readonly answeredElse: number
  /** Requests that were sent and not answered, those that never left included. */
  readonly lost: number
  /** Those that the kernel took and gave up before they could leave, because nobody answered for the outer address. */
  readonly neverLeft: number
  /** Requests without an answer behind the last answer: when time was up, theirs may have been under way. */
  readonly pending: number
  readonly isFlooded: boolean
  /** Requests of anybody inside, by whatever interface. */
  readonly sent: number
  /** Of those, the ones that went over lo. */
  readonly overLo: number
}

const hasAddress = (link: PlacedLink, address: string) => link.addresses.some(entry => entry.split('/')[0] === address)

/** An IPv4 address as a number. */
const number = (address: string) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)

/** Whether an address lies in `10.0.0.0/24` or the like. */
function isIn(address: string, network: string): boolean {
  const [base = '', length = '32'] = network.split('/')
  const size = 2 ** (32 - Number(length))
  return Math.floor(number(address) / size) === Math.floor(number(base) / size)
}

/** Whether a network knows that an address is behind a link: by the prefix of the link's own address, or by a route. */
function reaches({ routes }: NetworkMoment, link: PlacedLink, own: string, other: string): boolean {
  const entries = link.addresses.filter(entry => entry.startsWith(`${own}/`))
  if (entries.some(entry => isIn(other, entry))) return true
  return routes.some(({ index, destination }) => index === link.index && isIn(other, destination))
}

function isConnected(inside: NetworkMoment, outside: NetworkMoment, inner?: PlacedLink, outer?: PlacedLink): boolean {
  if (!inner?.isUp || !outer?.isUp) return false
  if (!hasAddress(inner, INSIDE) || !hasAddress(outer, OUTSIDE)) return false
  return reaches(inside, inner, INSIDE, OUTSIDE) && reaches(outside, outer, OUTSIDE, INSIDE)
}

function lookAt(
  histories: readonly [inside: NetworkHistory, outside: NetworkHistory],
  step: number,
  fresh: readonly string[],
): View | undefined {
  const [inside, outside] = [momentAt(histories[0], step), momentAt(histories[1], step)]
  if (!inside || !outside) return undefined
  const pairs = pairsBetween(...histories, step)
  const best = pairs.find(({ inner, outer }) => isConnected(inside, outside, inner, outer)) ?? pairs[0]
  const inner = best?.inner ?? inside.links.find(({ kind, peerIsElsewhere }) => kind === 'veth' && peerIsElsewhere)
  const added = inside.links.filter(({ name }) => !fresh.includes(name))
  return {
    inside,
    outside,
    ...(inner && { inner }),
    ...(best && { outer: best.outer }),
    isAlone: added.length === 1 && added[0] === inner,
    isConnected: isConnected(inside, outside, inner, best?.outer),
  }
}

/** How much of what is claimed of a moment is so. That the right addresses are there tells most of which pair is meant. */
const worth = ({ isAlone, outer, isConnected }: View) => (isAlone ? 1 : 0) + (outer ? 1 : 0) + (isConnected ? 2 : 0)

/** How much there is to see in a network: what a learner has made is shown, and not that it is gone. */
const plenty = ({ links }: NetworkMoment) =>
  links.reduce((sum, { isUp, addresses }) => sum + 1 + (isUp ? 1 : 0) + addresses.length, 0)

/** Of two views the one that is worth more; else the one that shows more, and else the later one. */
function better(best: View | undefined, view: View | undefined): View | undefined {
  if (!best || !view) return best ?? view
  const difference =
    worth(view) - worth(best) || plenty(view.inside) + plenty(view.outside) - plenty(best.inside) - plenty(best.outside)
  return difference >= 0 ? view : best
}

/** Whether a request is from the inner end to the outer one, as they were then, or to the address that this ought to have. */
function isMeant({ echo: { source, target } }: Request, { inner, outer }: View): boolean {
  if (!inner || !outer) return false
  const isFrom = hasAddress(inner, INSIDE) ? source === INSIDE : hasAddress(inner, source)
  return isFrom && (target === OUTSIDE || (!hasAddress(outer, OUTSIDE) && hasAddress(outer, target)))
}

/** Two networks, of which one was entered from the other. */
function storyOf(inside: NetworkHistory, outside: NetworkHistory, fresh: readonly string[]): Story | undefined {
  const viewAt = (step: number) => lookAt([inside, outside], step, fresh)
  const isFlooded = inside.isFlooded || outside.isFlooded
  const first = inside.moments[0]?.step ?? 0
  const steps = [...new Set([...inside.moments, ...outside.moments].map(({ step }) => Math.max(step, first)))]
  const views = steps.sort((one, other) => one - other).flatMap(step => viewAt(step) ?? [])
  const richest = views.reduce<View | undefined>(better, undefined)
  if (!richest) return undefined
  const pairs = new Map(
    views.flatMap(({ inner, outer }) =>
      inner && outer ? [[`${inner.index} ${outer.index}`, [inner.index, outer.index] as const]] : [],
    ),
  )
  const told = [...pairs.values()].map(([inner, outer]) => {
    // What changed in the very step of a request may have changed before it or after it.
    const through = requestsThrough(inside, inner, outside, outer).flatMap(request => {
      const around = [viewAt(request.echo.step - 1), viewAt(request.echo.step)].filter(
        view => view?.inner?.index === inner && view.outer?.index === outer && isMeant(request, view),
      )
      const view = around.reduce(better, undefined)
      return view ? [{ ...request, view }] : []
    })
    return tell(through, richest, inside, isFlooded)
  })
  return told.reduce((best, story) => (isBetter(story, best) ? story : best), tell([], richest, inside, isFlooded))
}

/** Whether more speaks for the one: what there was, then who was answered, then who was asked at all. */
function isBetter(one: Story, other: Story): boolean {
  const difference =
    worth(one.view) - worth(other.view) || one.answered - other.answered || one.requests - other.requests
  return difference > 0
}

/** What became of the requests through one pair. */
function tell(
  through: readonly (Request & { readonly view: View })[],
  richest: View,
  inside: NetworkHistory,
  isFlooded: boolean,
): Story {
  const answered = through.filter(({ isAnswered }) => isAnswered)
  const counted = answered.filter(({ view }) => worth(view) === worth(richest))
  const view = counted[0]?.view ?? richest
  const pending = through.length - 1 - through.findLastIndex(({ isAnswered }) => isAnswered)
  const sent = inside.echoes.filter(({ kind, way }) => kind === 'request' && way === 'out')
  const given = neverLeft(inside, view, sent.length)
  const lo = view.inside.links.find(({ name }) => name === 'lo')?.index
  return {
    view,
    requests: through.length,
    arrived: through.filter(({ hasArrived }) => hasArrived).length,
    answered: counted.length,
    answeredElse: answered.length - counted.length,
    lost: through.length - answered.length + given,
    neverLeft: given,
    pending,
    isFlooded,
    sent: sent.length,
    overLo: sent.filter(({ index }) => index === lo).length,
  }
}

/**
 * Requests that the kernel took and then gave up, because nobody answered for the outer address: the other end was down,
 * or had no address yet. The neighbour table says so, and its own count of requests is higher than what left.
 */
function neverLeft({ givenUp, asked, isFlooded }: NetworkHistory, { inner }: View, left: number): number {
  const isOuter = givenUp.some(({ index, address }) => index === inner?.index && address === OUTSIDE)
  return isOuter && !isFlooded ? Math.max(0, (asked ?? 0) - left) : 0
}

/** The best that can be said for a program; `undefined` if nobody lived in another network. */
export function storyOfPings({ networks, freshLinks }: NetworkRecord): Story | undefined {
  const stories = [...networks.values()].flatMap(inside =>
    [...inside.enteredFrom].flatMap(net => {
      const outside = networks.get(net)
      return (outside && storyOf(inside, outside, freshLinks)) ?? []
    }),
  )
  return stories.reduce<Story | undefined>((best, story) => (!best || isBetter(story, best) ? story : best), undefined)
}
