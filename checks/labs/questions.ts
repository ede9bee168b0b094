/**
 * What is asked before each lab is run, by its slug.
 */

import type { Observation } from '../observer/record.ts'
import { questions as lab1 } from './01-fork-vs-clone/questions.ts'
import { questions as lab2 } from './02-newpid/questions.ts'
import { questions as lab3 } from './03-newnet/questions.ts'
import { questions as lab4 } from './04-newns/questions.ts'
import { questions as lab5 } from './05-memory-oom/questions.ts'
import { questions as lab6 } from './06-freezer/questions.ts'
import type { Question } from './question.ts'

export const QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  '01-fork-vs-clone': lab1,
  '02-newpid': lab2,
  '03-newnet': lab3,
  '04-newns': lab4,
  '05-memory-oom': lab5,
  '06-freezer': lab6,
}

/** What the kernel answers to the questions of a lab, in their order; `null` for what could not be seen. */
export const truths = (slug: string, seen: Observation): (number | null)[] =>
  (QUESTIONS[slug] ?? []).map(({ truth }) => truth(seen) ?? null)
