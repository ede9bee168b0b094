/**
 * What is asked before lab 6 is run.
 */
import { grown, lengthOf, ticker } from '../06-freezer.ts'
import type { Question } from './question.ts'

const STATES = ['R (running)', 'S (sleeping)', 'D (disk sleep)', 'T (stopped)']
/** Ticks ten times a second; whoever caught up on a second would have ticked twice as often by then. */
const [SOON, USUAL, CAUGHT_UP] = [0.5, 10, 1.6]

export const questions: readonly Question[] = [
  {
    name: 'missed',
    text: 'The child ticks ten times a second, and is frozen for one second. What does it do after the thaw?',
    choices: ['it makes up for the ten ticks that it missed', 'it goes on, and those ten never were'],
    truth: seen => {
      const after = ticker(seen)?.after ?? []
      const start = after[0]?.at ?? 0
      const soon = after.filter(({ at }) => at <= start + SOON)
      if (lengthOf(soon) < SOON / 2) return undefined
      return grown(soon, 'switches') / lengthOf(soon) > USUAL * CAUGHT_UP ? 0 : 1
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
