/**
 * `npm run matrix`: every lab and every check in every place that this machine can offer, as a table; with `--write`
 * the one in README.md.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { startWords } from '../../lib/engine/start-words.ts'
import { CannotRun, EXIT } from '../../lib/errors.ts'
import { flag, helpLines, parseKnobs, text } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'
import { containerWords } from './containers.ts'
import { proveFresh } from './fresh.ts'
import type { LabProof, PlaceProof } from './place.ts'
import { CHOSEN_LABS, PLACES, type Place, THOSE } from './places.ts'
import { makeSystemdRoot, type SystemdRoot } from './systemd-root.ts'

const KNOBS = {
  only: text('the places whose names have this word in them', 'a word', 'WORD'),
  programs: flag('tries the right and wrong programs, too, here and in v2: half an hour more'),
  those: THOSE,
  labs: CHOSEN_LABS,
  write: flag('writes what came of it into the table of README.md'),
  fresh: flag('instead: npm test on fresh roots of Debian 12, 13 and sid; needs mmdebstrap'),
  tools: flag('with --fresh: installs what the tests use, too, so that fewer are skipped'),
  run: text('with --fresh: another command than npm test', 'a shell command', 'COMMAND'),
}

const HELP = [
  'Usage: npm run matrix                 every lab and every check in every place: an hour without KVM',
  '       npm run matrix -- --only 5.10  in those whose names have that word in them',
  '       npm run matrix -- --labs 7,8   these labs; of the others the table says what it said',
  '       npm run matrix -- --fresh      setup, npm ci and npm test on fresh roots: some ten minutes each',
  '',
  'As root it tries this machine as root and as an ordinary user; virtual machines, with the kernels of',
  "Debian's archive and with the other processor, need no root. Containers take docker or podman: --only docker.",
  '',
  'Options:',
]

const NODE = [...startWords(), 'checks/trials/place.ts']
const VM = [...NODE.slice(0, -1), 'buildroot/vm/vm.ts']
/** A guest without KVM is so slow that a program needs more time. */
const SLOW = ['--timeout', '900']

/** Which labs are tried; whether programs are as well, and which. */
interface Tried {
  readonly labs: readonly number[] | undefined
  readonly programs: boolean
  readonly those: string | undefined
}

/** The command that tries one place, and the user who runs it. */
function commandOf(place: Place, user: OrdinaryUser | undefined, tried: Tried, systemd?: SystemdRoot) {
  const { vm, container, isOther, programs } = place
  const those = tried.those === undefined ? [] : ['--those', tried.those]
  const labs = tried.labs === undefined ? [] : ['--labs', tried.labs.join()]
  const more = [...labs, ...(tried.programs && programs ? ['--programs', ...those] : [])]
  const node = isOther ? 'node' : process.execPath
  if (container) return { words: containerWords(container, [...NODE, ...labs]), options: { cwd: ROOT } }
  if (vm && systemd)
    return { words: [...VM, ...vm, ...systemd.words(...NODE, ...SLOW, ...labs)], options: { cwd: ROOT } }
  if (vm) return { words: [...VM, ...vm, node, ...NODE, ...SLOW, ...more], options: { cwd: ROOT } }
  return { words: [...NODE, ...more], options: user ? user.options : { cwd: ROOT } }
}

/** Ended by a signal: what runs is ended, too, a guest above all, and nothing more is begun. */
const interruption = new AbortController()
let interruptedBy: NodeJS.Signals | undefined

function listen(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      interruptedBy = signal
      interruption.abort()
    })
}

/** Runs the proof in one place. @throws CannotRun when that place cannot be had here */
async function prove(place: Place, user: OrdinaryUser | undefined, tried: Tried): Promise<PlaceProof> {
  if (!place.vm && !place.container && !place.isOrdinary && !isPrivileged()) throw new CannotRun('needs root')
  const systemd = place.isSystemd ? makeSystemdRoot() : undefined
  try {
    return await runProof(place, commandOf(place, user, tried, systemd), user?.node ?? process.execPath)
  } finally {
    systemd?.remove()
  }
}

/** Starts the command, and reads what it has found. */
async function runProof(
  place: Place,
  { words, options }: ReturnType<typeof commandOf>,
  node: string,
): Promise<PlaceProof> {
  const [program = '', ...rest] = place.container ? words : [node, ...words]
  const { signal } = interruption
  const child = spawn(program, rest, { ...options, signal, stdio: ['ignore', 'pipe', 'inherit'] })
  // That it has been ended is no error of its own: it is awaited like any other end.
  child.on('error', error => {
    if (error.name !== 'AbortError') throw error
  })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? 1)))
  signal.throwIfAborted()
  if (code === EXIT.CANNOT) throw new CannotRun('cannot be had here')
  if (code !== 0 && place.container && stdout === '')
    throw new CannotRun(`the engine does not start it: exit code ${code}`)
  if (code !== 0) throw new Error(`${place.name}: exit code ${code}`)
  return JSON.parse(stdout) as PlaceProof
}

