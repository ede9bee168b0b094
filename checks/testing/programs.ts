/**
 * For tests: the programs that the checkers are tried on, built, and what refused them.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../../lib/engine/root.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { compiler } from '../../lib/testing/in-child.ts'
import { type Assignment, judgeInChild } from '../judge/in-child.ts'
import type { Verdict } from '../judge/judge.ts'

const CHECKS = join(ROOT, 'checks')
const FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread']

/** All of them in the folders of the labs, relative to checks/. */
export function specimenFiles(): string[] {
  const folders = LABS.flatMap(({ slug }) => [`labs/${slug}/right`, `labs/${slug}/wrong`])
  return folders.flatMap(folder => readdirSync(join(CHECKS, folder)).map(name => `${folder}/${name}`)).sort()
}

/** C programs are compiled into a folder; everything else runs as it is. @returns what to run */
export function buildSpecimen(path: string, folder: string): string {
  const source = join(CHECKS, path)
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
