/**
 * Judges programs, each in a forked child of its own, and reports every claim as a test of node:test.
 */
import { Socket } from 'node:net'
import test from 'node:test'
import { fork } from '../lib/clone.ts'
import { describeError, EXIT } from '../lib/errors.ts'
import { pipe } from '../lib/gate.ts'
import { findLab } from '../lib/manifest.ts'
import { writeAll } from '../lib/output.ts'
import { closeQuietly } from '../lib/poll.ts'
import { kill, waitpid } from '../lib/process.ts'
import { signalNumber } from '../lib/status.ts'
import { CHECKERS } from './checkers.ts'
import type { Failure } from './claims.ts'
import { judge, type Verdict } from './judge.ts'
import type { Command } from './sandbox.ts'

/** One program to judge. */
export interface Assignment {
  readonly slug: string
  readonly command: Command
}

interface Job {
  readonly assignments: readonly Assignment[]
  readonly timeout: number
  readonly output: boolean
}

/** A claim that does not hold, as every reporter prints it. */
class ClaimError extends Error {
  override readonly name = 'Claim'

  constructor({ expected, seen, cause }: Failure, chapter: string) {
    super([`expected:  ${expected}`, `seen:      ${seen}`, `cause:     ${cause}`, `read:      ${chapter}`].join('\n'))
    this.stack = this.message
  }
}

/** Judges in a forked child, so that several run at once and none can disturb another. */
function judgeInChild({ slug, command }: Assignment, timeout: number): { pid: number; verdict: Promise<Verdict> } {
  const { readEnd, writeEnd } = pipe()
  const pid = fork(() => {
    let verdict: Verdict
    try {
      verdict = judge(CHECKERS[slug] ?? [], command, timeout)
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

const job = JSON.parse(process.argv[2] ?? '') as Job
const judged = job.assignments.map(assignment => ({ ...assignment, ...judgeInChild(assignment, job.timeout) }))
let unjudged = false

// A judge that is asked to end cleans up first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const { pid } of judged) kill(pid, signal)
    process.exitCode = 128 + (signalNumber(signal) ?? 0)
  })
}

for (const { slug, verdict } of judged) {
  const { number, title } = findLab(slug)
  test(`lab ${number}: ${title}`, async lab => {
    const outcome = await verdict
    if (outcome.kind === 'cannot') {
      unjudged = true
      lab.skip(outcome.reason)
      return
    }
    lab.diagnostic(`${outcome.seconds.toFixed(1)} s`)
    if (job.output) lab.diagnostic(outcome.output)
    for (const { title: claim, section, failure } of outcome.findings) {
      await lab.test(claim, () => {
        if (failure) throw new ClaimError(failure, `book/${slug}.md#${section}`)
      })
    }
  })
}

process.on('exit', code => {
  if (code === 0 && unjudged) process.exitCode = EXIT.CANNOT
})
