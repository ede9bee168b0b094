/**
 * The questions that are asked before lab 7 is run.
 */
import type { Question } from '../question.ts'
import type { Seen } from './facts.ts'

export const questions: readonly Question<Seen>[] = []
