/**
 * All there is of lab 2 to be judged by.
 */
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([], { claims: checker, exercises, questions, programs })
