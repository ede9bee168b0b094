/**
 * The view for machines: one JSON document, described in README.md.
 */
import type { Job } from '../judge/run.ts'
import { startNamedLabs } from './name-task.ts'
import { labReport, type Report, report } from './report.ts'

/** Judges and prints. @returns the report */
export async function showJson(job: Job): Promise<Report> {
  const since = performance.now()
  const labs = startNamedLabs(job).map(async ({ lab, program, verdict }) => labReport(lab.slug, program, await verdict))
  const all = report(await Promise.all(labs), (performance.now() - since) / 1000)
  process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  return all
}
