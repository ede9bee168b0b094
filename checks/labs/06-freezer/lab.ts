/**
 * Lab 6 as the checker and the exercises see it: its witnesses, claims, exercises, questions and programs.
 */
import { farewell } from '../../witnesses/farewell.ts'
import { freezer } from '../../witnesses/freezing/freezer.ts'
import { groups } from '../../witnesses/groups.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([groups, freezer, farewell], { claims: checker, exercises, questions, programs })
