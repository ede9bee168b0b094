/**
 * `npm run watch`: draws the processes of a running lab, their namespaces and their groups, as they change.
 */
import { existsSync } from 'node:fs'
import { CannotRun, EXIT, UsageError } from '../../lib/errors.ts'
import { chalk } from '../../lib/lab/colour.ts'
import { flag, helpLines, type Knob, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { wrap } from '../../lib/lab/layout.ts'
import { findLab, type Lab, takesRoot } from '../../lib/lab/manifest.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { type Snapshot, takeSnapshot } from './facts.ts'
import { type Running, runningLabs } from './labs.ts'
import { Letters } from './letters.ts'
import { picture } from './picture.ts'
import { Screen } from './screen.ts'

/** How often it looks, in ms. */
const EVERY = 100

const pid: Knob<number | undefined> = {
  initial: undefined,
  help: 'any process, with all that come from it',
  expected: 'the number of a process',
  placeholder: 'PID',
  parse: text => (/^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined),
}

const KNOBS = {
  pid,
  once: flag('prints it once, as text, and ends; so it does into a pipe'),
  json: flag('the same once, as JSON'),
}

const EXAMPLE = 'sudo npx tsx labs/02-newpid.ts --pace 1'

const HELP = [
  'Usage: npm run watch                   the lab that runs, or the next one',
  '       npm run watch -- lab3           that lab only',
  '       npm run watch -- --pid 4711     any process',
  '',
  'A second terminal beside it runs the lab. --pace 1 gives you time to look:',
  `       ${EXAMPLE}`,
  'With sudo it sees all; without, what the kernel lets you read of others.',
  '',
  'Options:',
  ...helpLines(KNOBS),
]

const FOOTER = 'q quits'

/** What is being watched, and what was last seen of it. */
interface Watched extends Running {
  readonly since: number
  readonly letters: Letters
  view: Snapshot
  endedAt: number | undefined
}

function readCommandLine() {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log(HELP.join('\n'))
    process.exit(EXIT.HOLDS)
  }
  const [name, ...more] = words
  if (more.length > 0)
    throw new UsageError(`too many words: ${more.join(' ')}\nhint: one lab, as in npm run watch -- lab3`)
  if (name !== undefined && values.pid !== undefined) throw new UsageError('a lab and --pid are two things: choose one')
  if (values.pid !== undefined && !existsSync(`/proc/${values.pid}`))
    throw new UsageError(`--pid: there is no process ${values.pid}`)
  return { ...values, lab: name === undefined ? undefined : findLab(name) }
}

type Wanted = ReturnType<typeof readCommandLine>

/** What there is to watch now: the youngest program, and a lab rather than what checks one. */
function find({ pid: number, lab }: Wanted): Running | undefined {
  if (number !== undefined)
    return existsSync(`/proc/${number}`) ? { pid: number, title: `process ${number}`, lab: undefined } : undefined
  const found = runningLabs().filter(one => lab === undefined || one.lab === lab)
  return found.findLast(one => one.lab !== undefined) ?? found.at(-1)
}

function begin(running: Running): Watched {
  const view = takeSnapshot(running.pid)
  return { ...running, since: Date.now(), letters: new Letters(namespaces()), view, endedAt: undefined }
}

const isGone = ({ processes }: Snapshot) => processes.length === 0 || processes[0]?.state === 'Z'

/** Takes a new snapshot; once the lab has ended, the last one stays. */
function lookAgain(watched: Watched): void {
  if (watched.endedAt !== undefined) return
  const view = takeSnapshot(watched.pid)
  if (isGone(view)) watched.endedAt = Date.now()
  else watched.view = view
}

const secondsOf = (ms: number) => `${(ms / 1000).toFixed(1)} s`

function heading({ title, since, endedAt }: Watched) {
  if (endedAt !== undefined) return { title, state: 'has ended: this was seen last' }
  return { title, state: `watched for ${secondsOf(Date.now() - since)}` }
}

function waitingLines(lab: Lab | undefined, columns: number): string[] {
  const what = lab ? `lab ${lab.number}: ${lab.title}` : 'a lab'
  const text = [`Waiting for ${what}. Start it in another terminal:`, '']
  const command = lab ? `${takesRoot(lab) ? 'sudo ' : ''}npx tsx labs/${lab.slug}.ts --pace 1` : EXAMPLE
  return [
    ...text.flatMap(line => wrap(line, 0, columns - 1).split('\n')),
    `  ${chalk.bold(command)}`,
    '',
    chalk.dim(FOOTER),
  ]
}

/** Follows one lab after the other, on a terminal. */
function follow(wanted: Wanted): void {
  const screen = new Screen()
  let watched: Watched | undefined
  const draw = () => {
    const { size } = screen
    if (!watched) return screen.draw(waitingLines(wanted.lab, size.columns))
    const next =
      watched.endedAt === undefined ? '' : wanted.pid === undefined ? ', the next lab is shown when it starts' : ''
    screen.draw(picture(watched.view, heading(watched), watched.letters, size, `${FOOTER}${next}`))
  }
  const look = () => {
    if (watched) lookAgain(watched)
    if (!watched || watched.endedAt !== undefined) {
      const found = find(wanted)
      if (found && found.pid !== watched?.pid) watched = begin(found)
    }
    draw()
  }
  screen.open(draw)
  look()
  setInterval(look, EVERY)
}

function showOnce(wanted: Wanted): void {
  const found = find(wanted)
  const view = found && takeSnapshot(found.pid)
  if (!found || !view || isGone(view))
    throw new CannotRun(
      `${wanted.lab ? `lab ${wanted.lab.number} does not run now` : 'no lab of this checkout runs now'}\nhint: start one in another terminal: ${EXAMPLE}`,
    )
  if (wanted.json) {
    console.log(JSON.stringify({ version: 1, title: found.title, ...view }, null, 2))
    return
  }
  const letters = new Letters(view.own)
  const size = { columns: process.stdout.columns || Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }
  console.log(picture(view, { title: found.title, state: `PID ${found.pid}` }, letters, size).join('\n'))
}

await runTool(() => {
  const wanted = readCommandLine()
  const isStill = wanted.once || wanted.json || !process.stdout.isTTY || process.env['TERM'] === 'dumb'
  if (isStill) showOnce(wanted)
  else follow(wanted)
})
