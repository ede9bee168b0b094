/**
 * The view for people: of a program that failed by itself its own error, then a line for each claim, and below a failed
 * one what was expected, what was seen, why, and what to read.
 */
import { chalk } from '../../lib/lab/colour.ts'
import { wrap } from '../../lib/lab/layout.ts'
import type { Job, RunningLab } from '../judge/run.ts'
import { columns, LiveLine } from './live-line.ts'
import { startNamedLabs } from './name-task.ts'
import { type ClaimReport, crashLines, type LabReport, labReport, outputLines, type Report, report } from './report.ts'
import { printStory } from './story/print.ts'
import type { View } from './story/view.ts'

const lay = (line: string, hang: number) => wrap(line, hang, columns())
const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`
const time = (seconds: number) => `${seconds.toFixed(1)} s`

/** Lines such as `expected:  …`, one under the other. */
const details = (entries: Readonly<Record<string, string | undefined>>) =>
  Object.entries(entries)
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => lay(`      ${`${name}:`.padEnd(11)}${text}`, 17))

function claimLines({ title, verdict, expected, seen, cause, read, task, missing, remedy }: ClaimReport): string {
  if (verdict === 'holds') return lay(`  ✔ ${title}`, 4).replace('✔', chalk.green('✔'))
  if (verdict === 'does not hold')
    return [
      lay(`  ✘ ${title}`, 4).replace('✘', chalk.red('✘')),
      ...details({ expected, seen, cause, read, task }),
    ].join('\n')
  const head = lay(`  ? cannot be judged here: ${title}`, 4).replace('?', chalk.yellow('?'))
  return [head, ...details({ missing, remedy })].join('\n')
}

/** What is said below a lab's claims. */
function closing({ seconds, verdict, output, claims, missing, remedy, others }: LabReport, all: boolean): string {
  if (claims.length === 0) {
    const head = lay(`  ? cannot be judged here: ${missing}`, 4).replace('?', chalk.yellow('?'))
    return [head, ...details({ remedy })].join('\n')
  }
  const printed = all || verdict === 'does not hold' ? outputLines(output, all) : []
  const again = others
    ? [`it was judged twice, because others changed the machine meanwhile: ${others.join('; ')}`]
    : []
  const lines = [time(seconds), ...again, ...printed].map(line => `    ${line}`)
  return lines.map(line => chalk.dim(lay(line, 6))).join('\n')
}

/** How many claims hold and how many do not. */
function summaryLine({ labs, summary: { claims, seconds } }: Report): string {
  const unjudged = labs.filter(lab => lab.claims.length === 0).length
  const [holds, fails, open] = [claims.holds, claims['does not hold'], claims['cannot be judged']]
  const parts = [
    (holds || fails) && count(holds, 'claim holds', 'claims hold'),
    fails && count(fails, 'does not', 'do not'),
    open && `${count(open, 'claim', 'claims')} could not be judged`,
    unjudged && `${count(unjudged, 'lab', 'labs')} could not be judged`,
  ]
  return `${parts.filter(Boolean).join(', ')} (${time(seconds)})`
}

/** Where the time went. */
function timeLine({ labs, summary }: Report): string {
  const { startUp, checker, program, waiting } = summary.time
  const parts = `${time(waiting)} waiting, ${time(program)} in the program, ${time(checker)} in the checker`
  const head = `of ${time(summary.seconds)}: ${time(startUp)} start-up`
  if (labs.length === 1) return `${head}, ${parts}`
  return `${head}, ${time(summary.seconds - startUp)} for ${labs.length} labs side by side (added up: ${parts})`
}

/** What is being waited for. */
function waitingFor(labs: readonly RunningLab[], since: number): string {
  const names = labs.filter(({ isRunning }) => isRunning()).map(({ lab }) => String(lab.number))
  const seconds = time((performance.now() - since) / 1000)
  return names.length === 0 ? '' : `  waiting for lab ${names.join(', ')} (${seconds})`
}

/** Judges and shows. @param view how stories are to be shown, if they are @returns the report */
export async function showPeople(job: Job, view?: View): Promise<Report> {
  const since = performance.now()
  const labs = startNamedLabs(job)
  const live = new LiveLine(() => waitingFor(labs, since))
  live.start()
  const reports: LabReport[] = []
  for (const { lab, program, verdict } of labs) {
    live.print(chalk.bold(lay(`lab ${lab.number}: ${lab.title}`, 4)))
    live.draw()
    const judged = labReport(lab.slug, program, await verdict)
    // First what the program says of its own failure: the claims that do not hold follow from it.
    const crash = judged.verdict === 'does not hold' ? crashLines(judged.output) : []
    for (const line of crash) live.print(lay(`    ${line}`, 6))
    for (const claim of judged.claims) live.print(claimLines(claim))
    live.print(closing(judged, job.output))
    if (judged.story && (view === 'lines' || view === 'all'))
      live.print(printStory(judged.story, view === 'all', columns()))
    reports.push(judged)
  }
  live.stop()
  const all = report(reports, (performance.now() - since) / 1000)
  console.log(`\n${lay(summaryLine(all), 4)}\n${chalk.dim(lay(timeLine(all), 4))}`)
  return all
}
