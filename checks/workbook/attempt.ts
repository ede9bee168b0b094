/**
 * One check of the reader's file.
 */
import { UsageError } from '../../lib/errors.ts'
import type { Lab } from '../../lib/manifest.ts'
import { kill } from '../../lib/process.ts'
import { lacking } from '../become-judge.ts'
import { commandFor } from '../command.ts'
import { harmlessLines } from '../harmless.ts'
import { type Judging, judgeInChild } from '../judge-in-child.ts'
import type { Observation } from '../record.ts'
import { type LabReport, labReport } from '../report.ts'
import { shown } from './mine.ts'
import { withTask } from './name-task.ts'

/** What came of it. */
export type Outcome =
  | {
      readonly kind: 'judged'
      readonly report: LabReport
      /** What was read from the observation besides. */
      readonly read: readonly unknown[]
    }
  /** The text is no program. */
  | { readonly kind: 'broken'; readonly errors: readonly string[] }

/** A check that is under way. */
export interface Attempt {
  /** `undefined` if it was ended. */
  readonly outcome: Promise<Outcome | undefined>
  /** Ends it; what it has made is cleaned up before the outcome is there. */
  readonly cancel: () => void
}

/** What an attempt may be asked besides. */
export interface AttemptOptions {
  /** Seconds that the program may take. */
  readonly timeout: number
  /** What is wanted of the observation. */
  readonly read?: (seen: Observation) => readonly unknown[]
}

/** What is wrong with the text of a program, a line each, with the path as the reader knows it. */
const errorLines = (error: Error) =>
  harmlessLines(error.message)
    .split('\n')
    .slice(error.message.startsWith('the program does not compile') ? 1 : 0)
    .map(shown)

/** Starts to check a program. It is judged in a process of its own, so this one stays free. */
export function attempt(lab: Lab, path: string, { timeout, read }: AttemptOptions): Attempt {
  let judging: Judging | undefined
  let isCancelled = false
  const judged = async (): Promise<Outcome | undefined> => {
    const assignment = { slug: lab.slug, source: path, command: await commandFor(path), ...lacking(lab, true) }
    if (isCancelled) return undefined
    judging = judgeInChild(assignment, timeout, () => {}, read)
    const verdict = await judging.verdict
    if (isCancelled) return undefined
    const report = labReport(lab.slug, shown(path), withTask(assignment, verdict))
    return { kind: 'judged', report, read: verdict.kind === 'judged' ? (verdict.read ?? []) : [] }
  }
  const outcome = judged().catch((error: unknown): Outcome | undefined => {
    if (isCancelled) return undefined
    if (error instanceof UsageError) return { kind: 'broken', errors: errorLines(error) }
    throw error
  })
  return {
    outcome,
    cancel: () => {
      if (isCancelled) return
      isCancelled = true
      if (judging?.pid !== undefined) endJudge(judging.pid)
    },
  }
}

/** A judge that is asked to end cleans up first. */
function endJudge(pid: number): void {
  try {
    kill(pid, 'SIGTERM')
  } catch {
    // ESRCH: it has ended, and its verdict is on its way.
  }
}
