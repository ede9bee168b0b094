/**
 * Many interruptions of labs and checks, several at once, and what they left.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clone } from '../../lib/clone.ts'
import { bundle, cachedBundle } from '../../lib/engine/bundle.ts'
import * as F from '../../lib/flags.ts'
import { pipe } from '../../lib/gate.ts'
import { groupsNamed, PREFIX } from '../../lib/group/cgroup.ts'
import { discardGroups } from '../../lib/group/directory.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { waitpid } from '../../lib/process.ts'
import { describeStatus } from '../../lib/status.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { interrupt, type Outcome } from './cage.ts'
import { describePlan, type Plan, planOf, type Start, YARDSTICK } from './interruption-plan.ts'

/** The results of many interruptions. */
export interface Interruptions {
  readonly seed: number
  readonly runs: number
  /** Those that had ended before the signal came. */
  readonly tooLate: number
  readonly leftNothing: number
  /** Those that left something, and `npm run clean` removed it. */
  readonly cleaned: number
  /** How many sockets were left by a killed tsx: nothing tells whose they were, so they are not ours to remove. */
  readonly tsxSockets: number
  /** Those that left something for good, as sentences. */
  readonly failures: readonly string[]
  readonly seconds: number
}

/** How {@link interruptMany} goes about it. */
export interface InterruptionOptions {
  readonly runs: number
  readonly seed: number
  readonly atOnce?: number
  /** Of these runs that one alone. */
  readonly only?: number | undefined
  readonly tell?: (line: string) => void
}

const isTsxSocket = (line: string) => /^file tmp\/tsx-\d+\/\d+\.pipe$/.test(line)

/** One interruption in a cage, without waiting for it. */
async function inCage(folder: string, start: Start, length: number, plan?: Plan): Promise<Outcome> {
  const { readEnd, writeEnd } = pipe()
  const flags = F.CLONE_NEWPID | F.CLONE_NEWNET | F.CLONE_NEWNS | F.SIGCHLD
  const pid = clone(() => writeAll(writeEnd, JSON.stringify(interrupt(folder, start, length, plan))), flags)
  closeQuietly(writeEnd)
  let text = ''
  for await (const chunk of new Socket({ fd: readEnd, writable: false })) text += chunk
  const outcome = text === '' ? undefined : (JSON.parse(text) as Outcome)
  // A frozen process would keep the whole PID namespace from ending.
  if (outcome && outcome.remaining.length > 0)
    discardGroups(groupsNamed(name => name.endsWith(`@${outcome.namespace}`)))
  const status = waitpid(pid)
  if (!outcome) throw new Error(`the cage of ${start.argv.join(' ')} ended with ${describeStatus(status)}`)
  return outcome
}

/** Compiles what most readers have compiled already. Cold runs begin without it and compile it themselves. */
async function compileAll(): Promise<void> {
  const programs = [...LABS.map(({ slug }) => join('labs', `${slug}.ts`)), 'checks/check.ts', 'checks/clean/clean.ts']
  const entries = programs.map(name => join(ROOT, name)).filter(entry => !cachedBundle(entry))
  await Promise.all(entries.map(bundle))
}

/** How much slower than usual this machine is now; also proves that an undisturbed run leaves nothing. */
async function slowness(folder: string, atOnce: number): Promise<number> {
  const runs = Array.from({ length: atOnce }, (_, i) => inCage(cageFolder(folder, i), YARDSTICK, 2 * YARDSTICK.usual))
  const outcomes = await Promise.all(runs)
  const left = outcomes.flatMap(outcome => outcome.left)
  if (left.length > 0) throw new Error(`an undisturbed run left ${left.join(', ')}`)
  return Math.max(0.3, ...outcomes.map(({ ran }) => ran / YARDSTICK.usual))
}

function cageFolder(folder: string, slot: number): string {
  const path = join(folder, String(slot))
  mkdirSync(path, { recursive: true })
  rmSync(join(path, 'tmp'), { recursive: true, force: true })
  return path
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function describeFailure(seed: number, number: number, plan: Plan, outcome: Outcome, folder: string): string {
  const lines = [
    `run ${number} of seed ${seed}: ${describePlan(plan)}, after ${outcome.ran.toFixed(2)} s, hit ${outcome.hit}`,
    ...outcome.left.map(line => `  left: ${line}`),
    ...outcome.remaining.map(line => `  remained: ${line}`),
    `  clean said: ${read(join(folder, 'cleaned'))}`,
    ...read(join(folder, 'output'))
      .split('\n')
      .slice(-5)
      .map(line => `  it printed: ${line}`),
  ]
  return lines.join('\n')
}

/** Interrupts labs and checks at random moments, each in a cage of its own. */
export async function interruptMany({
  runs,
  seed,
  atOnce = 2,
  only,
  tell,
}: InterruptionOptions): Promise<Interruptions> {
  const folder = mkdtempSync(draftPrefix(join(tmpdir(), `${PREFIX}.cages-`)))
  const from = performance.now()
  const counts = { tooLate: 0, leftNothing: 0, cleaned: 0, tsxSockets: 0 }
  const failures: string[] = []
  const numbers = only === undefined ? Array.from({ length: runs }, (_, i) => i) : [only]
  const one = async (number: number, cage: string, scale: number) => {
    const plan = planOf(seed, number)
    const outcome = await inCage(cage, plan.start, plan.start.usual * scale, plan)
    const sockets = outcome.left.filter(isTsxSocket).length
    const remaining = outcome.remaining.filter(line => !isTsxSocket(line))
    counts.tsxSockets += sockets
    if (outcome.hit === undefined) counts.tooLate++
    if (remaining.length > 0) failures.push(describeFailure(seed, number, plan, outcome, cage))
    else if (outcome.left.length > sockets) counts.cleaned++
    else counts.leftNothing++
    const left = outcome.left.length > 0 ? `left ${outcome.left.join(', ')}` : 'left nothing'
    tell?.(`${number} ${describePlan(plan)}, hit ${outcome.hit ?? 'nobody'}: ${left}`)
  }
  try {
    await compileAll()
    const scale = await slowness(folder, atOnce)
    const worker = async (slot: number) => {
      for (let next = numbers.shift(); next !== undefined; next = numbers.shift())
        await one(next, cageFolder(folder, slot), scale)
    }
    await Promise.all(Array.from({ length: atOnce }, (_, slot) => worker(slot)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { seed, runs, ...counts, failures, seconds: (performance.now() - from) / 1000 }
}
