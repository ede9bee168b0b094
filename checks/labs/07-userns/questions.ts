/**
 * The questions that are asked before lab 7 is run.
 */
import { countCapabilities } from '../../../lib/rights/capabilities.ts'
import { insideOf } from '../../../lib/rights/id-ranges.ts'
import type { Question } from '../question.ts'
import { deedsOf, isRootInside, isSingle, losses, outsideUser, type Seen } from './facts.ts'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'before',
    text: 'A child has just been born into a new user namespace, and nobody has written its map yet. Which user is it there?',
    choices: ['0: it is root there', 'the one that it was outside', '65534: nobody'],
    truth: ({ moments }) => {
      const [first] = moments
      if (!first) return undefined
      const inside = insideOf(first.maps.users, first.uids[1] ?? -1)
      return inside === undefined ? 2 : Number(inside !== 0)
    },
    why: 'The kernel shows 65534 for every user that a map does not have, and before it is written the map has none. All capabilities are there already, all the same.',
  },
  {
    name: 'file',
    text: 'Root inside makes a file in a folder that the outside sees, too. To whom does it belong there?',
    choices: ['to root', 'to nobody', 'to the user that 0 inside stands for'],
    truth: seen => {
      const made = deedsOf(seen, 'made file').find(({ by, isSeenOutside }) => isSeenOutside && isRootInside(by))
      const owner = made && outsideUser(seen, made.file.uid)
      if (!made || isSingle(seen)) return made && 2
      return owner === undefined ? 1 : owner === 0 ? 0 : 2
    },
    why: 'A file system has one kind of numbers, those of the machine. The map is read in both directions: 0 becomes 100000 when the file is made, and 0 again when root inside looks.',
  },
  {
    name: 'capabilities',
    text: 'Root inside gives up all capabilities but three, in all five sets, and runs a program. It is still user 0. How many capabilities has the program?',
    truth: seen => {
      const run = losses(seen).find(({ moment, gone }) => moment.isExec && gone !== 0n)
      return run && countCapabilities(run.moment.capabilities.effective)
    },
    why: 'To user 0 execve gives all that the bounding set has, and that has only three. If it still had all of them, all of them would be back.',
  },
]
