/**
 * Judges programs, each in a forked child of its own, and reports every claim as a test of node:test.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { EXIT } from '../lib/errors.ts'
import { findLab } from '../lib/manifest.ts'
import { kill } from '../lib/process.ts'
import { ROOT } from '../lib/root.ts'
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

  constructor({ expected, seen, cause }: Failure, read: string) {
    super([`expected:  ${expected}`, `seen:      ${seen}`, `cause:     ${cause}`, `read:      ${read}`].join('\n'))
    this.stack = this.message
  }
}

/** The section of the book, once that chapter is there; until then the lab itself and its man pages. */
function whatToRead(slug: string, section: string): string {
  const chapter = join('book', `${slug}.md`)
  if (existsSync(join(ROOT, chapter))) return `${chapter}#${section}`
  return [`labs/${slug}.ts`, ...findLab(slug).manPages].join(', ')
}

const job = JSON.parse(process.argv[2] ?? '') as Job
const judged = job.assignments.map(assignment => ({ ...assignment, ...judgeInChild(assignment, job.timeout) }))
let unjudged = false
const ended = new Set<number>()
for (const { pid, verdict } of judged) void verdict.finally(() => pid !== undefined && ended.add(pid)).catch(() => {})

// A judge that is asked to end cleans up first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const { pid } of judged) if (pid !== undefined && !ended.has(pid)) kill(pid, signal)
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
    const refused = outcome.findings.some(({ failure }) => failure)
    const printed = outcome.output.trimEnd().split('\n')
    if (job.output || refused)
      lab.diagnostic(['it printed:', ...(job.output ? printed : printed.slice(-8))].join('\n  '))
    for (const { title: claim, section, failure } of outcome.findings) {
      await lab.test(claim, () => {
        if (failure) throw new ClaimError(failure, whatToRead(slug, section))
      })
    }
  })
}

process.on('exit', code => {
  if (code === 0 && unjudged) process.exitCode = EXIT.CANNOT
})
