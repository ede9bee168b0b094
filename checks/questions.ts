/**
 * What is asked before each lab is run, by its slug.
 */
import { questions as lab1 } from './questions/01-fork-vs-clone.ts'
import { questions as lab2 } from './questions/02-newpid.ts'
import { questions as lab3 } from './questions/03-newnet.ts'
import { questions as lab4 } from './questions/04-newns.ts'
import { questions as lab5 } from './questions/05-memory-oom.ts'
import { questions as lab6 } from './questions/06-freezer.ts'
import type { Question } from './questions/question.ts'
import type { Observation } from './record.ts'

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
