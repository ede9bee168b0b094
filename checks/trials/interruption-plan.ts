/**
 * What is interrupted, when, how and where: decided by a seed, so that it can be repeated.
 */
import { join } from 'node:path'
import { LABS } from '../../lib/lab/manifest.ts'
import { randomFrom } from './random.ts'

/** One way in which a reader starts something. */
export interface Start {
  readonly argv: readonly string[]
  /** What is typed at its terminal; without it there is none, and nothing to read. */
  readonly typed?: string
  /** Nothing is compiled yet and there is no root file system. */
  readonly cold?: boolean
  /** How long it takes on two cores, in seconds. */
  readonly usual: number
}

/** What a signal is sent to: one process, all at once, or the terminal's foreground process group, as by Ctrl-C. */
export type Target = 'one' | 'all' | 'foreground'

/** One interruption. The numbers from 0 to 1 say when in the run, and which of the processes that are there. */
export interface Plan {
  readonly start: Start
  readonly moment: number
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'
  readonly target: Target
  readonly who: number
}

/** How long each lab takes on two cores, and its check, in seconds. */
const LAB_SECONDS = [0.8, 0.8, 2.4, 1.8, 2.5, 3]
const CHECK_SECONDS = [0.6, 0.6, 1.8, 0.8, 2.6, 2.8]
const NPX_SECONDS = 0.8
const TSX = join('node_modules', '.bin', 'tsx')
const TYPED = 'sleep 0.5\nexit 0\n'

const program = (number: number) => join('labs', `${LABS.find(lab => lab.number === number)?.slug}.ts`)

function startsOf(number: number): Start[] {
  const words = [program(number), ...(number === 4 ? ['--', 'sleep', '0.5'] : [])]
  const usual = LAB_SECONDS[number - 1] ?? 2
  return [
    { argv: ['npx', 'tsx', ...words], usual: usual + NPX_SECONDS },
    { argv: [TSX, ...words], usual },
    { argv: ['node', '--import', 'tsx', ...words], usual },
  ]
}

const checkOf = (number: number): Start => ({
  argv: ['npm', 'run', 'check', `lab${number}`],
  usual: CHECK_SECONDS[number - 1] ?? 2,
})

const STARTS: readonly Start[] = [
  ...LABS.flatMap(({ number }) => startsOf(number)),
  { argv: ['npx', 'tsx', program(4)], typed: TYPED, usual: 3 },
  { argv: [TSX, program(4), '--pivot-root'], typed: TYPED, usual: 1.6 },
  { argv: [TSX, program(6)], typed: '', usual: 3.8 },
  ...LABS.map(({ number }) => checkOf(number)),
  { argv: ['npm', 'run', 'check'], usual: 3.4 },
  { argv: ['npm', 'run', 'check', 'lab6'], typed: '', usual: 2.8 },
  { argv: ['npx', 'tsx', program(2)], cold: true, usual: 1.8 },
  { argv: ['npx', 'tsx', program(4), '--', 'true'], cold: true, usual: 4.4 },
  { argv: ['npm', 'run', 'check', 'lab1'], cold: true, usual: 1.4 },
  { argv: ['npm', 'run', 'rootfs'], cold: true, usual: 1.2 },
]

/** The run that is not interrupted, to measure how fast this machine is. */
export const YARDSTICK = STARTS.find(({ argv }) => argv.join(' ') === `npx tsx ${program(2)}`) as Start

/** What the run of that number does under that seed. */
export function planOf(seed: number, number: number): Plan {
  const random = randomFrom(seed * 100_003 + number)
  random()
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  return {
    start: pick(STARTS),
    moment: random(),
    signal: pick(['SIGINT', 'SIGTERM', 'SIGKILL']),
    target: pick(['one', 'one', 'one', 'one', 'one', 'all', 'foreground']),
    who: random(),
  }
}

/** For the reader. */
export function describePlan({ start, moment, signal, target }: Plan): string {
  const whom = { one: 'one process', all: 'all processes', foreground: 'the foreground' }[target]
  const how = [start.cold ? 'nothing compiled' : '', start.typed === undefined ? '' : 'at a terminal'].filter(Boolean)
  const suffix = how.length > 0 ? ` (${how.join(', ')})` : ''
  return `${start.argv.join(' ')}${suffix}: ${signal} to ${whom} at ${(moment * 100).toFixed(0)} %`
}
