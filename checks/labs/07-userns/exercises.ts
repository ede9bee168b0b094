/**
 * The exercises of lab 7.
 */
import type { Exercise } from '../exercise.ts'
import type { Seen } from './facts.ts'

export const exercises: readonly Exercise<Seen>[] = []
