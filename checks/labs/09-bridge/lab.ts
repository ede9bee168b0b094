/**
 * Lab 9 as the checker and the exercises see it: its witnesses, claims, exercises, questions and programs.
 */
import { traffic } from '../../witnesses/traffic.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([traffic], { claims: checker, exercises, questions, programs })