/** What one lab comes to in a cell: whether it ran, and what its check found. */
function cell({ exitCode, holds, failed, unjudged }: LabProof): string {
  const ran = exitCode === 0 ? '✔' : exitCode === EXIT.CANNOT ? '–' : '✘'
  const marks = [
    ...(failed.length > 0 ? [`${failed.length} ✘`] : []),
    ...(unjudged.length > 0 ? [`${unjudged.length} ?`] : []),
  ]
  return [ran, String(holds), ...marks].join(' ')
}

function row({ name }: Place, proof: PlaceProof | undefined): string {
  if (!proof) return `| ${name} | not to be had ${'| '.repeat(LABS.length + 1)}|`
  const { kernel, labs, groups, programs } = proof
  const tried = programs ? `${programs.right} right, ${programs.wrong} wrong, ${programs.others.length} otherwise` : ''
  const cells = LABS.map(({ slug }) => labs.find(lab => lab.slug === slug)).map(lab => (lab ? cell(lab) : ''))
  return `| ${[name, `${kernel}, ${groups}`, ...cells, tried].join(' | ')} |`
}

/** What the marks of the table mean for what was found, in full. */
function remarks(place: Place, { labs, programs }: PlaceProof): string[] {
  const about = labs.flatMap(({ slug, failed, unjudged }) => [
    ...failed.map(title => `${place.name}: ${slug}: does not hold: ${title}`),
    ...unjudged.map(title => `${place.name}: ${slug}: cannot be judged: ${title}`),
  ])
  return [...about, ...(programs?.others ?? []).map(line => `${place.name}: ${line}`)]
}

const HEAD = `| where | Linux, groups | ${LABS.map(({ number }) => `lab ${number}`).join(' | ')} | programs |`
const RULE = HEAD.replace(/[^|]+/g, '---')
const MARKS = ['<!-- matrix -->', '<!-- end of the matrix -->'] as const

const nameOf = (line: string) => line.split('|')[1]?.trim() ?? ''

/** A row that was measured before there were as many labs: nothing is known there of the newer ones. */
function widened(line: string): string {
  const cells = line.split('|')
  const lacking = HEAD.split('|').length - cells.length
  return lacking > 0 ? cells.toSpliced(-2, 0, ...Array<string>(lacking).fill(' ')).join('|') : line
}

/** A row in which some labs were not tried: of those it says what the last one says. */
const completed = (line: string, last: string): string =>
  line
    .split('|')
    .map((cell, i) => (cell.trim() === '' ? (last.split('|')[i] ?? cell) : cell))
    .join('|')

/** Puts rows into the table of README.md, each in the place of its last one. */
function writeRows(rows: readonly string[], labs: readonly number[] | undefined): void {
  const file = join(ROOT, 'README.md')
  const [before, rest] = readFileSync(file, 'utf8').split(MARKS[0])
  const [table, after] = rest?.split(MARKS[1]) ?? []
  if (before === undefined || table === undefined || after === undefined)
    throw new Error(`README.md has no ${MARKS.join(' … ')}`)
  const former = table.split('\n').map(widened)
  const formerOf = (row: string) => former.find(line => nameOf(line) === nameOf(row)) ?? row
  const lines = [...former, ...(labs ? rows.map(row => completed(row, formerOf(row))) : rows)]
  const latest = PLACES.flatMap(({ name }) => lines.findLast(line => nameOf(line) === name) ?? [])
  writeFileSync(file, [`${before}${MARKS[0]}`, HEAD, RULE, ...latest, `${MARKS[1]}${after}`].join('\n'))
}

async function main(): Promise<void> {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) return console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
  if (values.fresh) {
    process.exitCode = await proveFresh(values)
    return
  }
  listen()
  const places = PLACES.filter(({ name }) => name.includes(values.only ?? ''))
  const lines: string[] = []
  console.log([HEAD, RULE].join('\n'))
  let isGood = true
  for (const place of places) {
    // An ordinary user who starts this is one already.
    const user = place.isOrdinary && isPrivileged() ? new OrdinaryUser() : undefined
    user?.handOver()
    try {
      const proof = await prove(place, user, values)
      lines.push(row(place, proof))
      // What a container withholds is no failure, if the lab says so.
      const isFine = (code: number) => code === 0 || (place.container !== undefined && code === EXIT.CANNOT)
      isGood &&= proof.labs.every(({ exitCode, failed }) => isFine(exitCode) && failed.length === 0)
      console.log([lines.at(-1), ...remarks(place, proof).map(remark => `  ${remark}`)].join('\n'))
    } catch (error) {
      if (interruptedBy !== undefined) break
      if (!(error instanceof CannotRun)) throw error
      lines.push(row(place, undefined))
      console.log(`${lines.at(-1)}\n  ${error.message}`)
    } finally {
      user?.end()
    }
  }
  if (interruptedBy !== undefined) {
    process.exitCode = 128 + constants.signals[interruptedBy]
    return
  }
  if (values.write) writeRows(lines, values.labs)
  if (!isGood) process.exitCode = EXIT.FAILS
}

await runTool(main)
