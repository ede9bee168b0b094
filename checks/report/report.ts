/**
 * The report of a run, for people and for machines: README.md says what its JSON looks like.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../../lib/errors.ts'
import { findLab, type Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { Finding, Verdict } from '../judge/judge.ts'
import { type Shares, sinceStart } from '../judge/stopwatch.ts'
import type { Told } from '../observer/story/event.ts'
import { crashIn } from './crash.ts'

/** Changes when a field changes its meaning or goes; new ones may come. */
const VERSION = 1

export type Word = 'holds' | 'does not hold' | 'cannot be judged'

/** The result of one claim. */
export interface ClaimReport {
  readonly title: string
  readonly section: string
  readonly verdict: Word
  /** Of one that does not hold. */
  readonly expected?: string
  readonly seen?: string
  readonly cause?: string
  readonly read?: string
  /** The exercise behind it, of the first one of a reader's copy of a lab. */
  readonly task?: string
  /** Of one that cannot be judged. */
  readonly missing?: string
  readonly remedy?: string
}

/** The result of one lab. */
export interface LabReport extends Pick<Lab, 'slug' | 'number' | 'title'> {
  readonly program: string
  readonly verdict: Word
  readonly seconds: number
  readonly time: Shares
  /** The last lines that the program printed. */
  readonly output: string
  readonly claims: readonly ClaimReport[]
  /** What others have changed on the machine while it was judged, so that it was judged again. */
  readonly others?: readonly string[]
  /** What happened, where that was asked for. */
  readonly story?: Told
  /** Of a lab that cannot be judged at all. */
  readonly missing?: string
  readonly remedy?: string
  /** Whether it is the judge's own fault that it cannot. */
  readonly isFault?: true
  /** Whether the program was never started: nothing is said about what it would have done. */
  readonly isUsage?: true
}

/** The whole run. */
export interface Report {
  readonly version: typeof VERSION
  readonly labs: readonly LabReport[]
  readonly summary: {
    readonly verdict: Word
    readonly exitCode: number
    readonly claims: Readonly<Record<Word, number>>
    readonly seconds: number
    /** Start and end of Node, and the shares of all labs added up: labs run side by side. */
    readonly time: Shares & { readonly startUp: number }
  }
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000
const roundAll = ({ checker, program, waiting }: Shares): Shares => ({
  checker: round(checker),
  program: round(program),
  waiting: round(waiting),
})

/** The section of the book, once that chapter is there; until then the lab itself and its man pages. */
function whatToRead(slug: string, section: string): string {
  const chapter = join('book', `${slug}.md`)
  if (existsSync(join(ROOT, chapter))) return `${chapter}#${section}`
  return [`labs/${slug}.ts`, ...findLab(slug).manPages].join(', ')
}

function claimReport(slug: string, { title, section, failure, unjudged, task }: Finding): ClaimReport {
  if (failure) {
    const read = whatToRead(slug, section)
    return { title, section, verdict: 'does not hold', ...failure, read, ...(task !== undefined && { task }) }
  }
  return unjudged ? { title, section, verdict: 'cannot be judged', ...unjudged } : { title, section, verdict: 'holds' }
}

/** A claim that does not hold outweighs one that could not be judged, and that outweighs all that hold. */
function worst(words: readonly Word[]): Word {
  if (words.includes('does not hold')) return 'does not hold'
  return words.includes('cannot be judged') || words.length === 0 ? 'cannot be judged' : 'holds'
}

export function labReport(slug: string, program: string, verdict: Verdict): LabReport {
  const { number, title } = findLab(slug)
  const head = { slug, number, title, program }
  if (verdict.kind === 'cannot') {
    const [missing = '', remedy] = verdict.reason.split('\nhint: ')
    const fault = {
      ...(verdict.isFault && { isFault: true as const }),
      ...(verdict.isUsage && { isUsage: true as const }),
    }
    const none = { seconds: 0, time: { checker: 0, program: 0, waiting: 0 }, output: '', claims: [] }
    return { ...head, verdict: 'cannot be judged', ...none, missing, ...(remedy !== undefined && { remedy }), ...fault }
  }
  const claims = verdict.findings.map(finding => claimReport(slug, finding))
  const { output, seconds, time, story, others } = verdict
  const word = worst(claims.map(claim => claim.verdict))
  return {
    ...head,
    verdict: word,
    seconds: round(seconds),
    time: roundAll(time),
    output,
    claims,
    ...(others && { others }),
    ...(story && { story }),
  }
}

/** How many of the last lines of its output are shown of a program that failed. */
const TAIL = 8

/**
 * What a program printed, each line marked as its own. None is empty, because an empty one ends Node 20's JUnit
 * reporter.
 */
export function outputLines(output: string, all: boolean): string[] {
  if (output.trim() === '') return ['it printed nothing']
  const lines = output.trimEnd().split('\n')
  const rest = all ? lines : (crashIn(output)?.rest ?? lines).filter(line => line.trim() !== '')
  if (rest.length === 0) return ['it printed nothing else']
  return ['it printed:', ...(all ? rest : rest.slice(-TAIL)).map(line => (line === '' ? '|' : `| ${line}`))]
}

/** The error with which a program ended by its own account: above everything else that is said of it. */
export function crashLines(output: string): string[] {
  const { lines } = crashIn(output) ?? { lines: [] }
  return lines.length === 0 ? [] : ['it failed by itself:', ...lines.map(line => `| ${line}`)]
}

/** The exit code of a verdict. */
const EXIT_OF: Readonly<Record<Word, number>> = {
  holds: EXIT.HOLDS,
  'does not hold': EXIT.FAILS,
  'cannot be judged': EXIT.CANNOT,
}

/** The exit code of a run. A judge that failed says nothing, and so does a run with one in it. */
export function exitCodeOfRun(labs: readonly Pick<LabReport, 'verdict' | 'isFault' | 'isUsage'>[]): number {
  if (labs.some(({ isFault }) => isFault)) return EXIT.FAULT
  if (labs.some(({ isUsage }) => isUsage)) return EXIT.USAGE
  return EXIT_OF[worst(labs.map(({ verdict }) => verdict))]
}

/**
 * Puts the labs together at the end of the run.
 * @param span seconds from the start of the first judge to the end of the last
 */
export function report(labs: readonly LabReport[], span: number): Report {
  const verdict = worst(labs.map(lab => lab.verdict))
  const words = labs.flatMap(({ claims }) => claims.map(claim => claim.verdict))
  const number = (word: Word) => words.filter(one => one === word).length
  const total = (part: keyof Shares) => labs.reduce((sum, { time }) => sum + time[part], 0)
  const seconds = sinceStart()
  const shares = roundAll({ checker: total('checker'), program: total('program'), waiting: total('waiting') })
  return {
    version: VERSION,
    labs,
    summary: {
      verdict,
      exitCode: exitCodeOfRun(labs),
      claims: {
        holds: number('holds'),
        'does not hold': number('does not hold'),
        'cannot be judged': number('cannot be judged'),
      },
      seconds: round(seconds),
      time: { startUp: round(Math.max(0, seconds - span)), ...shares },
    },
  }
}
