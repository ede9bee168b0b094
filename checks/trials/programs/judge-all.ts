/**
 * Judges right and wrong programs in the place where it is started, all in one process, and prints a line of JSON for each
 * as soon as it is known. Its input names them, a line of JSON each.
 */
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { layout } from '../../../lib/group/hierarchies.ts'
import { parseKnobs, seconds } from '../../../lib/lab/knobs.ts'
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
import { SPECIMENS } from './table.ts'

const KNOBS = { timeout: seconds(20, 'how long a program may take') }

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

/** How many programs are judged at once: some make mistakes of a tenth of a second, which a busy machine hides. */
const AT_ONCE = Math.max(1, availableParallelism() - 1)

const print = (line: Where | Result) => process.stdout.write(`${JSON.stringify(line)}\n`)

async function assign(slug: string, program: string, isOurs: boolean): Promise<Assignment> {
  const { command } = await ready(program, slug)
  return { slug, program, command, ...lacking(findLab(slug), isOurs) }
}

/** Judges programs in their order. @param tell is called as soon as one is judged, with its place in the order */
async function judgeInOrder(
  assignments: readonly Assignment[],
  timeout: number,
  tell: (at: number, verdict: Verdict) => void,
): Promise<void> {
  // Those that are named last are started first.
  const running = startLabs({ assignments: assignments.toReversed(), timeout, output: false, most: AT_ONCE })
  await Promise.all(
    running.toReversed().map(async ({ verdict }, at) => {
      const found = await verdict
      // After a signal nothing more is judged, and what was being judged then is neither right nor wrong.
      if (!isInterrupted()) tell(at, found)
    }),
  )
}

/** Whether a signal has ended the judging. */
const isInterrupted = () => process.exitCode !== undefined

/** What this place cannot judge, for each of the labs. */
async function findBlindness(slugs: readonly string[], timeout: number): Promise<Map<string, Blind>> {
  const own = await Promise.all(slugs.map(slug => assign(slug, join(ROOT, 'labs', `${slug}.ts`), true)))
  const blind = new Map<string, Blind>()
  await judgeInOrder(own, timeout, (at, verdict) => {
    const [slug, found] = [own[at]?.slug ?? '', blindness(verdict)]
    blind.set(slug, found)
    process.stderr.write(`${slug}: ${describe(found)}\n`)
  })
  return blind
}

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

/** Finds a program of the table, and makes it ready; one that cannot run here is told at once. */
async function makeReady({ path, program }: Asked) {
  const specimen = SPECIMENS.find(one => one.path === path)
  if (!specimen) throw new Error(`not in the table: ${path}`)
  const lack = lackingTools(path)
  if (!lack) return [{ ...specimen, assignment: await assign(specimen.slug, program, false) }]
  print({ path, kind: 'unclear', about: lack, seconds: 0 })
  return []
}

await runTool(async () => {
  const { values } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  await becomeJudge('the programs', 'npm run matrix -- --programs', line => process.stderr.write(`${line}\n`))
  print({ kernel: release().split('.').slice(0, 2).join('.'), groups: layout() })
  const asked = await readAsked()
  const jobs = (await Promise.all(asked.map(makeReady))).flat()
  const blind = await findBlindness([...new Set(jobs.map(({ slug }) => slug))], values.timeout)
  if (isInterrupted()) return
  const assignments = jobs.map(({ assignment }) => assignment)
  await judgeInOrder(assignments, values.timeout, (at, verdict) => {
    const { slug, path, refusedBy } = jobs[at] as (typeof jobs)[number]
    const took = verdict.kind === 'judged' ? verdict.seconds : 0
    print({ path, ...compare(verdict, refusedBy, blind.get(slug) ?? SEES_ALL), seconds: took })
  })
})
