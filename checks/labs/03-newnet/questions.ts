/**
 * The questions that are asked before lab 3 is run.
 */
import type { Question } from '../question.ts'
import type { Seen } from './claims.ts'
import { storyOf } from './claims.ts'

const isVeth = ({ kind }: { readonly kind: string | undefined }) => kind === 'veth'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'interfaces',
    text: 'How many interfaces does a network have that has just been made?',
    truth: ({ freshLinks }) => freshLinks.length,
    why: 'lo is always there. Where modules for tunnels are loaded, each may add one that is down (sit0, ip6tnl0, …).',
  },
  {
    name: 'lo',
    text: 'And lo, the loopback, in there: is it up?',
    choices: ['yes, with 127.0.0.1', 'no, it is down'],
    truth: seen => {
      const lo = storyOf(seen)?.view.inside.links.find(({ name }) => name === 'lo')
      return lo && Number(!lo.isUp)
    },
    why: 'On your machine somebody has set it up when it started. In a new network nobody has.',
  },
  {
    name: 'ends',
    text: 'ip link add veth0 type veth peer name veth1 netns PID: how many ends does the parent then have in its own network?',
    truth: seen => storyOf(seen)?.view.outside.links.filter(isVeth).length,
    why: 'The other end is born in the network of that PID. An interface is in one network at a time, and is seen only there.',
  },
]
