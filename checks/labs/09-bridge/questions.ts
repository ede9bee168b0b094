/**
 * The questions that are asked before lab 9 is run.
 */
import type { Question } from '../question.ts'
import type { Seen } from './claims.ts'

export const questions: readonly Question<Seen>[] = []
