/**
 * Starts the judges of a run side by side, each in a forked child of its own.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { findLab, type Lab } from '../../lib/lab/manifest.ts'
import { kill } from '../../lib/process.ts'
import { signalNumber } from '../../lib/status.ts'
import { type Assignment, type Judging, judgeInChild } from './in-child.ts'
import type { Verdict } from './judge.ts'

/** What is to be done. */
export interface Job {
  readonly assignments: readonly Assignment[]
  readonly timeout: number
  /** Whether all that a program prints is shown. */
  readonly output: boolean
  /** How many are judged at once at most; without it as many as the machine has processors for. */
  readonly most?: number
  /** Folders that were made for the programs, and that go with the process that judges. */
  readonly desks?: readonly string[]
}

/** A lab that is being judged. */
export interface RunningLab {
  readonly lab: Lab
  readonly program: string
  readonly verdict: Promise<Verdict>
  /** Whether the verdict is still to come. */
  readonly isRunning: () => boolean
  /** Whether its judge is at work. */
  readonly isBeingJudged: () => boolean
}

/** Passes signals on to the judges and lets them end, because a judge that is asked to end cleans up first. */
function passSignalsOn(pids: () => readonly number[], startNoMore: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      startNoMore()
      for (const pid of pids()) kill(pid, signal)
      process.exitCode = 128 + (signalNumber(signal) ?? 0)
    })
  }
}

/** How many threads of this machine want a processor now, ourselves left out. @see proc_loadavg(5) */
function waitingForProcessor(): number {
  const [runnable] = /\d+(?=\/)/.exec(readFileSync('/proc/loadavg', 'utf8')) ?? []
  return Number(runnable ?? 1) - 1
}

/** From how many threads for each processor on no further lab is started, and how often that is looked at, in ms. */
const [BUSY, LOOK] = [2, 20]

/**
 * Waits for a turn. As a rule all labs overlap, because they sleep for most of their time. But each has a time limit,
 * and where other checks run at the same moment, a lab that gets no processor would seem to hang.
 */
async function turn(running: () => number, most: number): Promise<void> {
  const isBusy = () => running() >= most || waitingForProcessor() >= BUSY * availableParallelism()
  while (running() > 0 && isBusy()) await pause(LOOK)
}

/** Starts judges one after the other, but waits for none to end unless the machine is busy. */
async function startInTurn(starts: readonly (() => void)[], running: () => number, most: number): Promise<void> {
  for (const start of starts) {
    await turn(running, most)
    start()
  }
}

export function startLabs({ assignments, timeout, most = Number.POSITIVE_INFINITY }: Job): RunningLab[] {
  const running = new Map<Assignment, Judging>()
  const waiting = new Set<Assignment>(assignments)
  passSignalsOn(
    () => [...running.values()].map(({ pid }) => pid).filter(pid => pid !== undefined),
    () => waiting.clear(),
  )
  const begin = async (assignment: Assignment): Promise<Verdict> => {
    if (!waiting.delete(assignment)) return { kind: 'cannot', reason: 'interrupted' }
    const judging = judgeInChild(assignment, timeout)
    running.set(assignment, judging)
    return judging.verdict.finally(() => running.delete(assignment))
  }
  const labs = assignments.map(assignment => {
    const { slug, program } = assignment
    const [start, verdict] = deferred(() => begin(assignment))
    const isRunning = () => waiting.has(assignment) || running.has(assignment)
    const isBeingJudged = () => running.has(assignment)
    return { start, lab: { lab: findLab(slug), program, verdict, isRunning, isBeingJudged } }
  })
  // The last labs sleep longest, so they start first.
  void startInTurn(labs.map(({ start }) => start).reverse(), () => running.size, most)
  return labs.map(({ lab }) => lab)
}

/** A function that starts something later, and the promise of its result. */
function deferred<T>(begin: () => Promise<T>): [start: () => void, result: Promise<T>] {
  let start = () => {}
  const result = new Promise<T>(resolve => {
    // At once, and not a moment later: whoever is next counts how many run.
    start = () => resolve(begin())
  })
  void result.catch(() => {})
  return [start, result]
}
