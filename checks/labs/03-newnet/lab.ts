/**
 * All there is of lab 3 to be judged by.
 */
import { network } from '../../witnesses/network.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([network], { claims: checker, exercises, questions, programs })
