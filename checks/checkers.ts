/**
 * The checker of each lab, by its slug.
 */
import { checker as lab1 } from './01-fork-vs-clone.ts'
import { checker as lab2 } from './02-newpid.ts'
import { checker as lab3 } from './03-newnet.ts'
import type { Checker } from './claims.ts'

export const CHECKERS: Readonly<Record<string, Checker>> = {
  '01-fork-vs-clone': lab1,
  '02-newpid': lab2,
  '03-newnet': lab3,
}
