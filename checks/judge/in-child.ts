/**
 * Judging without waiting: each program in a forked child of its own, several at once.
 */
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { fork } from '../../lib/clone.ts'
import { CannotRun, describeError, SyscallError, UsageError } from '../../lib/errors.ts'
import { pipe } from '../../lib/gate.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { checkEvents } from '../../lib/trace/ptrace.ts'
import { checkedLab } from '../labs/all.ts'
import type { Observation } from '../observer/record.ts'
import type { Confinement } from '../sandbox/confinement.ts'
import type { Command } from '../sandbox/sandbox.ts'
import { judge, type Verdict } from './judge.ts'
import { describeLack } from './needs.ts'
import { harmless, harmlessLines } from './sanitize.ts'

/** One program to judge. */
export interface Assignment {
  readonly slug: string
  /** The program's path, to be shown. */
  readonly program: string
  readonly command: Command
  /** The program's source file, where it is TypeScript: it may be a copy of the lab with tasks in it. */
  readonly source?: string
  /** Why it cannot be judged on this machine, if that is known beforehand. */
  readonly cannot?: string
  /** What it sees of the machine's files, if that is not all of them. */
  readonly confinement?: Confinement
  /** What it is called in its story, if that is asked for. */
  readonly story?: string
}

/**
 * How many seconds beyond the program's own time a judge may take: to make a sandbox, to see it settle, to remove it.
 */
const OVERTIME = 60

/**
 * A judge waits for the kernel most of the time, and ends before code that V8 would optimise could make good what that
 * takes: a fifth of all that it computes, because it cannot be done on another thread.
 */
const WITHOUT_OPTIMISING = '--no-opt'

/** A judge at work. */
export interface Judging {
  /** Its process at this moment, if it took one. */
  readonly pid: number | undefined
  readonly verdict: Promise<Verdict>
}

/** What a judge writes, a line each: who is stuck, then its verdict. */
type Message = { readonly verdict: Verdict } | { readonly stuck: string }

/** Makes the texts of a verdict harmless: every text that a program may have influenced enters the reports here. */
const clean = (verdict: Verdict): Verdict =>
  verdict.kind === 'cannot'
    ? { ...verdict, reason: harmlessLines(verdict.reason) }
    : { ...harmless(verdict), output: harmlessLines(verdict.output) }

/** Whether an error is a fault of the judge, and not something that the machine lacks or refuses. */
const isOurs = (error: unknown) =>
  !(error instanceof CannotRun || error instanceof SyscallError || error instanceof UsageError)

/** Whether an error can come from a call that is refused here. */
const mayBeRefused = (error: unknown) =>
  error instanceof CannotRun ? /\bE(PERM|ACCES|NOSYS)\b/.test(error.message) : !(error instanceof UsageError)

/** Signals that end a judge from outside: sent by a user, or by the OOM killer. Any other end is its own fault. */
const FROM_OUTSIDE = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']

/**
 * Judges in a forked child, so that several run at once and none can disturb another. Where others have changed the machine
 * meanwhile, it is judged once more, in another one.
 * @param stuck is told who waits for what, once nobody of the program moves any more
 * @param read extracts what else is wanted of the observation, as values that JSON can carry
 */
export function judgeInChild(
  assignment: Omit<Assignment, 'program'>,
  timeout: number,
  read?: (seen: Observation) => readonly unknown[],
  stuck: (text: string) => void = () => {},
): Judging {
  const { cannot } = assignment
  if (cannot !== undefined) return { pid: undefined, verdict: Promise.resolve({ kind: 'cannot', reason: cannot }) }
  let judging: Judging | undefined
  const start = () => {
    judging = judgeOnce(assignment, timeout, read, stuck)
    return judging.verdict
  }
  const twice = async (): Promise<Verdict> => {
    const first = await start()
    // What the sandbox itself has changed it would change again.
    if (first.kind === 'cannot' || !first.others || !isUndecided(first)) return first
    const second = await start()
    return second.kind === 'cannot' ? second : { others: first.others, ...second }
  }
  const verdict = twice()
  return {
    get pid() {
      return judging?.pid
    },
    verdict,
  }
}

/** Whether it was others who changed the machine, and nothing speaks against the program's sandbox. */
const isUndecided = ({ findings }: Extract<Verdict, { kind: 'judged' }>) => findings.at(-1)?.unjudged !== undefined

function judgeOnce(
  { slug, command, confinement, story }: Omit<Assignment, 'program'>,
  timeout: number,
  read: ((seen: Observation) => readonly unknown[]) | undefined,
  stuck: (text: string) => void,
): Judging {
  const { readEnd, writeEnd } = pipe()
  const pid = fork(() => {
    setFlagsFromString(WITHOUT_OPTIMISING)
    const send = (message: Message) => writeAll(writeEnd, `${JSON.stringify(message)}\n`)
    try {
      const extra = { ...(confinement && { confinement }), ...(story !== undefined && { story }) }
      const isStuck = (text: string) => send({ stuck: harmlessLines(text) })
      send({
        verdict: clean(judge(checkedLab(slug), command, timeout, read, extra, isStuck)),
      })
    } catch (error) {
      // What the machine refuses is tried once more by itself, and then called by its name.
      const lack = mayBeRefused(error) ? describeLack() : undefined
      if (lack !== undefined) send({ verdict: { kind: 'cannot', reason: lack } })
      else
        send({
          verdict: clean({
            kind: 'cannot',
            reason: describeError(error),
            ...(error instanceof UsageError && { isUsage: true }),
            ...(isOurs(error) && { isFault: true }),
          }),
        })
    }
  })
  closeQuietly(writeEnd)
  // To make a sandbox may take as long as the program may: judge.ts.
  return { pid, verdict: readVerdict(readEnd, pid, 2 * timeout + OVERTIME, stuck) }
}

function canWait(): boolean {
  try {
    checkEvents()
    return true
  } catch {
    return false
  }
}

async function readVerdict(fd: number, pid: number, longest: number, stuck: (text: string) => void): Promise<Verdict> {
  let verdict: Verdict | undefined
  // A program that makes its judge wait for ever must not keep the others waiting.
  let isLate = false
  const watchdog = setTimeout(() => {
    isLate = true
    kill(pid, 'SIGKILL')
  }, longest * 1000)
  for await (const line of createInterface(new Socket({ fd, writable: false }))) {
    const message = JSON.parse(line) as Message
    if ('stuck' in message) stuck(message.stuck)
    else verdict = message.verdict
  }
  clearTimeout(watchdog)
  // Where a filter refuses wait4(2), that is what the judge has told.
  if (verdict?.kind === 'cannot' && !canWait()) return verdict
  const { code, signal } = waitpid(pid)
  if (code === 0 && verdict) return verdict
  if (isLate) {
    const hint = 'hint: check it again when less is going on, or give it more time: -- --timeout 120'
    return { kind: 'cannot', reason: `the judge was not done in ${longest} s: the machine is too busy\n${hint}` }
  }
  const reason = `the judge ended early (${signal ?? `exit code ${code}`})\nhint: check it again`
  return { kind: 'cannot', reason, ...(!FROM_OUTSIDE.includes(signal ?? '') && { isFault: true }) }
}
