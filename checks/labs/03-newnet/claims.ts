/**
 * Lab 3: an empty network, a veth pair, three pings, by what rtnetlink told of every network as it changed, and by the
 * packets that passed both ends of the pair.
 */
import type { Link } from '../../../lib/net/links.ts'
import type { Observation } from '../../observer/record.ts'
import type { NetworkRecord } from '../../witnesses/network.ts'
import type { Checker } from '../claim.ts'
import { childrenOf, unless, unlessUnderWay } from '../claim.ts'
import { whyLost, whyNoOuterEnd, whyNotAlone, whyNotAnswered, whyNotConnected } from './causes.ts'
import { INSIDE, OUTSIDE, type Story, storyOfPings } from './pings.ts'

/** What the claims of this lab see. */
export type Seen = Observation & NetworkRecord

const stories = new WeakMap<Seen, Story | undefined>()

/** The child's network and its parent's, at the moment that tells most; `undefined` if the child has none of its own. */
export function storyOf(seen: Seen): Story | undefined {
  if (!stories.has(seen)) stories.set(seen, storyOfPings(seen))
  return stories.get(seen)
}

function describeLinks(links: readonly Link[] | undefined): string {
  const describe = ({ name, isUp, addresses }: Link) => [name, isUp ? 'up' : 'down', ...addresses].join(' ')
  return links?.map(describe).join(', ') || 'no network of its own'
}

function describeBoth(story: Story | undefined): string {
  return `inside: ${describeLinks(story?.view.inside.links)}; outside: ${story ? describeLinks(story.view.outside.links) : 'nothing new'}`
}

/** Whether somebody lived in a network of their own, seen or not. */
const hasOwnNetwork = (seen: Seen) =>
  storyOf(seen) !== undefined || childrenOf(seen).some(({ birth }) => birth.namespaces.net !== seen.sandbox.net)

/** `3 requests went from inside to outside, 2 replies came back`, and what became of the others. */
function describePings(story: Story | undefined): string {
  if (!story) return '0 requests went from inside to outside, there is no inside'
  const { requests, arrived, answered, answeredElse, sent, overLo } = story
  const besides = [
    answeredElse > 0 ? `${answeredElse} more while an interface or an address was not as it must be` : '',
    requests > arrived ? `${requests - arrived} more left by the inner end and never arrived` : '',
    overLo > 0 ? `${overLo} went over lo` : '',
    sent > requests + overLo
      ? `${sent - requests - overLo} went from or to another address, or by another interface`
      : '',
  ].filter(Boolean)
  return [`${arrived} requests went from inside to outside, ${answered} replies came back`, ...besides].join('; ')
}

export const checker: Checker<Seen> = [
  {
    title: 'a child lives in a network namespace of its own',
    section: 'own-network',
    refute: seen =>
      unlessUnderWay(
        seen,
        'a network of its own',
        unless(
          hasOwnNetwork(seen),
          `a process in another network namespace than net:[${seen.sandbox.net}]`,
          'every process stayed in the network the program was started in',
          'CLONE_NEWNET is missing',
        ),
      ),
  },
  {
    title: 'its interfaces are lo and one end of a veth pair, and nothing else',
    section: 'lay-the-pair',
    refute: seen =>
      unlessUnderWay(
        seen,
        'the inner end',
        unless(
          storyOf(seen)?.view.isAlone === true,
          `${seen.freshLinks.join(', ')} and one veth whose other end is elsewhere`,
          describeLinks(storyOf(seen)?.view.inside.links),
          whyNotAlone(storyOf(seen), seen.freshLinks),
        ),
      ),
  },
  {
    title: 'the other end of that pair is outside, with the parent',
    section: 'lay-the-pair',
    refute: seen =>
      unlessUnderWay(
        seen,
        'the outer end',
        unless(
          storyOf(seen)?.view.outer !== undefined,
          "a veth in the parent's network whose peer is the child's, by their indexes",
          describeBoth(storyOf(seen)),
          whyNoOuterEnd(storyOf(seen)),
        ),
      ),
  },
  {
    title: `${INSIDE} is on the inner end and ${OUTSIDE} on the outer one, and both are up`,
    section: 'outer-address',
    refute: seen =>
      unlessUnderWay(
        seen,
        'the addresses',
        unless(
          storyOf(seen)?.view.isConnected === true,
          `${INSIDE}/24 inside, ${OUTSIDE}/24 outside, both interfaces up`,
          describeBoth(storyOf(seen)),
          whyNotConnected(storyOf(seen)),
        ),
      ),
  },
  {
    title: 'three echo requests from inside were answered by the outside',
    section: 'ping',
    refute: seen =>
      unlessUnderWay(
        seen,
        'more echo requests',
        unless(
          (storyOf(seen)?.answered ?? 0) >= 3,
          'at least 3 requests that went from inside to outside through the pair, and 3 replies',
          describePings(storyOf(seen)),
          whyNotAnswered(storyOf(seen)),
        ),
      ),
  },
  {
    title: 'no echo request was lost',
    section: 'ping',
    refute: seen => {
      const story = storyOf(seen)
      const sent = story?.sent ?? 0
      const lost = (story?.lost ?? 0) - (seen.timedOut === undefined ? 0 : (story?.pending ?? 0))
      const isMissed = story?.isFlooded === true
      // A ping that goes on has one under way; where nothing has come back at all, nothing is known.
      const isAnswered = (story?.lost ?? 0) === 0 || (story?.answered ?? 0) + (story?.answeredElse ?? 0) > 0
      const failure = unless(
        sent > 0 && lost === 0 && isAnswered && !isMissed,
        'as many replies as requests',
        isMissed
          ? 'so many echoes, or changes of a network, that not all of them were kept'
          : sent + lost === 0
            ? 'nobody inside sent any'
            : `${story?.lost} of ${(story?.requests ?? 0) + (story?.neverLeft ?? 0)} requests had no reply`,
        whyLost(story),
      )
      return lost > 0 || isMissed ? failure : unlessUnderWay(seen, 'the first reply', failure)
    },
  },
]
