/**
 * The questions that are asked before lab 8 is run.
 */
import type { Question } from '../question.ts'
import { chosen, isReal, type Seen } from './evidence.ts'

export const questions: readonly Question<Seen>[] = [
  {
    name: 'copies',
    text: 'There are three layers: the root file system, a small one that has another /etc/hosts, and the upper one. The container appends a line to /etc/hosts. How many files etc/hosts are there then?',
    truth: seen => {
      const found = chosen(seen)
      const change = seen.changes.find(
        each => each.overlay === found?.place && each.kind === 'copied' && each.path === 'etc/hosts' && isReal(each),
      )
      const image = found?.overlay.image
      return change && image && (image.changed.includes(change.path) ? 2 : 1) + 1
    },
    why: 'Three: the file is copied up from the uppermost layer that has it, whole, before the first byte is written. Those below stay as they were, and are hidden.',
  },
  {
    name: 'second',
    text: 'A second container is started on the same two layers while the first one still runs. What does it see of what the first one has changed?',
    choices: ['nothing', 'all of it', 'what was changed, but not what was removed'],
    truth: seen => {
      const found = chosen(seen)
      const looks = seen.comparisons.filter(({ other }) => other === found?.place)
      if (looks.length === 0) return undefined
      const sees = new Set(looks.flatMap(look => look.sees))
      return sees.size === 0 ? 0 : sees.size === Math.max(...looks.map(({ asked }) => asked)) ? 1 : 2
    },
    why: 'Nothing: all of it is in the upper layer of the first one, whiteouts as well, and the second one has an upper layer of its own.',
  },
  {
    name: 'stick',
    text: 'One shared mount is bound three times into the container: as it is, as a slave, and as a private mount. Outside, a file system is mounted below it. In how many of the three does it appear?',
    truth: ({ spreads }) => {
      const found = spreads.find(({ by, inside, hadPrivate }) => by === 'outside' && inside.length > 0 && hadPrivate)
      return found?.inside.length
    },
    why: 'In two. A shared mount and a slave hear of what is mounted outside, a private one does not. What is mounted inside goes out by the shared one alone.',
  },
]
