/**
 * The views of node:test (TAP, JUnit and others): every lab a test and every claim a test in it. A program of its own,
 * because Node wants to know the reporter when it starts. Its argument is the job.
 */
import test from 'node:test'
import { EXIT } from '../../lib/errors.ts'
import type { Job } from '../judge/run.ts'
import { removeAtEnd } from '../ready/desk.ts'
import { startNamedLabs } from './name-task.ts'
import { type ClaimReport, crashLines, exitCodeOfRun, type LabReport, labReport, outputLines } from './report.ts'

/** A claim that does not hold, as every reporter prints it. */
class ClaimError extends Error {
  override readonly name = 'Claim'

  constructor({ expected, seen, cause, read, task }: ClaimReport) {
    const lines = [`expected:  ${expected}`, `seen:      ${seen}`, `cause:     ${cause}`, `read:      ${read}`]
    super([...lines, ...(task === undefined ? [] : [`task:      ${task}`])].join('\n'))
    this.stack = this.message
  }
}

/** Why something cannot be judged, in one line. */
const reason = ({ missing, remedy }: { readonly missing?: string; readonly remedy?: string }) =>
  `cannot be judged here: ${[missing, remedy && `remedy: ${remedy}`].filter(Boolean).join('; ').replaceAll('\n', ' ')}`

const job = JSON.parse(process.argv[2] ?? '') as Job
const reports: LabReport[] = []
// They were made by the process that this one has replaced.
removeAtEnd(job.desks ?? [])

for (const { lab, program, verdict } of startNamedLabs(job)) {
  test(`lab ${lab.number}: ${lab.title}`, async suite => {
    const judged = labReport(lab.slug, program, await verdict)
    reports.push(judged)
    if (judged.claims.length === 0) {
      suite.skip(reason(judged))
      return
    }
    suite.diagnostic(`${judged.seconds.toFixed(1)} s`)
    if (job.output || judged.verdict === 'does not hold')
      for (const line of [...crashLines(judged.output), ...outputLines(judged.output, job.output)])
        suite.diagnostic(line)
    for (const claim of judged.claims) {
      await suite.test(claim.title, one => {
        if (claim.verdict === 'cannot be judged') one.skip(reason(claim))
        else if (claim.verdict === 'does not hold') throw new ClaimError(claim)
      })
    }
  })
}

process.on('exit', code => {
  // An end by a signal has its own code. Node gives only 0 and 1, and 1 also where a lab or the reporter did not
  // finish.
  if (code > 1) return
  const wanted = reports.length === job.assignments.length ? exitCodeOfRun(reports) : EXIT.FAULT
  process.exitCode = code === 1 && wanted === 0 ? EXIT.FAULT : wanted
})
