/**
 * `npm run matrix`: every lab and every check in every place that this machine can offer, as a table; with `--write`
 * the one in README.md.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../lib/engine/root.ts'
import { CannotRun, EXIT } from '../../lib/errors.ts'
import { flag, helpLines, type Knob, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'
import type { LabProof, PlaceProof } from './place.ts'

const only: Knob<string | undefined> = {
  initial: undefined,
  help: 'the places whose names have this word in them',
  expected: 'a word',
  placeholder: 'WORD',
  parse: text => text,
}

const KNOBS = {
  only,
  programs: flag('tries the right and wrong programs, too, here and in v2: half an hour more'),
  write: flag('writes what came of it into the table of README.md'),
}

const HELP = [
  'Usage: npm run matrix                 every lab and every check in every place: some ten minutes',
  '',
  'As root it tries this machine as root and as an ordinary user; the virtual machine needs no root.',
  '',
  'Options:',
]

/** Where labs and checks are tried. */
interface Place {
  readonly name: string
  /** Options of `npm run vm`; without them it is this machine. */
  readonly vm?: readonly string[]
  readonly isOrdinary?: boolean
  readonly programs?: boolean
}

const PLACES: readonly Place[] = [
  { name: 'this machine, root', programs: true },
  { name: 'this machine, ordinary user', isOrdinary: true },
  { name: 'virtual machine, v2, root', vm: ['--cgroup', 'v2'], programs: true },
  { name: 'virtual machine, v2, ordinary user', vm: ['--cgroup', 'v2', '--user'] },
  { name: 'virtual machine, v1, root', vm: ['--cgroup', 'v1'] },
  { name: 'virtual machine, v1, ordinary user', vm: ['--cgroup', 'v1', '--user'] },
  { name: 'virtual machine, hybrid, root', vm: ['--cgroup', 'hybrid'] },
]

const NODE = [
  '--single-threaded',
  '--v8-pool-size=1',
  '--enable-source-maps',
  'lib/engine/start.mjs',
  'checks/trials/place.ts',
]
const VM = ['--import', 'tsx', 'buildroot/vm/vm.ts']
/** A guest without KVM is so slow that a program needs more time. */
const SLOW = ['--timeout', '120']

/** The command that proves a place, and who gives it. */
function commandOf({ vm, programs }: Place, user: OrdinaryUser | undefined, withPrograms: boolean) {
  const more = withPrograms && programs ? ['--programs'] : []
  if (vm) return { words: [...VM, ...vm, process.execPath, ...NODE, ...SLOW, ...more], options: { cwd: ROOT } }
  return { words: [...NODE, ...more], options: user ? user.options : { cwd: ROOT } }
}

/** Runs the proof in one place. @throws CannotRun when that place cannot be had here */
async function prove(place: Place, user: OrdinaryUser | undefined, withPrograms: boolean): Promise<PlaceProof> {
  if (!place.vm && !place.isOrdinary && !isPrivileged()) throw new CannotRun('needs root')
  const { words, options } = commandOf(place, user, withPrograms)
  const child = spawn(process.execPath, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? 1)))
  if (code === EXIT.CANNOT) throw new CannotRun('cannot be had here')
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
  return `| ${[name, `${kernel}, ${groups}`, ...labs.map(cell), tried].join(' | ')} |`
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

/** Puts rows into the table of README.md, each in the place of its last one. */
function writeRows(rows: readonly string[]): void {
  const file = join(ROOT, 'README.md')
  const [before, rest] = readFileSync(file, 'utf8').split(MARKS[0])
  const [table, after] = rest?.split(MARKS[1]) ?? []
  if (before === undefined || table === undefined || after === undefined)
    throw new Error(`README.md has no ${MARKS.join(' … ')}`)
  const lines = [...table.split('\n'), ...rows]
  const latest = PLACES.flatMap(({ name }) => lines.findLast(line => nameOf(line) === name) ?? [])
  writeFileSync(file, [`${before}${MARKS[0]}`, HEAD, RULE, ...latest, `${MARKS[1]}${after}`].join('\n'))
}

async function main(): Promise<void> {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) return console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
  const places = PLACES.filter(({ name }) => name.includes(values.only ?? ''))
  const lines: string[] = []
  console.log([HEAD, RULE].join('\n'))
  let isGood = true
  for (const place of places) {
    // An ordinary user who starts this is one already.
    const user = place.isOrdinary && isPrivileged() ? new OrdinaryUser() : undefined
    user?.handOver()
    try {
      const proof = await prove(place, user, values.programs)
      lines.push(row(place, proof))
      isGood &&= proof.labs.every(({ exitCode, failed }) => exitCode === 0 && failed.length === 0)
      console.log([lines.at(-1), ...remarks(place, proof).map(remark => `  ${remark}`)].join('\n'))
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error
      lines.push(row(place, undefined))
      console.log(`${lines.at(-1)}\n  ${error.message}`)
    } finally {
      user?.end()
    }
  }
  if (values.write) writeRows(lines)
  if (!isGood) process.exitCode = EXIT.FAILS
}

await runTool(main)
