/**
 * The questions that are asked before lab 4 is run.
 */
import { HOST_NAME } from '../../sandbox/plan.ts'
import { childrenOf, programOf } from '../claim.ts'
import type { Question } from '../question.ts'
import type { Seen } from './moments.ts'
import { container } from './moments.ts'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'pid',
    text: 'The child turns itself into a shell by execve(2). Which number is $$ in there?',
    truth: seen => {
      const depth = programOf(seen).numbers.length
      const shell = childrenOf(seen).find(({ numbers, programs }) => numbers.length > depth && programs.length > 0)
      return shell?.numbers.at(-1)
    },
    why: 'execve(2) replaces the program and not the process: it stays the first of its PID namespace.',
  },
  {
    name: 'name',
    text: 'The child sets the host name to myhost. What is the host name of the machine then?',
    choices: ['what it was', 'myhost'],
    truth: seen => {
      const moment = container(seen)
      return moment && Number(moment.outside.hostName !== HOST_NAME)
    },
    why: 'The name belongs to the UTS namespace, and the child has one of its own. Its copy was changed.',
  },
  {
    name: 'mounts',
    text: 'The child mounts /proc, devpts and the devices of its /dev. How many of these mounts does the machine see?',
    truth: seen => {
      const moment = container(seen)
      return moment?.outside.mounts.filter(mount => !seen.mountsBefore.includes(mount)).length
    },
    why: 'None, but only because all mounts of the child were made private first. systemd makes / shared, and then each would be seen.',
  },
]
