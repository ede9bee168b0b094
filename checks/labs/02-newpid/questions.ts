/**
 * The questions that are asked before lab 2 is run.
 */
import { childrenOf } from '../claim.ts'
import type { Question } from '../question.ts'
import { findInit, isOutside } from './claims.ts'

const [EPERM, ESRCH] = [-1, -3]

export const questions: readonly Question[] = [
  {
    name: 'getppid',
    text: 'What will getppid() return in the first process of a new PID namespace?',
    truth: seen => {
      const init = findInit(seen)
      if (!init) return undefined
      return isOutside(seen, init, init.parent) ? 0 : seen.processes.get(init.parent)?.numbers.at(-1)
    },
    why: 'Its parent lives outside and has no number in there. What cannot be named is 0.',
  },
  {
    name: 'kill',
    text: "PID 1 in there calls kill(N, SIGKILL), and N is its outer parent's number. What happens?",
    choices: ['the parent dies', 'EPERM: PID 1 may not do that', 'ESRCH: there is no such process'],
    truth: seen => {
      const init = findInit(seen)
      const call = seen.signals.find(({ from, outside }) => from === init?.pid && outside !== undefined)
      if (call?.result === 0) return 0
      return call?.result === EPERM ? 1 : call?.result === ESRCH ? 2 : undefined
    },
    why: 'The kernel looks a number up in the PID namespace of the caller. It needs no rule that forbids it: nobody is there.',
  },
  {
    name: 'second',
    text: 'PID 1 makes three children. Which number does the second of them have in there?',
    truth: seen => {
      const init = findInit(seen)
      return childrenOf(seen)
        .filter(({ parent }) => parent === init?.pid)[1]
        ?.numbers.at(-1)
    },
    why: 'Numbers are handed out one after the other, in each namespace for itself, and 1 was the first.',
  },
]
