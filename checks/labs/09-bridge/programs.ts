/**
 * The programs on which the checker of lab 9 is tried, and for each wrong one the claims that must refuse it.
 */
import type { ProgramTable } from '../programs.ts'

export const programs: ProgramTable = {}
