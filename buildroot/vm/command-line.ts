/**
 * The command line of `npm run vm`: our options stand before the first word that is none; the rest is the command.
 */
import { availableParallelism } from 'node:os'
import { UsageError } from '../../lib/errors.ts'
import {
  bytes,
  choice,
  flag,
  helpLines,
  type Knob,
  type Knobs,
  parseKnobs,
  path,
  seconds,
} from '../../lib/lab/knobs.ts'

/** The layouts of control groups that distributions have had. */
export const LAYOUTS = ['v2', 'v1', 'hybrid'] as const
export type Layout = (typeof LAYOUTS)[number]
const ACCELERATORS = ['kvm', 'tcg'] as const

/** A whole number, from 1. */
function count(initial: number, help: string): Knob<number> {
  const parse = (text: string) => (/^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined)
  return { initial, help, expected: 'a number from 1 to 999', placeholder: 'NUMBER', parse }
}

const KNOBS = {
  cgroup: choice(LAYOUTS, 'v2', `which control groups: ${LAYOUTS.join(', ')}`),
  user: flag('runs the command as an ordinary user, in groups of its own'),
  kernel: path('FILE', 'this kernel, and no other'),
  modules: path('DIRECTORY', 'its modules (/lib/modules/RELEASE)'),
  memory: bytes(2e9, "the guest's memory"),
  cpus: count(Math.min(4, availableParallelism()), "the guest's processors"),
  accel: choice(ACCELERATORS, undefined, `how it runs: ${ACCELERATORS.join(', ')} (kvm where it works)`),
  patience: seconds(120, 'how long the guest may boot, and be silent'),
  timeout: seconds(0, 'how long all may take; 0 is for ever'),
  verbose: flag("shows the guest's console and the times"),
} satisfies Knobs

const HELP = [
  'Usage: npm run vm                                        a shell in the guest, with this checkout',
  '       npm run vm -- npm run check                       one command; its exit code comes back',
  '       npm run vm -- --cgroup v1 npm run check           our options come first',
  '',
  'The guest sees the machine as it is, and forgets what is written. Nothing of the machine changes.',
  '',
  'Options, with what they are otherwise in brackets:',
]

/** Below that the kernel finds no room for its first programs. */
const LEAST_MEMORY = 256e6

/** How many of the first words are options of ours, each with its value. */
function ownWords(args: readonly string[]): number {
  let at = 0
  while (args[at]?.startsWith('-') && args[at] !== '--') {
    const [name = ''] = (args[at] as string).replace(/^--/, '').split('=')
    const knob = (KNOBS as Knobs)[name]
    at += knob?.placeholder && !args[at]?.includes('=') ? 2 : 1
  }
  return Math.min(at, args.length)
}

/** The text of --help. */
export const helpText = (): string => [...HELP, ...helpLines(KNOBS)].join('\n')

/**
 * Reads the command line.
 * @param args without the name of the program
 * @returns the options' values, whether --help was asked for, and the command; an empty one is a shell
 * @throws UsageError
 */
export function readCommandLine(args: readonly string[]) {
  const end = ownWords(args)
  const { values, help } = parseKnobs(KNOBS, args.slice(0, end), 'none')
  const command = args[end] === '--' ? args.slice(end + 1) : args.slice(end)
  if (values.memory < LEAST_MEMORY)
    throw new UsageError(`--memory must be 256M at least, not ${values.memory}: Linux would not start`)
  if (values.modules && !values.kernel) throw new UsageError('--modules goes with --kernel')
  return { ...values, cgroup: values.cgroup as Layout, help, command }
}

/** What was asked for. */
export type Wish = ReturnType<typeof readCommandLine>
