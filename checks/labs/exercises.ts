/**
 * The exercises of each lab, by its slug, in the order in which they are done.
 */
import { exercises as lab1 } from './01-fork-vs-clone/exercises.ts'
import { exercises as lab2 } from './02-newpid/exercises.ts'
import { exercises as lab3 } from './03-newnet/exercises.ts'
import { exercises as lab4 } from './04-newns/exercises.ts'
import { exercises as lab5 } from './05-memory-oom/exercises.ts'
import { exercises as lab6 } from './06-freezer/exercises.ts'
import type { Exercise } from './exercise.ts'

export const EXERCISES: Readonly<Record<string, readonly Exercise[]>> = {
  '01-fork-vs-clone': lab1,
  '02-newpid': lab2,
  '03-newnet': lab3,
  '04-newns': lab4,
  '05-memory-oom': lab5,
  '06-freezer': lab6,
}
