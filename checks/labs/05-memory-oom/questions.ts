/**
 * The questions that are asked before lab 5 is run.
 */
import type { Question } from '../question.ts'
import type { Seen } from './facts.ts'
import { killSeen, shots, victimOf } from './facts.ts'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'who',
    text: 'The child takes more memory than its group may have. What ends it?',
    choices: ['malloc() returns NULL, and it gives up', 'a SIGKILL of its parent, which watches', 'the kernel itself'],
    truth: seen => {
      const victim = victimOf(seen)
      if (victim?.status?.signal !== 'SIGKILL') return victim?.status ? 0 : undefined
      return shots(seen, victim, killSeen(seen)).length > 0 ? 1 : 2
    },
    why: 'malloc() only promises addresses. Pages are charged when they are touched, and then it is too late for an error: the kernel kills.',
  },
  {
    name: 'step',
    text: 'The group may have 20,000,000 bytes, and the child takes 1,000,000 in each step. In which step is it killed?',
    truth: ({ output }) => Number(/Why step (\d+)\?/.exec(output)?.[1]) || undefined,
    why: 'Before its first step the child has some pages already, and each step takes one page more than it asks for. So it is not the 21st.',
  },
]
