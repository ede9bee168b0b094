/**
 * How every lab starts: its options, its --help, what it needs, and how its errors look.
 */
import { delimiter } from 'node:path'
import { CannotRun, describeError, EXIT, exitCodeOf } from '../errors.ts'
import { homesWith } from '../group/delegation.ts'
import { hierarchyWith } from '../group/hierarchies.ts'
import { ASKED, continueInScope, isInScope } from '../group/systemd.ts'
import { findProgram, isBusybox, SBIN } from '../machine/find-program.ts'
import { ensureKernel } from '../machine/kernel-version.ts'
import { writeAll } from '../machine/output.ts'
import { installHint, type Tool } from '../machine/packages.mjs'
import { ruleProgram } from '../net/nat/firewall.ts'
import { ensureRawSockets } from '../net/raw-socket.ts'
import { ensurePrivileges, ensureUserNamespaces, explainRefusal, isPrivilege } from '../rights/privileges.ts'
import { whyNoComparison } from '../trace/kcmp.ts'
import { helpLines, type Knobs, parseKnobs, type Values, type Words } from './knobs.ts'
import { findLab, isController, type Lab, type Need, takesRoot } from './manifest.ts'
import { note, setPace, setQuiet } from './say.ts'

/**
 * Makes sure that this machine has the programs and controllers that are needed.
 * @param what who asks, `lab 3`
 * @throws CannotRun with the reason and the remedy
 */
export function ensure(needs: readonly Need[], what: string): void {
  for (const need of needs) {
    if (isController(need)) hierarchyWith(need)
    else if (need === 'ip' || need === 'ping') ensureProgram(need, what)
    else if (need === 'nft') ruleProgram(what)
    else if (need === 'kcmp') ensureComparing(what)
    else if (need === 'user-namespaces') ensureUserNamespaces(what)
  }
}

function ensureComparing(what: string): void {
  const lack = whyNoComparison()
  if (lack) throw new CannotRun(`${what} needs kcmp(2), and ${lack.seen}: ${lack.cause}\nhint: ${lack.remedy}`)
}

function ensureProgram(program: Tool, what: string): void {
  const path = findProgram(program)
  const lack = (text: string) => new CannotRun(`${what} needs ${text}\nhint: ${installHint([program])}`)
  if (!path) throw lack(`the program ${program}, and PATH has none`)
  if (program === 'ip' && isBusybox(path)) throw lack(`the ip of iproute2: ${path} is busybox, and makes no veth pair`)
}

function printHelp(lab: Lab, knobs: Knobs, words: Words): void {
  const { number, title, question, slug, manPages } = lab
  const sudo = takesRoot(lab) ? '[sudo] ' : ''
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
    `Check it:  npm run check lab${number}`,
    `Man pages: ${manPages.join(', ')}`,
  ]
  writeAll(1, `${lines.join('\n')}\n`)
}

/**
 * Prints an error as a reader should see it and ends the program with the exit code it asks for.
 * @param otherwise the code of any error that asks for none: of a tool that it failed itself
 */
export function fail(error: unknown, otherwise: number = EXIT.FAULT): never {
  // If nothing can be written to standard error, the exit code still tells what happened.
  try {
    writeAll(2, `${describeError(error)}\n`)
  } finally {
    process.exit(exitCodeOf(error, otherwise))
  }
}

/**
 * Runs a tool to its end. Any error in it, at once or later in a callback, becomes a sentence and an exit code (2 for
 * wrong usage, 77 for a machine that cannot run it, else 70), and never Node's own 1, which would say "does not hold".
 */
export async function runTool(main: () => void | Promise<void>): Promise<void> {
  process.on('uncaughtException', error => fail(error))
  try {
    await main()
  } catch (error) {
    fail(error)
  }
}

const FROM = `: systemd gave it (${ASKED})`

/** Asks systemd for a group where the lab may make none itself, and says where groups are made if not at the root. */
function ensureHome(needs: readonly Need[]): void {
  for (const need of needs.filter(isController)) {
    const [home] = homesWith(need)
    if (!home) continueInScope()
    else if (home.path !== home.hierarchy.path)
      note(`You are not root here, so groups are made in ${home.path}, which is yours${isInScope() ? FROM : ''}.`)
  }
}

/** Further options of {@link startLab}. */
export interface LabOptions {
  /** Whether it takes a command behind `--`. */
  readonly words?: Words
}

/**
 * Starts a lab: from here on an error is printed as a sentence and ends the program with its exit code (2 for wrong
 * usage, 77 for a machine that cannot run it, else 1).
 * @param name the lab's slug
 * @param knobs its options
 * @returns the options' values, and the words of the command behind `--`. In a process without the privileges that the
 *   lab needs it never returns: the lab starts again in a user namespace, and this process waits for its end.
 */
export async function startLab<K extends Knobs>(
  name: string,
  knobs: K,
  options: LabOptions = {},
): Promise<Values<K> & { readonly words: readonly string[] }> {
  const lab = findLab(name)
  const explain = (error: unknown) =>
    lab.needs.includes('user-namespaces') ? explainRefusal(error, `lab ${lab.number}`) : error
  process.on('uncaughtException', error => fail(explain(error), EXIT.FAILS))
  const { values, help, words } = parseKnobs(knobs, process.argv.slice(2), options.words ?? 'none')
  if (help) {
    printHelp(lab, knobs, options.words ?? 'none')
    process.exit(0)
  }
  // On many machines an ordinary user's PATH lacks the folder of ip.
  process.env['PATH'] = [process.env['PATH'], ...SBIN].filter(Boolean).join(delimiter)
  if (typeof values['pace'] === 'number') setPace(values['pace'])
  setQuiet(values['quiet'] === true)
  const command = ['npx tsx', `labs/${lab.slug}.ts`, ...process.argv.slice(2)].join(' ')
  ensureKernel()
  ensure(lab.needs, `lab ${lab.number}`)
  await ensurePrivileges(lab.needs.filter(isPrivilege), `lab ${lab.number}`, command, note)
  if (lab.needs.includes('ping')) ensureRawSockets(`lab ${lab.number}`)
  if (values['group'] === undefined) ensureHome(lab.needs)
  return { ...values, words }
}
