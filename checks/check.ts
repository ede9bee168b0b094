/**
 * `npm run check [lab] [program]`: reads the command line, judges, and shows it.
 */
import { createRequire } from 'node:module'
import { basename, join, relative } from 'node:path'
import { bundle, cachedBundle } from '../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../lib/engine/cloneable.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { execve } from '../lib/exec.ts'
import { chalk } from '../lib/lab/colour.ts'
import { choice, flag, helpLines, parseKnobs, seconds } from '../lib/lab/knobs.ts'
import { runTool } from '../lib/lab/lab.ts'
import { findLab, LABS, type Lab } from '../lib/lab/manifest.ts'
import { ROOT } from '../lib/machine/root.ts'
import { becomeJudge, lacking } from './judge/become.ts'
import type { Assignment } from './judge/in-child.ts'
import type { Job } from './judge/run.ts'
import { TIME, timeHere } from './judge/time-limit.ts'
import { bringInStep } from './learn/mine/mine.ts'
import { desks } from './ready/desk.ts'
import { fileOf, findProgramFile, ready } from './ready/ready.ts'
import { showJson } from './report/json.ts'
import { checkView, drawStory, storyOf } from './report/story/view.ts'
import { showPeople } from './report/text.ts'

const REPORTERS = ['spec', 'tap', 'junit', 'dot'] as const

const KNOBS = {
  timeout: {
    ...seconds(TIME, `how long a program may take (${TIME}, and more on a slow machine)`),
    initial: undefined,
  },
  reporter: choice(REPORTERS, undefined, `another view: ${REPORTERS.join(', ')}`),
  json: flag('prints one JSON document, for programs'),
  output: flag('shows all that the programs print'),
  story: storyOf(),
}

const HELP = [
  'Usage: npm run check                          every lab',
  '       npm run check lab3                     one lab',
  '       npm run check lab3 path/to/program     TypeScript, C, a script, a folder with a Makefile, …',
  '       npm run check lab3 -- --timeout 5      options go behind --',
  '',
  'Options, with what they are otherwise in brackets:',
]

async function assign(lab: Lab, program: string | undefined, isTold: boolean): Promise<Assignment> {
  const { slug } = lab
  const own = join(ROOT, 'labs', `${slug}.ts`)
  const { command, source } = await ready(program ?? own, slug)
  const text = program !== undefined && source !== undefined ? { source } : {}
  const story = isTold ? { story: basename(program ?? own) } : {}
  const lack = lacking(lab, program === undefined)
  return { slug, program: program ?? relative(ROOT, own), command, ...text, ...story, ...lack }
}

function readCommandLine() {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    process.exit(EXIT.HOLDS)
  }
  const [name, program, ...more] = words
  if (more.length > 0)
    throw new UsageError(
      `too many words: ${more.join(' ')}\nhint: options go behind --, as in npm run check lab3 -- --timeout 5`,
    )
  if (values.json && values.reporter) throw new UsageError('--json and --reporter are two views: choose one')
  const labs = name === undefined ? LABS : [findLab(name)]
  if (values.story && values.reporter)
    throw new UsageError('--story and --reporter are two views: choose one\nhint: --json has the story as well')
  if (values.story) checkView(values.story, labs.length)
  if (program !== undefined) {
    bringInStep(fileOf(program))
    findProgramFile(program)
  }
  return { ...values, timeout: values.timeout ?? timeHere(), labs, program }
}

/** Replaces this process with a Node that shows the job through one of its own reporters. */
async function becomeReporter(reporter: string, job: Job): Promise<never> {
  const file = join(import.meta.dirname, 'report', 'node-test.ts')
  const compiled = cachedBundle(file) ?? (await bundle(file))
  const loader = compiled ? ['--enable-source-maps'] : ['--import', createRequire(import.meta.url).resolve('tsx')]
  const view = [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout']
  const argv = ['node', ...CLONEABLE_FLAGS, ...loader, ...view, compiled ?? file, JSON.stringify(job)]
  // With this variable set, by an outer node:test, the reporter would be ignored.
  return execve(process.execPath, argv, { ...process.env, NODE_TEST_CONTEXT: undefined })
}

// The reader of the output may stop, as `| head` does: what runs is judged and cleaned up all the same.
process.stdout.on('error', () => {})

await runTool(async () => {
  const { reporter, json, story, labs: wanted, program, ...how } = readCommandLine()
  const isForPeople = reporter === undefined && !json
  const tell = (line: string) => isForPeople && console.log(chalk.dim(line))
  const command = `npm run check ${process.argv.slice(2).join(' ')}`.trim()
  await becomeJudge('the check', command, tell)
  // Only now: whoever becomes a judge may start again, and what is made for a program belongs to one process.
  const assignments = await Promise.all(wanted.map(lab => assign(lab, program, story !== undefined)))
  const job: Job = { ...how, assignments, desks: desks() }
  if (reporter) await becomeReporter(reporter, job)
  const { labs, summary } = await (json ? showJson(job) : showPeople(job, story))
  if (story) drawStory(labs, story, tell)
  // After a signal the exit code is set already.
  process.exitCode ??= summary.exitCode
})
