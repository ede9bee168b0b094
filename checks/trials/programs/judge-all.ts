/**
 * Judges right and wrong programs in the place where it is started, all in one process, and prints a line of JSON for each
 * as soon as it is known. Its input names them, a line of JSON each.
 */
import { release } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { layout } from '../../../lib/group/hierarchies.ts'
import { flag, parseKnobs, seconds } from '../../../lib/lab/knobs.ts'
import { runTool } from '../../../lib/lab/lab.ts'
import { findLab } from '../../../lib/lab/manifest.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { becomeJudge, lacking } from '../../judge/become.ts'
import type { Assignment } from '../../judge/in-child.ts'
import type { Verdict } from '../../judge/judge.ts'
import { startLabs } from '../../judge/run.ts'
import { ready } from '../../ready/ready.ts'
import { lackingTools } from '../../testing/programs.ts'
import { type Blind, blindness, compare, type Outcome, SEES_ALL } from './outcome.ts'
import { SPECIMENS, type Specimen } from './table.ts'

const KNOBS = { timeout: seconds(20, 'how long a program may take'), pairs: flag('judges two at a time') }

/** What is to be judged: a program of the table, by its path there, and what is run, which for C is compiled. */
export interface Asked {
  readonly path: string
  readonly program: string
}

/** The first line: what the place is. */
export interface Where {
  readonly kernel: string
  readonly groups: string
}

/** Each further line: what came of a program. */
export interface Result extends Outcome {
  readonly path: string
  readonly seconds: number
}

const print = (line: Where | Result) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** Whether a signal has ended the judging. */
const isInterrupted = () => process.exitCode !== undefined

/** What a place cannot judge of a lab, for whoever waits. */
function describe({ lab, claims }: Blind): string {
  if (lab !== undefined) return `cannot be judged here: ${lab}`
  const titles = [...claims.keys()]
  return titles.length === 0 ? 'its own program was judged' : `cannot be judged here: ${titles.join('; ')}`
}

async function readAsked(): Promise<Asked[]> {
  const asked: Asked[] = []
  for await (const line of createInterface(process.stdin)) asked.push(JSON.parse(line) as Asked)
  return asked
}

/** A program that is judged. */
interface Job {
  /** `undefined` for a lab's own, which shows what the place cannot judge. */
  readonly specimen?: Specimen
  readonly assignment: Assignment
}

async function assign(slug: string, program: string, isOurs: boolean): Promise<Assignment> {
  const { command } = await ready(program, slug)
  return { slug, program, command, ...lacking(findLab(slug), isOurs) }
}

/** Makes the programs ready, behind the own one of their lab each; of one that cannot run here that is told at once. */
async function makeReady(asked: readonly Asked[]): Promise<Job[]> {
  const jobs: Job[] = []
  for (const { path, program } of asked) {
    const specimen = SPECIMENS.find(one => one.path === path)
    if (!specimen) throw new Error(`not in the table: ${path}`)
    const [{ slug }, lack] = [specimen, lackingTools(path)]
    if (lack) {
      print({ path, kind: 'unclear', about: lack, seconds: 0 })
      continue
    }
    if (!jobs.some(({ assignment }) => assignment.slug === slug))
      jobs.push({ assignment: await assign(slug, join(ROOT, 'labs', `${slug}.ts`), true) })
    jobs.push({ specimen, assignment: await assign(slug, program, false) })
  }
  return jobs
}

/**
 * Judges programs in their order, and tells of each as soon as it can be.
 * @param most how many at once: some make mistakes of a tenth of a second, which a busy machine hides
 */
async function judgeJobs(jobs: readonly Job[], timeout: number, most: number): Promise<void> {
  // Those that are named last are started first.
  const assignments = jobs.map(({ assignment }) => assignment).toReversed()
  const verdicts = startLabs({ assignments, timeout, output: false, most })
    .toReversed()
    .map(({ verdict }) => verdict)
  const slugOf = ({ assignment }: Job) => assignment.slug
  const blindFor = async (job: Job) => {
    const ofLab = verdicts[jobs.findIndex(one => slugOf(one) === slugOf(job))]
    return ofLab ? blindness(await ofLab) : SEES_ALL
  }
  const tell = async (job: Job, verdict: Verdict) => {
    const blind = await blindFor(job)
    // After a signal nothing more is judged, and what was being judged then is neither right nor wrong.
    if (isInterrupted()) return
    if (!job.specimen) return void process.stderr.write(`${slugOf(job)}: ${describe(blind)}\n`)
    const { path, refusedBy } = job.specimen
    const took = verdict.kind === 'judged' ? verdict.seconds : 0
    print({ path, ...compare(verdict, refusedBy, blind), seconds: took })
  }
  await Promise.all(jobs.map(async (job, at) => tell(job, await (verdicts[at] as Promise<Verdict>))))
}

await runTool(async () => {
  const { values } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  await becomeJudge('the programs', 'npm run matrix -- --programs', line => process.stderr.write(`${line}\n`))
  print({ kernel: release().split('.').slice(0, 2).join('.'), groups: layout() })
  await judgeJobs(await makeReady(await readAsked()), values.timeout, values.pairs ? 2 : 1)
})
