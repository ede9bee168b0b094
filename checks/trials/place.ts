/**
 * What holds in one place: runs every lab and every check there as its user would, and prints the results as one JSON
 * document. `npm run matrix` runs it in all places.
 */
import { spawn } from 'node:child_process'
import { release } from 'node:os'
import { startWords } from '../../lib/engine/start-words.ts'
import { layout } from '../../lib/group/hierarchies.ts'
import { parseKnobs, seconds, type Values } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { LabReport, Report } from '../report/report.ts'
import { CHOSEN_LABS } from './places.ts'

const KNOBS = {
  timeout: seconds(20, 'how long a program may take in a check'),
  labs: CHOSEN_LABS,
}

type Asked = Values<typeof KNOBS>

/** The results of one lab. */
export interface LabProof {
  readonly slug: string
  /** The exit code of the lab's own program. */
  readonly exitCode: number
  /** How many claims its check found to hold; then those that do not and those that cannot be judged here. */
  readonly holds: number
  readonly failed: readonly string[]
  readonly unjudged: readonly string[]
}

/** The results of one place. */
export interface PlaceProof {
  readonly kernel: string
  readonly groups: string
  readonly node: string
  readonly labs: readonly LabProof[]
}

const START = startWords(ROOT)

/** Runs a program of the project to its end. */
function run(words: readonly string[]): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const child = spawn(process.execPath, [...START, ...words], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  return new Promise(resolve => child.on('close', code => resolve({ exitCode: code ?? 1, stdout })))
}

async function check(words: readonly string[], timeout: number): Promise<readonly LabReport[]> {
  const { stdout } = await run(['checks/check.ts', ...words, '--json', '--timeout', String(timeout)])
  return stdout === '' ? [] : (JSON.parse(stdout) as Report).labs
}

const titles = ({ claims }: LabReport, verdict: string) =>
  claims.filter(claim => claim.verdict === verdict).map(({ title }) => title)

async function proveLab({ slug }: Lab, reports: readonly LabReport[]): Promise<LabProof> {
  const { exitCode } = await run([`labs/${slug}.ts`, ...(slug === '04-newns' ? ['--', 'hostname'] : [])])
  const report = reports.find(each => each.slug === slug)
  if (!report || report.claims.length === 0)
    return { slug, exitCode, holds: 0, failed: [], unjudged: [report?.missing ?? 'all of it'] }
  const [failed, unjudged] = [titles(report, 'does not hold'), titles(report, 'cannot be judged')]
  return { slug, exitCode, holds: titles(report, 'holds').length, failed, unjudged }
}

async function prove({ timeout, labs: chosen }: Asked): Promise<PlaceProof> {
  const asked = LABS.filter(({ number }) => chosen?.includes(number) ?? true)
  const reports: LabReport[] = []
  // One start of the checker is enough for all of them, and a lab that is named takes one of its own.
  for (const words of chosen ? asked.map(({ slug }) => [slug]) : [[]]) reports.push(...(await check(words, timeout)))
  const labs: LabProof[] = []
  for (const lab of asked) labs.push(await proveLab(lab, reports))
  const kernel = release().split('.').slice(0, 2).join('.')
  return { kernel, groups: layout(), node: process.version, labs }
}

await runTool(async () => {
  const { values } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  console.log(JSON.stringify(await prove(values)))
})
