/**
 * A snapshot as lines for a terminal of any size.
 */
import { basename } from 'node:path'
import { chalk } from '../../lib/lab/colour.ts'
import { cut, widthOf } from '../../lib/lab/layout.ts'
import { harmlessLine } from '../judge/sanitize.ts'
import { type Group, KINDS, type Process, type Snapshot } from './facts.ts'
import type { Letters } from './letters.ts'

/** Columns and rows of the terminal; Infinity for no limit. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** What stands above the processes. */
export interface Heading {
  readonly title: string
  /** Such as `running for 3.2 s`. */
  readonly state: string
}

const STATES: Readonly<Record<string, string>> = {
  R: 'runs',
  S: 'sleeps',
  D: 'waits',
  I: 'idle',
  T: 'stopped',
  t: 'traced',
  Z: 'zombie',
  X: 'dead',
}
const HEADERS = { cgroup: 'cgr', ipc: 'ipc', mnt: 'mnt', net: 'net', pid: 'pid', user: 'usr', uts: 'uts' } as const
/** A piece of text that may be coloured, in a column of its own. */
interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

const MEGA = 1e6
export const megabytes = (bytes: number): string =>
  bytes >= 1000 * MEGA ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / MEGA).toFixed(1)} MB`

/** A text filled or cut to exactly `width` columns; a text that was cut ends in an ellipsis. */
export function fill(text: string, width: number, atRight = false): string {
  const short = widthOf(text) > width ? `${cut(text, width - 1)}…` : text
  const rest = ' '.repeat(Math.max(0, width - widthOf(short)))
  return atRight ? rest + short : short + rest
}

/** What a process is called: its program without Node's own words and without long paths. */
function nameOf({ words, isCopy, helper }: Process): string {
  if (helper) return helper
  if (isCopy) return '(a copy)'
  const [program = '', ...rest] = words
  const isNode = /^node/.test(basename(program))
  // Node's own words come before its program's name.
  const at = rest.findIndex(
    word => /\.(mjs|[cm]?[jt]s)$/.test(word) && !word.startsWith('-') && !/lib\/engine\/start\.mjs$/.test(word),
  )
  const shown = isNode && at >= 0 ? rest.slice(at) : rest
  const bare = shown.map(word => (word.startsWith('/') && /\.(mjs|ts)$/.test(word) ? basename(word) : word))
  const head = isNode && at >= 0 ? [] : [basename(program)]
  return harmlessLine([...head, ...bare].join(' ').replace(/-[0-9a-f]{8}\.mjs/, '.ts'))
}

/** The lines that connect a process with its parent: `│  └─ `. */
function branches(processes: readonly Process[]): string[] {
  return processes.map((process, i) => {
    const goesOn = (depth: number) => {
      const next = processes.slice(i + 1).find(other => other.depth <= depth)
      return next?.depth === depth
    }
    const trunks = Array.from({ length: Math.max(0, process.depth - 1) }, (_, at) => (goesOn(at + 1) ? '│ ' : '  '))
    return process.depth === 0 ? '' : `${trunks.join('')}${goesOn(process.depth) ? '├ ' : '└ '}`
  })
}

const isFrozen = (process: Process, groups: readonly Group[]) =>
  groups.some(({ path, freezer }) => freezer === 'FROZEN' && process.groups.includes(path))

function stateCell(process: Process, groups: readonly Group[]): Cell {
  if (isFrozen(process, groups)) return { text: 'FROZEN', paint: chalk.cyanBright.inverse }
  const text = STATES[process.state] ?? process.state
  return process.state === 'R'
    ? { text, paint: chalk.green }
    : process.state === 'Z'
      ? { text, paint: chalk.red }
      : { text }
}

function namespaceCells({ namespaces, state }: Process, letters: Letters): Cell[] {
  return KINDS.map(kind => {
    // A zombie is in no namespace any more.
    if (!namespaces) return { text: state === 'Z' ? '' : '?', paint: chalk.dim }
    const found = letters.of(kind, namespaces[kind])
    return found
      ? { text: found.letter, paint: text => chalk.bold(found.paint(text)) }
      : { text: '·', paint: chalk.dim }
  })
}

const paintCell = ({ text, paint }: Cell, width: number, atRight = false) => {
  const whole = fill(text, width, atRight)
  return paint ? whole.replace(text, () => paint(text)) : whole
}

/** Columns besides that of the process: PID, inside, state, RSS, seven namespaces, groups. */
const [PID, INSIDE, STATE, RSS, NAMESPACE] = [7, 6, 7, 8, 4] as const
/** Between any two columns is a space, however full they are. */
const BESIDE = 1 + PID + 1 + INSIDE + 1 + STATE + 1 + RSS + KINDS.length * NAMESPACE + 1
const NARROWEST = 14
const WIDEST = 60

/** A process under check is in groups of several hierarchies. */
const groupsWidth = (columns: number) => (columns > 100 ? 8 : 4)
const nameWidth = (columns: number) =>
  Math.min(WIDEST, Math.max(NARROWEST, columns - BESIDE - groupsWidth(columns) - 1))

function header(width: number, grp: number): string {
  const kinds = KINDS.map(kind => fill(HEADERS[kind], NAMESPACE, true)).join('')
  const left = `${fill('process', width)} ${fill('PID', PID, true)} ${fill('inside', INSIDE, true)}`
  return chalk.bold(`${left} ${fill('state', STATE)} ${fill('RSS', RSS, true)}${kinds} ${fill('grp', grp, true)}`)
}

function processLine(process: Process, branch: string, view: Snapshot, letters: Letters, columns: number): string {
  const whole = process.inside.join('>')
  // The innermost number is the one that it knows itself by.
  const inside = whole.length <= INSIDE ? whole : fill(`>${process.inside.at(-1)}`, INSIDE)
  const groups = process.groups.map(path => view.groups.findIndex(group => group.path === path) + 1)
  const name = branch + nameOf(process)
  const threads = process.threads > 1 ? ` (${process.threads} threads)` : ''
  // The name is more important than the number of threads.
  const isRoom = widthOf(name + threads) <= nameWidth(columns)
  const line = [
    fill(isRoom ? name + threads : name, nameWidth(columns)),
    ` ${fill(String(process.pid), PID, true)}`,
    ` ${paintCell({ text: inside, paint: chalk.bold }, INSIDE, true)}`,
    ` ${paintCell(stateCell(process, view.groups), STATE)}`,
    ` ${fill(process.rss > 0 ? megabytes(process.rss) : '-', RSS, true)}`,
    ...namespaceCells(process, letters).map(cell => paintCell(cell, NAMESPACE, true)),
    ` ${fill(groups.join(','), groupsWidth(columns), true)}`,
  ].join('')
  // The lab is what is looked at. What only helps stands back, and is named for those who see no colours.
  return process.helper ? chalk.dim(line) : line
}

/** How much of a limit is used, as a bar. */
function bar(usage: number, limit: number, width: number): string {
  const full = Math.min(width, Math.round((usage / limit) * width))
  const paint = usage > 0.9 * limit ? chalk.red : chalk.green
  return paint('█'.repeat(full)) + chalk.dim('░'.repeat(width - full))
}

const BAR = 20

function groupLines(
  { path, dialect, usage, limit, freezer, oomKills }: Group,
  number: number,
  columns: number,
): string[] {
  const memory =
    usage === undefined ? [] : [limit === undefined ? megabytes(usage) : `${megabytes(usage)} of ${megabytes(limit)}`]
  const state = freezer === undefined ? [] : [freezer === 'THAWED' ? 'thawed' : chalk.cyanBright.inverse(freezer)]
  const kills = oomKills > 0 ? [chalk.red(`${oomKills} killed for want of memory`)] : []
  const drawn = usage !== undefined && limit !== undefined ? [bar(usage, limit, BAR)] : []
  const facts = [...drawn, ...memory, ...state, ...kills].join('  ')
  const head = `${String(number).padStart(3)}  ${dialect}  ${fill(harmlessLine(path), Math.max(10, Math.min(columns - 10, widthOf(path))))}`
  return facts === '' ? [head] : [head, `         ${facts}`]
}

/** Puts pieces into lines of at most `columns`, without breaking a piece. */
function flow(pieces: readonly Cell[], columns: number): string[] {
  const lines: { text: string; width: number }[] = []
  for (const { text, paint } of pieces) {
    const last = lines.at(-1)
    const width = widthOf(text)
    const painted = paint ? paint(text) : text
    if (last && last.width + 2 + width <= columns) {
      last.text += `  ${painted}`
      last.width += 2 + width
    } else lines.push({ text: `  ${painted}`, width: width + 2 })
  }
  return lines.map(({ text }) => text)
}

function legendLines({ processes }: Snapshot, letters: Letters, columns: number): string[] {
  const pieces = letters
    .legend(processes)
    .map(({ letter, kind, inode, paint }) => ({ text: `${letter} ${kind}:[${inode}]`, paint }))
  const unread = processes.some(({ namespaces, state }) => namespaces === undefined && state !== 'Z')
  const note = unread ? ['  ? is not yours to read: sudo npm run watch shows it'] : []
  return [...flow([{ text: "· this terminal's own", paint: chalk.dim }, ...pieces], columns), ...note]
}

/** As many lines as there is room for, the last of which says how many are left out. */
function fit(lines: readonly string[], room: number, what: string): string[] {
  if (lines.length <= room) return [...lines]
  const shown = Math.max(0, room - 1)
  return [...lines.slice(0, shown), chalk.dim(`  … ${lines.length - shown} more ${what}`)].slice(0, Math.max(0, room))
}

/** The whole view. @param footer what stands below, on a terminal */
export function picture(
  view: Snapshot,
  { title, state }: Heading,
  letters: Letters,
  size: Size,
  footer = '',
): string[] {
  const { columns, rows } = size
  const width = Number.isFinite(columns) ? columns : 120
  const wide = width - 1
  const gap = Math.max(2, wide - widthOf(title) - widthOf(state))
  const head = [
    `${chalk.bold(title)}${' '.repeat(gap)}${chalk.dim(state)}`,
    '',
    header(nameWidth(width), groupsWidth(width)),
  ]
  const branch = branches(view.processes)
  const processes = view.processes.map((process, i) => processLine(process, branch[i] ?? '', view, letters, width))
  const groups = view.groups.flatMap((group, i) => groupLines(group, i + 1, wide))
  const legend = legendLines(view, letters, wide)
  const below = [
    ...(groups.length > 0 ? ['', chalk.bold('groups'), ...groups] : []),
    '',
    chalk.bold('namespaces'),
    ...legend,
  ]
  const foot = footer ? ['', chalk.dim(fill(footer, wide).trimEnd())] : []
  const room = rows - head.length - foot.length
  // Processes come first, but some room stays for what explains them.
  const shown = fit(processes, Math.max(room - below.length, Math.ceil(room / 2)), 'processes')
  const explained = fit(below, room - shown.length, 'lines')
  return [...head, ...shown, ...explained, ...foot]
}
