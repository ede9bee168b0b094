/**
 * `npm run check [lab] [program]`: reads the command line, judges, and shows it.
 */
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { bundle, cachedBundle } from '../lib/bundle.ts'
import { ownName } from '../lib/cgroup.ts'
import { CLONEABLE_FLAGS } from '../lib/cloneable.ts'
import { chalk } from '../lib/colour.ts'
import { bestHomes, homesWith, makeRoom } from '../lib/delegation.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { execve } from '../lib/exec.ts'
import { CLONE_NEWNS, CLONE_NEWUTS } from '../lib/flags.ts'
import { choice, flag, helpLines, parseKnobs, seconds } from '../lib/knobs.ts'
import { ensure, fail } from '../lib/lab.ts'
import { findLab, isController, LABS, type Lab } from '../lib/manifest.ts'
import { ensurePrivileges, isPrivileged } from '../lib/privileges.ts'
import { ROOT } from '../lib/root.ts'
import { ASKED, continueInScope, isInScope } from '../lib/systemd.ts'
import { commandFor, fileOf, isTypeScript } from './command.ts'
import { showJson } from './json.ts'
import type { Assignment } from './judge-in-child.ts'
import { showPeople } from './people.ts'
import type { Job } from './run.ts'
import { sinceStart } from './stopwatch.ts'

const REPORTERS = ['spec', 'tap', 'junit', 'dot'] as const

/** What a program may take where Node starts at its usual pace, in seconds. */
const TIME = 20
const USUAL_START = 0.5
const SLOWEST = 6

/** What a program may take on this machine: an emulated one takes ten times as long for everything. */
const timeHere = () => Math.round(TIME * Math.min(SLOWEST, Math.max(1, sinceStart() / USUAL_START)))

const KNOBS = {
  timeout: {
    ...seconds(TIME, `how long a program may take (${TIME}, and more on a slow machine)`),
    initial: undefined,
  },
  reporter: choice(REPORTERS, undefined, `another view: ${REPORTERS.join(', ')}`),
  json: flag('prints one JSON document, for programs'),
  output: flag('shows all that the programs print'),
}

const HELP = [
  'Usage: npm run check                          every lab',
  '       npm run check lab3                     one lab',
  '       npm run check lab3 path/to/program     any executable, or TypeScript',
  '       npm run check lab3 -- --timeout 5      options go behind --',
  '',
  'Options, with what they are otherwise in brackets:',
]

/** What this machine lacks for a lab's program. Somebody else's may do without tools, but not without a controller. */
function lacking({ number, needs }: Lab, isOwn: boolean): { cannot?: string } {
  try {
    ensure(isOwn ? needs : needs.filter(isController), `lab ${number}`)
    return {}
  } catch (error) {
    return { cannot: (error as Error).message }
  }
}

async function assign(lab: Lab, program: string | undefined): Promise<Assignment> {
  const { slug } = lab
  const own = join(ROOT, 'labs', `${slug}.ts`)
  const command = await commandFor(program ?? own)
  const source = program !== undefined && isTypeScript(program) ? { source: fileOf(program) } : {}
  return { slug, program: program ?? relative(ROOT, own), command, ...source, ...lacking(lab, program === undefined) }
}

async function readCommandLine() {
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
  return {
    ...values,
    timeout: values.timeout ?? timeHere(),
    assignments: await Promise.all(labs.map(lab => assign(lab, program))),
  }
}

/** Becomes a Node that shows the job through one of its own reporters. */
async function becomeReporter(reporter: string, job: Job): Promise<never> {
  const file = join(import.meta.dirname, 'reporters.ts')
  const compiled = cachedBundle(file) ?? (await bundle(file))
  const loader = compiled ? ['--enable-source-maps'] : ['--import', createRequire(import.meta.url).resolve('tsx')]
  const view = [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout']
  const argv = ['node', ...CLONEABLE_FLAGS, ...loader, ...view, compiled ?? file, JSON.stringify(job)]
  // Below another node:test it would answer in that one's own format.
  return execve(process.execPath, argv, { ...process.env, NODE_TEST_CONTEXT: undefined })
}

// Whoever reads this may stop reading: what runs is judged and cleaned up all the same.
process.stdout.on('error', () => {})

try {
  const { reporter, json, ...job } = await readCommandLine()
  const isForPeople = reporter === undefined && !json
  const tell = (line: string) => isForPeople && console.log(chalk.dim(line))
  const command = `npm run check ${process.argv.slice(2).join(' ')}`.trim()
  // A judge looks at host names from within and mounts for the program, and both it may only from what is its own.
  // In a group of its own it can bound what any program takes.
  if (!isPrivileged() && homesWith('memory').length === 0) continueInScope()
  // Once: in the user namespace the program begins anew.
  if (isInScope() && !isPrivileged())
    tell(`You are not root here, so systemd was asked for a group to check in: ${ASKED}.`)
  await ensurePrivileges(['namespaces', 'network', 'mounts'], 'the check', command, tell, CLONE_NEWUTS | CLONE_NEWNS)
  makeRoom(ownName('shell'), bestHomes())
  if (reporter) await becomeReporter(reporter, job)
  const { summary } = await (json ? showJson : showPeople)(job)
  // A signal has its own.
  process.exitCode ??= summary.exitCode
} catch (error) {
  fail(error)
}
