/**
 * One check of the reader's file.
 */
import { spawn } from 'node:child_process'
import { lstatSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import type { Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { rootfsPath } from '../../lib/mount/rootfs.ts'
import { kill } from '../../lib/process.ts'
import { lacking } from '../judge/become.ts'
import { type Judging, judgeInChild } from '../judge/in-child.ts'
import { harmlessLines } from '../judge/sanitize.ts'
import type { Observation } from '../observer/record.ts'
import { ready } from '../ready/ready.ts'
import { withTask } from '../report/name-task.ts'
import { type LabReport, labReport } from '../report/report.ts'
import { shown } from './mine/mine.ts'

/** The result of a check. */
export type Outcome =
  | {
      readonly kind: 'judged'
      readonly report: LabReport
      /** What was read from the observation besides. */
      readonly read: readonly unknown[]
    }
  /** The text does not compile. */
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
  /** Is told who waits for what, once nobody of the program moves any more. */
  readonly stuck?: (text: string) => void
}

/** What is wrong with the text of a program, a line each, with the path as the reader knows it. */
const errorLines = (error: Error) =>
  harmlessLines(error.message)
    .split('\n')
    .slice(error.message.startsWith('the program does not compile') ? 1 : 0)
    .map(shown)

/** Makes the root file system of a lab that needs one, if there is none. @returns why it could not */
async function lackingRoot({ needs }: Lab): Promise<{ cannot?: string }> {
  if (!needs.includes('mounts') || lstatSync(rootfsPath(), { throwIfNoEntry: false })) return {}
  const loader = ['--import', createRequire(import.meta.url).resolve('tsx')]
  // Its output is discarded, because the terminal may be showing a screen.
  const maker = spawn(process.execPath, [...loader, join(ROOT, 'buildroot', 'rootfs.ts')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  maker.stderr.setEncoding('utf8').on('data', text => (said += text))
  const code = await new Promise(resolve => maker.on('close', resolve))
  return code === 0 ? {} : { cannot: said.trim() || 'the root file system could not be made' }
}

/** Starts to check a program. It is judged in a process of its own, so this one stays free. */
export function attempt(lab: Lab, path: string, { timeout, read, stuck }: AttemptOptions): Attempt {
  let judging: Judging | undefined
  let isCancelled = false
  const judged = async (): Promise<Outcome | undefined> => {
    const { command } = await ready(path, lab.slug)
    const lack = { ...lacking(lab, true), ...(await lackingRoot(lab)) }
    const assignment = { slug: lab.slug, source: path, command, story: basename(path), ...lack }
    if (isCancelled) return undefined
    judging = judgeInChild(assignment, timeout, read, stuck)
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

/** Asks a judge to end, which cleans up first. */
function endJudge(pid: number): void {
  try {
    kill(pid, 'SIGTERM')
  } catch {
    // ESRCH: it has ended, and its verdict is on its way.
  }
}
