/**
 * For tests: the programs that the checkers are tried on, built, and what refused them.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LABS } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { compiler } from '../../lib/testing/in-child.ts'
import { type Assignment, judgeInChild } from '../judge/in-child.ts'
import type { Verdict } from '../judge/judge.ts'
import { preferred } from './preferred.ts'

const CHECKS = join(ROOT, 'checks')
const FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread']

/** All files of right and wrong programs in the folders of the labs, relative to checks/. */
export function specimenFiles(): string[] {
  const folders = LABS.flatMap(({ slug }) => [`labs/${slug}/right`, `labs/${slug}/wrong`])
  return folders.flatMap(folder => readdirSync(join(CHECKS, folder)).map(name => `${folder}/${name}`)).sort()
}

/** Commands that the labs do without and that not every machine has, by Debian's package. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  bubblewrap: ['bwrap'],
  conntrack: ['conntrack'],
  'cgroup-tools': ['cgcreate', 'cgset', 'cgexec', 'cgdelete'],
  crun: ['crun'],
  'libcap2-bin': ['capsh'],
  uidmap: ['newuidmap'],
  mount: ['mount', 'umount'],
  python3: ['python3'],
}

/** A program's text, and for a shell script that executes one of the right programs the text of that one, too. */
function textOf(path: string): string {
  const text = readFileSync(join(CHECKS, path), 'utf8')
  const others = text.match(/(?:(?:\/\.\.)+\/[\w/-]*\bright|(?<=\$\(dirname "\$0"\)))\/[\w-]+\.sh\b/g) ?? []
  return [text, ...others.map(other => readFileSync(join(CHECKS, dirname(path), other), 'utf8'))].join('\n')
}

/** Why a program among them cannot be run here: tools that it names and this machine lacks. */
export function lackingTools(path: string): string | false {
  const text = textOf(path)
  // Only in a shell script a word such as mount is a command; in Python and C it may be the name of a function, unless it
  // begins a text that is run.
  const [first = ''] = text.split('\n')
  const ran = [...text.matchAll(/\brun\(\[?f?(['"])([\w-]+)/g)].map(([, , command]) => command)
  const code = path.endsWith('.sh') ? text.replace(/^\s*#.*$/gm, '') : [first, ...ran].join('\n')
  const isNeeded = (tool: string) =>
    new RegExp(`(?<![\\w/.-])${tool}(?![\\w.-])`).test(code) || (tool === 'python3' && /\.py\b/.test(code))
  const lacking = Object.entries(TOOLS).flatMap(([name, tools]) => {
    const missing = tools.filter(tool => isNeeded(tool) && findProgram(tool) === undefined)
    return missing.length > 0 ? [`it needs ${missing.join(', ')}: apt-get install ${name}`] : []
  })
  return lacking.length > 0 && lacking.join('; ')
}

/** C programs are compiled into a folder; everything else runs as it is. @returns what to run */
export function buildSpecimen(path: string, folder: string): string {
  const source = join(CHECKS, path)
  if (!path.endsWith('.c')) return source
  const program = join(folder, basename(path, '.c'))
  execFileSync(compiler(), [...FLAGS, '-o', program, source])
  return program
}

/** Whether a text says that the machine was too busy. */
export const isTooBusy = (text: string | undefined) => /\bmachine is too busy\b/.test(text ?? '')

/**
 * Whether the machine was too busy for a verdict, or for one claim of it; or, as a program with too short a pause says of
 * itself, for the program to be as wrong as it is meant to be.
 */
export function wasTooBusy(verdict: Verdict): boolean {
  if (verdict.kind === 'cannot') return isTooBusy(verdict.reason)
  return isTooBusy(verdict.output) || verdict.findings.some(({ unjudged }) => isTooBusy(unjudged?.missing))
}

/** Whether others have changed the machine meanwhile, an installation beside the tests for instance. */
const wasDisturbed = (verdict: Verdict) =>
  verdict.kind === 'judged' &&
  verdict.findings.some(({ unjudged }) => /others change the machine/.test(unjudged?.missing ?? ''))

/**
 * Judges a program, and again, preferred and with more time, where the machine was too busy or others have changed it:
 * five times at the most.
 */
export async function judgePatiently(
  assignment: Omit<Assignment, 'program'>,
  timeout: number,
  read?: Parameters<typeof judgeInChild>[2],
): Promise<Verdict> {
  for (let tries = 1; ; tries++) {
    const judged = () => judgeInChild(assignment, timeout * tries, read).verdict
    const verdict = await (tries === 1 ? judged() : preferred(judged))
    if (tries === 5 || !(wasTooBusy(verdict) || wasDisturbed(verdict))) return verdict
  }
}

/** The titles of the claims that do not hold, each with what was seen on a second line. */
export function refusalsOf(verdict: Verdict): string[] {
  if (verdict.kind === 'cannot') throw new Error(`cannot be judged here: ${verdict.reason}`)
  return verdict.findings
    .filter(({ failure, unjudged }) => failure ?? unjudged)
    .map(({ title, failure, unjudged }) => `${title}\n  seen: ${failure?.seen ?? `not ${unjudged?.missing}`}`)
}

/** The titles alone, of what {@link refusalsOf} has returned. */
export const titlesOnly = (found: readonly string[]) => found.map(entry => entry.split('\n')[0])
