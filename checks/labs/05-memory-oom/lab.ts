/**
 * Lab 5 as the checker and the exercises see it: its witnesses, claims, exercises, questions and programs.
 */
import { groups } from '../../witnesses/groups.ts'
import { kernelLog } from '../../witnesses/kernel-log.ts'
import { memory } from '../../witnesses/memory.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([groups, memory, kernelLog], { claims: checker, exercises, questions, programs })
