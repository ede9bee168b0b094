/**
 * The exercises of each lab, by its slug, in the order in which they are done.
 */
import { exercises as lab1 } from './exercises/01-fork-vs-clone.ts'
import { exercises as lab2 } from './exercises/02-newpid.ts'
import { exercises as lab3 } from './exercises/03-newnet.ts'
import { exercises as lab4 } from './exercises/04-newns.ts'
import { exercises as lab5 } from './exercises/05-memory-oom.ts'
import { exercises as lab6 } from './exercises/06-freezer.ts'
import type { Exercise } from './exercises/exercise.ts'

export const EXERCISES: Readonly<Record<string, readonly Exercise[]>> = {
  '01-fork-vs-clone': lab1,
  '02-newpid': lab2,
  '03-newnet': lab3,
  '04-newns': lab4,
  '05-memory-oom': lab5,
  '06-freezer': lab6,
}
