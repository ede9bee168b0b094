/**
 * Program: starts /bin/true again and again in five new namespaces, with cloneExec() and with what one would use
 * otherwise. Started by bench.ts: program-path FOLDER STARTER; prints a {@link ProgramPath}.
 */
import { spawnSync } from 'node:child_process'
import { cloneExec } from '../../lib/clone-exec.ts'
import { CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS } from '../../lib/flags.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { unshare } from '../../lib/namespaces.ts'
import { waitpid } from '../../lib/process.ts'
import { errorOf, hideOldCgroups, makeContainer } from './crun.ts'
import { median, rotated } from './measure.ts'

/** One way to start the program. */
export interface Contestant {
  readonly name: string
  /** Milliseconds for one start, the median of the rounds. */
  readonly time?: number
  /** Why it cannot be measured. */
  readonly cannot?: string
}

/** What this program prints. */
export interface ProgramPath {
  readonly rounds: number
  readonly ours: number
  /** The same calls in C first. */
  readonly rivals: readonly Contestant[]
  readonly cgroupsHidden: boolean
}

const FIVE = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
const TRUE = '/bin/true'
const ROUNDS = 15

interface Runner {
  readonly name: string
  /** Runs once and returns the milliseconds that one start took. */
  readonly measure: () => number
}

function measureOurs(starts: number): number {
  const from = performance.now()
  for (let i = 0; i < starts; i++) {
    const { code } = waitpid(cloneExec([TRUE], { flags: FIVE }))
    if (code !== 0) throw new Error(`${TRUE}: exit code ${code}`)
  }
  return (performance.now() - from) / starts
}

const [folder, starter] = process.argv.slice(2) as [string, string]

/** All others are started by the same loop in C, which measures the time itself. */
function starterOf(name: string, starts: number, flags: number, argv: readonly string[]): Runner {
  const measure = () => {
    const run = spawnSync(starter, [String(starts), String(flags), ...argv], { encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`${name}: ${run.stderr || run.error?.message}`)
    return Number(run.stdout) / 1e6
  }
  return { name, measure }
}

interface Tool {
  readonly name: string
  readonly starts: number
  /** Its command, from where it is. */
  readonly command: (file: string) => string[]
}

const UNSHARED = ['--unshare-net', '--unshare-pid', '--unshare-ipc', '--unshare-uts']

const TOOLS: readonly Tool[] = [
  {
    name: 'unshare',
    starts: 10,
    command: file => [file, '--mount', '--uts', '--ipc', '--net', '--pid', '--fork', TRUE],
  },
  { name: 'bwrap', starts: 10, command: file => [file, '--ro-bind', '/', '/', ...UNSHARED, '--proc', '/proc', TRUE] },
  { name: 'crun', starts: 5, command: file => makeContainer(file, folder) },
]

let cgroupsHidden = false

/** Tries the command once, for crun after what it needs has been arranged. @returns why it does not work, if so */
function obstacle(name: string, argv: readonly string[]): string | undefined {
  const error = errorOf(argv)
  if (name !== 'crun' || !error?.includes('hybrid')) return error
  hideOldCgroups()
  cgroupsHidden = true
  return errorOf(argv)
}

function prepare({ name, starts, command }: Tool): Runner | Contestant {
  const file = findProgram(name)
  if (!file) return { name, cannot: 'not installed' }
  const argv = command(file)
  const cannot = obstacle(name, argv)
  return cannot === undefined ? starterOf(name, starts, 0, argv) : { name, cannot }
}

function contest(): ProgramPath {
  // What is mounted for crun is then seen by this process and its children alone.
  unshare(CLONE_NEWNS)
  const tools = TOOLS.map(prepare)
  const ours: Runner = { name: 'ours', measure: () => measureOurs(30) }
  const inC = starterOf('the same calls in C', 30, FIVE >>> 0, [TRUE])
  const runners = [ours, inC, ...tools.filter(tool => 'measure' in tool)]
  const times = new Map(runners.map(({ name }) => [name, [] as number[]]))
  for (const { measure } of runners) measure()
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, measure } of rotated(runners, round)) times.get(name)?.push(measure())
  }
  const rivals = [inC, ...tools].map(rival =>
    'measure' in rival ? { name: rival.name, time: median(times.get(rival.name) ?? []) } : rival,
  )
  return { rounds: ROUNDS, ours: median(times.get('ours') ?? []), rivals, cgroupsHidden }
}

writeAll(1, `${JSON.stringify(contest())}\n`)
