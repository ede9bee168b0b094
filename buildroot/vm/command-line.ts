/**
 * The command line of `npm run vm`: our options come first, and the first word that is no option begins the command.
 */
import { existsSync } from 'node:fs'
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
import { FLOOR, kernelIsAtLeast } from '../../lib/machine/kernel-version.ts'
import { ARCHES, type Arch, OWN_ARCH } from './architecture.ts'

/** The layouts of control groups that distributions have had. */
export const LAYOUTS = ['v2', 'v1', 'hybrid'] as const
export type Layout = (typeof LAYOUTS)[number]
const ACCELERATORS = ['kvm', 'tcg'] as const

/** A whole number, from 1. */
function count(initial: number, help: string): Knob<number> {
  const parse = (text: string) => (/^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined)
  return { initial, help, expected: 'a number from 1 to 999', placeholder: 'NUMBER', parse }
}

/** A version of a kernel, and not the name of its file: `5.10`, `7`, `6.12.95`. */
const VERSION = /^\d+(\.\d+){0,2}$/

/** A kernel by its file, or by how its version begins. */
const kernel: Knob<{ readonly file: string } | { readonly version: string } | undefined> = {
  initial: undefined,
  help: "this kernel: a file, or how its version begins (5.10, 7), to be had from Debian's archive",
  expected: 'a file or a version such as 6.12',
  placeholder: 'KERNEL',
  parse: text => {
    if (text === '') return undefined
    return VERSION.test(text) && !existsSync(text) ? { version: text } : { file: text }
  },
}

const KNOBS = {
  arch: choice(ARCHES, OWN_ARCH, `the guest's processor: ${ARCHES.join(', ')}`),
  cgroup: choice(LAYOUTS, 'v2', `which control groups: ${LAYOUTS.join(', ')}`),
  user: flag('runs the command as an ordinary user, in groups of its own'),
  kernel,
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

/** With less memory the kernel has no room for its first programs, in bytes. */
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

/** Whether no kernel whose version begins so is new enough: `5.4`, but not `5`. */
function isBelowFloor(version: string): boolean {
  const [major = 0, minor = Number.POSITIVE_INFINITY] = version.split('.').map(Number)
  return !kernelIsAtLeast(...FLOOR, `${major}.${Math.min(minor, 999)}`)
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
  const version = values.kernel && 'version' in values.kernel ? values.kernel.version : undefined
  if (values.modules && (!values.kernel || version)) throw new UsageError('--modules goes with --kernel FILE')
  if (version && isBelowFloor(version))
    throw new UsageError(`--kernel ${version}: the labs and their checks need Linux ${FLOOR.join('.')} or later`)
  const arch = values.arch as Arch
  if (values.accel === 'kvm' && arch !== OWN_ARCH)
    throw new UsageError(`--accel kvm: KVM runs guests of this machine's own processor, ${OWN_ARCH}, and no ${arch}`)
  return { ...values, arch, cgroup: values.cgroup as Layout, help, command }
}

/** What was asked for. */
export type Wish = ReturnType<typeof readCommandLine>
