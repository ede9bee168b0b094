/**
 * `npm test`: every test of the project, or those of one folder. Files that may run beside each other do, and the
 * others follow one by one; the guest of another processor runs beside all of them. A failure does not stop the run, and
 * one summary stands at the end.
 */
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { EXIT } from '../../lib/errors.ts'
import { flag, helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { fail } from '../../lib/lab/lab.ts'
import { compiledTests } from './compiled.ts'
import { type Plan, plan } from './plan.ts'
import { Tally, type TestEvent } from './tally.ts'

const KNOBS = { slowest: flag('lists where the time went') }
const HELP = [
  'Usage: npm test                        everything',
  '       npm test -- lib/group           the tests of one room, or one file',
  '       npm test -- --slowest           and where the time went',
  '',
  'Options:',
]

/** Runs files, so many at a time. */
function start(files: readonly string[], concurrency: number): AsyncIterable<TestEvent> {
  return run({ files: [...files], concurrency }) as AsyncIterable<TestEvent>
}

/** The same plan, with what has to be started for each test file in its place. */
async function compiled(plan: Plan): Promise<Plan> {
  const started = await compiledTests([...plan.together, ...plan.alone, ...plan.apart])
  const of = (files: readonly string[]) => files.map(file => started.get(file) ?? file)
  return { together: of(plan.together), alone: of(plan.alone), apart: of(plan.apart) }
}

/** Takes the events of a run as they come and keeps them until they are asked for: two runs must not mix theirs. */
function keep(events: AsyncIterable<TestEvent>): Promise<readonly TestEvent[]> {
  return (async () => {
    const kept: TestEvent[] = []
    for await (const event of events) kept.push(event)
    return kept
  })()
}

/** The events of all runs, one after the other, and the summary of all at the end. */
async function* events({ together, alone, apart }: Plan, tally: Tally): AsyncGenerator<TestEvent> {
  const beside = apart.length > 0 ? keep(start(apart, 1)) : []
  // Most of them wait most of the time: for a guest, a browser, a shell.
  if (together.length > 0)
    for await (const event of start(together, 2 * availableParallelism())) if (tally.take(event)) yield event
  if (alone.length > 0) for await (const event of start(alone, 1)) if (tally.take(event)) yield event
  for (const event of await beside) if (tally.take(event)) yield event
  yield* tally.summary()
}

try {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    process.exit(EXIT.HOLDS)
  }
  // Each file is a process of its own, which node:test starts with our options.
  const tally = new Tally(values.slowest)
  const reporter = new spec()
  reporter.pipe(process.stdout)
  for await (const event of events(await compiled(plan(words)), tally))
    if (!reporter.write(event)) await new Promise(done => reporter.once('drain', done))
  reporter.end()
  process.exitCode = tally.hasFailed ? EXIT.FAILS : EXIT.HOLDS
} catch (error) {
  fail(error)
}
