/**
 * Starts the judges of a run, all at once, each in a forked child of its own.
 */
import { findLab, type Lab } from '../lib/manifest.ts'
import { kill } from '../lib/process.ts'
import { signalNumber } from '../lib/status.ts'
import type { Finding, Verdict } from './judge.ts'
import { type Assignment, judgeInChild } from './judge-in-child.ts'

/** What is to be done. */
export interface Job {
  readonly assignments: readonly Assignment[]
  readonly timeout: number
  /** Whether all that a program prints is shown. */
  readonly output: boolean
}

/** A lab that is being judged. */
export interface RunningLab {
  readonly lab: Lab
  readonly program: string
  readonly verdict: Promise<Verdict>
  /** Whether the verdict is still to come. */
  readonly isRunning: () => boolean
}

/** A judge that is asked to end cleans up first. */
function passSignalsOn(pids: () => readonly number[]): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const pid of pids()) kill(pid, signal)
      process.exitCode = 128 + (signalNumber(signal) ?? 0)
    })
  }
}

/** @param tell hears of every claim as it is decided, with the place of its lab in the job */
export function startLabs(
  { assignments, timeout }: Job,
  tell: (index: number, finding: Finding) => void = () => {},
): RunningLab[] {
  const running = new Map<Assignment, number | undefined>()
  passSignalsOn(() => [...running.values()].filter(pid => pid !== undefined))
  return assignments.map((assignment, index) => {
    const { pid, verdict } = judgeInChild(assignment, timeout, finding => tell(index, finding))
    running.set(assignment, pid)
    void verdict.catch(() => {}).finally(() => running.delete(assignment))
    const { slug, program } = assignment
    return { lab: findLab(slug), program, verdict, isRunning: () => running.has(assignment) }
  })
}
