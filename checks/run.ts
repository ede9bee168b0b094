/**
 * Judges programs, each in a forked child of its own, and reports every claim as a test of node:test.
 */
import test from 'node:test'
import { EXIT } from '../lib/errors.ts'
import { findLab } from '../lib/manifest.ts'
import { kill } from '../lib/process.ts'
import { signalNumber } from '../lib/status.ts'
import type { Failure } from './claims.ts'
import { type Assignment, judgeInChild } from './judge-in-child.ts'

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

const job = JSON.parse(process.argv[2] ?? '') as Job
const judged = job.assignments.map(assignment => ({ ...assignment, ...judgeInChild(assignment, job.timeout) }))
let unjudged = false

// A judge that is asked to end cleans up first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const { pid } of judged) if (pid !== undefined) kill(pid, signal)
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
