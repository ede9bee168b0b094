/**
 * All there is of lab 4 to be judged by.
 */
import { container } from '../../witnesses/container.ts'
import { terminal } from '../../witnesses/terminal.ts'
import { describeLab } from '../lab.ts'
import { checker } from './claims.ts'
import { exercises } from './exercises.ts'
import { programs } from './programs.ts'
import { questions } from './questions.ts'

export const lab = describeLab([container, terminal], { claims: checker, exercises, questions, programs })
