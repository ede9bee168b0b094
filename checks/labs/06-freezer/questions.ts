/**
 * The questions that are asked before lab 6 is run.
 */
import type { Question } from '../question.ts'
import { type Seen, ticker } from './claims.ts'
import type { Look } from './interval.ts'

const STATES = ['R (running)', 'S (sleeping)', 'D (disk sleep)', 'T (stopped)']
/** A process that made up for the lost second would, in so many seconds after the thaw, wake three times as often. */
const [SOON, CAUGHT_UP] = [0.5, 2]

const lengthOf = (looks: readonly Look[]) => (looks.at(-1)?.at ?? 0) - (looks[0]?.at ?? 0)
const wakes = (looks: readonly Look[]) => (looks.at(-1)?.sleeps ?? 0) - (looks[0]?.sleeps ?? 0)

export const questions: readonly Question<Seen>[] = [
  {
    name: 'missed',
    text: 'The child ticks ten times a second, and is frozen for one second. What does it do after the thaw?',
    choices: ['it makes up for the ten ticks that it missed', 'it goes on, and those ten never were'],
    truth: seen => {
      const { before = [], after = [] } = ticker(seen) ?? {}
      const start = after[0]?.at ?? 0
      const soon = after.filter(({ at }) => at <= start + SOON)
      if (lengthOf(soon) < SOON / 2 || lengthOf(before) === 0) return undefined
      const [usual, now] = [before, soon].map(looks => wakes(looks) / lengthOf(looks)) as [number, number]
      return now > usual * CAUGHT_UP ? 0 : 1
    },
    why: 'It slept between two ticks and did not run: its clock went on, its program did not. It finds only that it is later.',
  },
  {
    name: 'state',
    text: 'In which state does /proc/PID/status show it while it is frozen?',
    choices: STATES,
    truth: seen => {
      const place = STATES.findIndex(state => state[0] === ticker(seen)?.frozen.at(-1)?.state)
      return place < 0 ? undefined : place
    },
    why: 'v1 puts it into an uninterruptible sleep (D), which not even SIGKILL ends; v2 into one that can be interrupted (S). T would be a stop signal.',
  },
]
