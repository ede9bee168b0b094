/**
 * For tests: the programs below checks/programs/, built, and what refused them.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compiler } from '../../lib/testing/in-child.ts'
import { type Assignment, judgeInChild } from '../judge/in-child.ts'
import type { Verdict } from '../judge/judge.ts'

const PROGRAMS = join(import.meta.dirname, 'programs')
const FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread']

/** All of them, relative to that directory. */
export function specimenFiles(): string[] {
  const files = readdirSync(PROGRAMS, { recursive: true, encoding: 'utf8' })
  return files.filter(file => /\.\w+$/.test(file)).sort()
}

/** C programs are compiled into a folder; everything else runs as it is. @returns what to run */
export function buildSpecimen(path: string, folder: string): string {
  const source = join(PROGRAMS, path)
  if (!path.endsWith('.c')) return source
  const program = join(folder, basename(path, '.c'))
  execFileSync(compiler(), [...FLAGS, '-o', program, source])
  return program
}

const isTooBusy = (text: string | undefined) => /\bmachine is too busy\b/.test(text ?? '')

/** Whether the machine was too busy for a verdict, or for one claim of it. */
function wasTooBusy(verdict: Verdict): boolean {
  if (verdict.kind === 'cannot') return isTooBusy(verdict.reason)
  return verdict.findings.some(({ unjudged }) => isTooBusy(unjudged?.missing))
}

/** Judges, and does as it is told where the machine was too busy: it judges again, three times at the most. */
export async function judgePatiently(assignment: Omit<Assignment, 'program'>, timeout: number): Promise<Verdict> {
  for (let tries = 1; ; tries++) {
    const verdict = await judgeInChild(assignment, timeout).verdict
    if (tries === 3 || !wasTooBusy(verdict)) return verdict
  }
}

/** The titles of the claims that do not hold, each with what was seen on a second line. */
export function refusalsOf(verdict: Verdict): string[] {
  if (verdict.kind === 'cannot') throw new Error(`cannot be judged here: ${verdict.reason}`)
  return verdict.findings
    .filter(({ failure, unjudged }) => failure ?? unjudged)
    .map(({ title, failure, unjudged }) => `${title}\n  seen: ${failure?.seen ?? `not ${unjudged?.missing}`}`)
}

/** Of what {@link refusalsOf} gave. */
export const titlesOnly = (found: readonly string[]) => found.map(entry => entry.split('\n')[0])
