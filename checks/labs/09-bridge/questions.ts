/**
 * The questions that are asked before lab 9 is run.
 */
import type { Question } from '../question.ts'
import { evidence, type Seen } from './claims.ts'
import { addressesOf } from './scene.ts'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'seen',
    text: 'A container calls the world, and the machine masquerades. Which source address has the call when it comes to the world?',
    choices: ["the container's", "the bridge's", "the machine's on the wire to the world"],
    truth: seen => {
      const { call, scene } = evidence(seen).far ?? {}
      const source = call?.came?.packet.source
      if (!call || !scene || source === undefined) return undefined
      if (source === call.sent.packet.source) return 0
      return addressesOf(scene.bridge).includes(source) ? 1 : 2
    },
    why: 'An answer goes to the source. The world knows no way to the containers, but it knows one to the machine.',
  },
  {
    name: 'published',
    text: 'The world calls the published port of the machine. Whom does the container see as the one who calls?',
    choices: ['the world', 'the machine'],
    truth: seen => {
      const { call } = evidence(seen).published ?? {}
      if (!call?.came) return undefined
      return call.came.packet.source === call.sent.packet.source ? 0 : 1
    },
    why: 'Only the target is rewritten on the way in. Of a program in between (docker-proxy is one) the container would see that.',
  },
  {
    name: 'hops',
    text: 'From one container to the other: by how much has the time to live of a packet gone down when it arrives?',
    truth: seen => {
      const { call } = evidence(seen).near ?? {}
      return call?.came && call.sent.packet.ttl - call.came.packet.ttl
    },
    why: 'A bridge passes frames on as they are and looks at no address of IP. Only whoever forwards from one network to another takes one off.',
  },
]
