/**
 * The places of the matrix: this machine, virtual machines, containers, and a login session; and the table in README.md
 * that has a row for each.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Knob } from '../../lib/lab/knobs.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { CONTAINER_PLACES, type ContainerPlace } from './containers.ts'

/** The option for which labs are tried, by their numbers; `undefined` for all. */
export const CHOSEN_LABS: Knob<readonly number[] | undefined> = {
  initial: undefined,
  help: 'only these labs',
  expected: 'numbers of labs such as 7,8',
  placeholder: 'NUMBERS',
  parse: given => {
    const chosen = /^\d+(,\d+)*$/.test(given) ? given.split(',').map(Number) : []
    const isLab = (one: number) => LABS.some(({ number }) => number === one)
    return chosen.length > 0 && chosen.every(isLab) ? chosen : undefined
  },
}

/** Where labs and checks are tried. */
export interface Place {
  readonly name: string
  /** Options of `npm run vm`; without them it is this machine. */
  readonly vm?: readonly string[]
  /** The guest has a processor, and so programs, of its own. */
  readonly isOther?: boolean
  readonly isOrdinary?: boolean
  readonly container?: ContainerPlace
  /** In the guest a Debian is booted whose systemd logs an ordinary user in. */
  readonly isSystemd?: boolean
  /** Whether it is one of those in which the right and wrong programs are judged. */
  readonly programs?: boolean
}

/** The processor that this machine does not have. */
const OTHER_ARCH = process.arch === 'arm64' ? 'x64' : 'arm64'
type Layout = 'v2' | 'v1' | 'hybrid'

/** A guest with a kernel of Debian's archive. */
function guest(
  kernel: string,
  cgroup: Layout,
  more: { readonly isOrdinary?: true; readonly programs?: true } = {},
): Place {
  const { isOrdinary, programs } = more
  const name = `Linux ${kernel}, ${cgroup}, ${isOrdinary ? 'ordinary user' : 'root'}`
  const vm = ['--kernel', kernel, '--cgroup', cgroup, ...(isOrdinary ? ['--user'] : [])]
  return { name, vm, ...(programs && { programs }) }
}

const otherGuest = (cgroup: Layout): Place => ({
  name: `Linux on ${OTHER_ARCH}, ${cgroup}, root`,
  vm: ['--arch', OTHER_ARCH, '--cgroup', cgroup],
  isOther: true,
})

/** The rows of the table, in its order. */
export const PLACES: readonly Place[] = [
  { name: 'this machine, root', programs: true },
  { name: 'this machine, ordinary user', isOrdinary: true },
  guest('5.10', 'v2'),
  guest('5.10', 'v2', { isOrdinary: true }),
  guest('5.10', 'v1'),
  guest('6.1', 'v2', { programs: true }),
  guest('6.1', 'v2', { isOrdinary: true }),
  guest('6.1', 'v1'),
  guest('6.1', 'v1', { isOrdinary: true }),
  guest('6.1', 'hybrid'),
  guest('6.12', 'v2'),
  guest('7', 'v2'),
  otherGuest('v2'),
  otherGuest('v1'),
  // Its groups come from the user's own manager, and what QEMU imitates may take long.
  {
    name: 'Debian 12, user session of systemd',
    vm: ['--cgroup', 'v2', '--memory', '3G', '--patience', '900'],
    isSystemd: true,
  },
  ...CONTAINER_PLACES.map(container => ({ name: container.name, container })),
]

/** The first two lines of the table. */
export const HEAD = `| where | Linux, groups | ${LABS.map(({ number }) => `lab ${number}`).join(' | ')} | programs |`
export const RULE = HEAD.replace(/[^|]+/g, '---')
const MARKS = ['<!-- matrix -->', '<!-- end of the matrix -->'] as const

const nameOf = (line: string) => line.split('|')[1]?.trim() ?? ''

/** A row that was measured before there were as many labs: nothing is known there of the newer ones. */
function widened(line: string): string {
  const cells = line.split('|')
  const lacking = HEAD.split('|').length - cells.length
  return lacking > 0 ? cells.toSpliced(-2, 0, ...Array<string>(lacking).fill(' ')).join('|') : line
}

/** A row in which labs or programs were not tried: of those it says what the last one says. */
const completed = (line: string, last: string): string =>
  line
    .split('|')
    .map((cell, i) => (cell.trim() === '' ? (last.split('|')[i] ?? cell) : cell))
    .join('|')

/**
 * Puts rows into the table of README.md, each in the place of its last one.
 * @param isPartial whether only some labs or programs were tried: then a place that was not to be had keeps its row
 */
export function writeRows(rows: readonly string[], isPartial: boolean): void {
  const file = join(ROOT, 'README.md')
  const [before, rest] = readFileSync(file, 'utf8').split(MARKS[0])
  const [table, after] = rest?.split(MARKS[1]) ?? []
  if (before === undefined || table === undefined || after === undefined)
    throw new Error(`README.md has no ${MARKS.join(' … ')}`)
  const former = table.split('\n').map(widened)
  const formerOf = (row: string) => former.find(line => nameOf(line) === nameOf(row)) ?? row
  const isHad = (row: string) => !row.includes('| not to be had |')
  const lines = [
    ...former,
    ...rows.map(row => (isHad(row) ? completed(row, formerOf(row)) : isPartial ? formerOf(row) : row)),
  ]
  const latest = PLACES.flatMap(({ name }) => lines.findLast(line => nameOf(line) === name) ?? [])
  writeFileSync(file, [`${before}${MARKS[0]}`, HEAD, RULE, ...latest, `${MARKS[1]}${after}`].join('\n'))
}
