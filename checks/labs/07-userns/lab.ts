/**
 * Lab 7 as the checker and the exercises see it: its witness, claims, exercises, questions and programs.
 */
import { rights } from '../../witnesses/rights/rights.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([rights], { claims: checker, exercises, questions, programs })
