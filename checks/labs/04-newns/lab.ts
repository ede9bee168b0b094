/**
 * Lab 4 as the checker and the exercises see it: its witnesses, claims, exercises, questions and programs.
 */
import { container } from '../../witnesses/container.ts'
import { network } from '../../witnesses/network.ts'
import { terminal } from '../../witnesses/terminal.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([container, terminal], { claims: checker, exercises, questions, programs }, [network])
