/**
 * Judging without waiting: each program in a forked child of its own, several at once.
 */
import { Socket } from 'node:net'
import { fork } from '../lib/clone.ts'
import { describeError } from '../lib/errors.ts'
import { pipe } from '../lib/gate.ts'
import { writeAll } from '../lib/output.ts'
import { closeQuietly } from '../lib/poll.ts'
import { waitpid } from '../lib/process.ts'
import { CHECKERS, settingOf } from './checkers.ts'
import { judge, type Verdict } from './judge.ts'
import type { Command } from './sandbox.ts'

/** One program to judge. */
export interface Assignment {
  readonly slug: string
  readonly command: Command
  /** Why it cannot be judged on this machine, if that is known beforehand. */
  readonly cannot?: string
}

/** A judge at work. */
export interface Judging {
  /** Its process, if it took one. */
  readonly pid: number | undefined
  readonly verdict: Promise<Verdict>
}

/** Judges in a forked child, so that several run at once and none can disturb another. */
export function judgeInChild({ slug, command, cannot }: Assignment, timeout: number): Judging {
  if (cannot !== undefined) return { pid: undefined, verdict: Promise.resolve({ kind: 'cannot', reason: cannot }) }
  const { readEnd, writeEnd } = pipe()
  const pid = fork(() => {
    let verdict: Verdict
    try {
      verdict = judge(CHECKERS[slug] ?? [], settingOf(slug), command, timeout)
    } catch (error) {
      verdict = { kind: 'cannot', reason: describeError(error) }
    }
    writeAll(writeEnd, JSON.stringify(verdict))
  })
  closeQuietly(writeEnd)
  return { pid, verdict: readVerdict(readEnd, pid) }
}

async function readVerdict(fd: number, pid: number): Promise<Verdict> {
  let text = ''
  for await (const chunk of new Socket({ fd, writable: false })) text += chunk
  const { code, signal } = waitpid(pid)
  if (code === 0) return JSON.parse(text) as Verdict
  return { kind: 'cannot', reason: `the judge ended early (${signal ?? `exit code ${code}`})` }
}
