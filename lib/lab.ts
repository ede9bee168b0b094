/**
 * How every lab starts: its options, its --help, what it needs, and how its errors look.
 */
import { readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { CannotRun, describeError, exitCodeOf } from './errors.ts'
import { hierarchyWith } from './hierarchies.ts'
import { helpLines, type Knobs, parseKnobs, type Values, type Words } from './knobs.ts'
import { findLab, type Lab, type Need } from './manifest.ts'
import { writeAll } from './output.ts'
import { findProgram, installHint, SBIN, type Tool } from './packages.mjs'
import { setPace, setQuiet } from './say.ts'

export { findProgram }

/** For a root that was stripped of its capabilities. */
const CONTAINER_REMEDY =
  'this root has not both capabilities, as in a container: start that one with --cap-add SYS_ADMIN --cap-add NET_ADMIN'

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n

/** Whether the calling process may make namespaces and interfaces, whatever its user. */
export function isPrivileged(): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`)
  return [CAP_NET_ADMIN, CAP_SYS_ADMIN].every(capability => (effective >> capability) & 1n)
}

/**
 * Makes sure that this machine and this user can do what is asked.
 * @param what who asks, `lab 3`
 * @param command how to start it again with sudo
 * @throws CannotRun with the reason and the remedy
 */
export function ensure(needs: readonly Need[], what: string, command: string): void {
  if (needs.includes('root') && !isPrivileged()) {
    const remedy = process.getuid?.() === 0 ? CONTAINER_REMEDY : `sudo ${command}`
    throw new CannotRun(
      `${what} makes new namespaces or groups, which takes root (CAP_SYS_ADMIN, CAP_NET_ADMIN)\nhint: ${remedy}`,
    )
  }
  for (const need of needs) {
    if (need === 'memory' || need === 'freezer') hierarchyWith(need)
    else if (need !== 'root' && !findProgram(need)) throw missing(need, what)
  }
}

function missing(program: Tool, what: string): CannotRun {
  return new CannotRun(`${what} needs the program ${program}, and PATH has none\nhint: ${installHint([program])}`)
}

function printHelp({ number, title, question, slug, manPages, needs }: Lab, knobs: Knobs, words: Words): void {
  const sudo = needs.includes('root') ? 'sudo ' : ''
  const command = words === 'command' ? ' [-- command]' : ''
  const lines = [
    `Lab ${number}: ${title}`,
    question,
    '',
    `Usage: ${sudo}npx tsx labs/${slug}.ts [options]${command}`,
    '',
    'Options, with what they are otherwise in brackets:',
    ...helpLines(knobs),
    '',
    `Check it:  sudo npm run check lab${number}`,
    `Man pages: ${manPages.join(', ')}`,
  ]
  writeAll(1, `${lines.join('\n')}\n`)
}

/** Prints an error as a reader should see it and ends the program with the exit code it asks for. */
export function fail(error: unknown): never {
  writeAll(2, `${describeError(error)}\n`)
  process.exit(exitCodeOf(error))
}

/** What a lab may ask of {@link startLab} besides. */
export interface LabOptions<V> {
  /** Whether it takes a command behind `--`. */
  readonly words?: Words
  /** What it needs with these options, where that is not what the manifest says. */
  readonly needs?: (values: V, needs: readonly Need[]) => readonly Need[]
}

/**
 * Starts a lab: from here on an error is printed as a sentence and ends the program with its exit code (2 for wrong
 * usage, 77 for a machine that cannot, else 1).
 * @param name the lab's slug
 * @param knobs its options
 * @returns the options' values, and the words of the command behind `--`
 */
export function startLab<K extends Knobs>(
  name: string,
  knobs: K,
  options: LabOptions<Values<K>> = {},
): Values<K> & { readonly words: readonly string[] } {
  process.on('uncaughtException', fail)
  const lab = findLab(name)
  const { values, help, words } = parseKnobs(knobs, process.argv.slice(2), options.words ?? 'none')
  if (help) {
    printHelp(lab, knobs, options.words ?? 'none')
    process.exit(0)
  }
  // On many machines an ordinary user's PATH lacks the folder of ip.
  process.env['PATH'] = [process.env['PATH'], ...SBIN].filter(Boolean).join(delimiter)
  if (typeof values['pace'] === 'number') setPace(values['pace'])
  setQuiet(values['quiet'] === true)
  ensure(
    options.needs?.(values, lab.needs) ?? lab.needs,
    `lab ${lab.number}`,
    ['npx tsx', `labs/${lab.slug}.ts`, ...process.argv.slice(2)].join(' '),
  )
  return { ...values, words }
}
