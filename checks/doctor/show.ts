/**
 * The view for people: the machine, a table of labs and ways, and what is not good.
 */
import { chalk } from '../../lib/lab/colour.ts'
import { wrap } from '../../lib/lab/layout.ts'
import { columns } from '../report/live-line.ts'
import type { State } from './find/finding.ts'
import type { Facts } from './observe/facts.ts'
import { ACTIONS, type Cell, type Diagnosed, type Effect, type Row, WAYS, type Way } from './table.ts'

type Found = Diagnosed['findings'][number]

const ANSWERS: Readonly<Record<Cell['answer'], string>> = {
  yes: chalk.green('✔'),
  limited: chalk.yellow('~'),
  no: chalk.red('✘'),
  unknown: chalk.yellow('?'),
}
const MARKS: Readonly<Record<State, string>> = {
  good: ANSWERS.yes,
  limited: ANSWERS.limited,
  missing: ANSWERS.no,
  unknown: ANSWERS.unknown,
}
const LEGEND = `${ANSWERS.yes} yes   ${ANSWERS.limited} with a loss   ${ANSWERS.no} no   ${ANSWERS.unknown} not known`

const lay = (line: string, hang: number) => wrap(line, hang, Math.min(columns(), WIDTH))
/** The width of the text, also into a pipe. */
const WIDTH = 80
const COLUMN = 14

/** The machine in one line. */
const machineLine = ({ distribution, kernel, arch, node, user, wsl, container }: Facts) =>
  [
    `${distribution.name}, Linux ${kernel} on ${arch}, Node ${node}, as ${user.name}`,
    ...(wsl ? [`in WSL ${wsl}`] : []),
    ...(container ? [`in a container (${container})`] : []),
  ].join(', ')

function tableLines(labs: readonly Row[], { ordinary }: Facts): string[] {
  const heads: Readonly<Record<Way, string>> = {
    root: 'as root',
    user: ordinary && ordinary.length < COLUMN - 3 ? `as ${ordinary}` : 'without root',
    vm: 'npm run vm',
  }
  const cells = ({ ways }: Row) =>
    WAYS.map(way => ACTIONS.map(action => ANSWERS[ways[way][action].answer] + ' '.repeat(action.length)).join(''))
  const pad = ' '.repeat(COLUMN - 'run check '.length)
  const names = labs.map(({ number, title }) => `lab ${number}: ${title}`)
  const width = Math.max(...names.map(name => name.length)) + 2
  return [
    chalk.dim(`${' '.repeat(width)}${WAYS.map(way => heads[way].padEnd(COLUMN)).join('')}`.trimEnd()),
    chalk.dim(`${' '.repeat(width)}${WAYS.map(() => 'run check '.padEnd(COLUMN)).join('')}`.trimEnd()),
    ...labs.map((row, i) => `${names[i]?.padEnd(width)}${cells(row).join(pad)}`.trimEnd()),
    chalk.dim(`${' '.repeat(width)}${LEGEND}`),
  ]
}

const WAY_NAMES: Readonly<Record<Way, string>> = { root: 'as root', user: 'without root', vm: 'in the virtual machine' }

/** `labs 5 and 6`, from their slugs. */
function labNames(slugs: readonly string[], labs: readonly Row[]): string {
  const numbers = labs.filter(({ slug }) => slugs.includes(slug)).map(({ number }) => number)
  if (numbers.length === labs.length) return 'every lab'
  return numbers.length === 1 ? `lab ${numbers[0]}` : `labs ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`
}

const VERBS = { run: 'running ', check: 'checking ', 'run check': '' }

/** What a finding makes a difference to, such as `running lab 5 without root`. */
function effectsLine(affects: readonly Effect[], labs: readonly Row[]): string {
  const parts = new Map<string, string[]>()
  for (const { slug } of labs) {
    const own = affects.filter(({ lab }) => lab === slug)
    const ways = WAYS.filter(way => own.some(one => one.way === way))
    const verb = VERBS[ACTIONS.filter(action => own.some(one => one.action === action)).join(' ') as keyof typeof VERBS]
    const where = ways.includes('root') && ways.includes('user') ? '' : ` ${WAY_NAMES[ways[0] as Way]}`
    if (own.length > 0) parts.set(`${verb}|${where}`, [...(parts.get(`${verb}|${where}`) ?? []), slug])
  }
  return [...parts].map(([key, slugs]) => key.replace('|', labNames(slugs, labs))).join(', ')
}

function details({ cause, remedy, affects }: Found, labs: readonly Row[]): string[] {
  const entries = { cause, affects: affects.length > 0 ? effectsLine(affects, labs) : undefined }
  const [first, ...more] = (remedy ?? '').split('\n')
  return [
    ...Object.entries(entries).flatMap(([name, text]) =>
      text ? [lay(`      ${`${name}:`.padEnd(9)}${text}`, 15)] : [],
    ),
    // A command is never wrapped, because the line break would be copied with it.
    ...(first ? [`      remedy:  ${first}`, ...more.map(line => `               ${line}`)] : []),
  ]
}

/** One finding: a single line if it is good, else with the cause and the remedy. */
function findingLines(found: Found, labs: readonly Row[]): string[] {
  const head = lay(`  # ${found.title}: ${found.seen}`, 6).replace('#', MARKS[found.state])
  return found.state === 'good' ? [head] : [head, ...details(found, labs)]
}

/** The findings that are not good, or all; those that concern the user who asks come first. */
function chosen(findings: readonly Found[], { user }: Facts, all: boolean): Found[] {
  const own = user.uid === 0 && !user.isMapped ? 'root' : 'user'
  const rank = ({ affects }: Found) => (affects.some(({ way }) => way === own) ? 0 : 1)
  if (all) return [...findings]
  return findings.filter(({ state }) => state !== 'good').sort((one, other) => rank(one) - rank(other))
}

/** Prints. @param all whether what is good is shown, too */
export function show(facts: Facts, { findings, labs }: Diagnosed, next: string, all: boolean): void {
  const shown = chosen(findings, facts, all)
  const lines = [
    chalk.bold(lay(machineLine(facts), 2)),
    '',
    ...tableLines(labs, facts),
    ...(shown.length > 0 ? [''] : []),
    ...shown.flatMap(found => findingLines(found, labs)),
    '',
    `next: ${chalk.bold(next)}`,
  ]
  console.log(lines.join('\n'))
}
