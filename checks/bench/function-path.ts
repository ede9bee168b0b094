/**
 * Program: clones a function again and again, and has a C program of the same weight do as much. Started by bench.ts:
 * function-path TWIN; prints a {@link FunctionPath}.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { clone } from '../../lib/clone.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { waitpid } from '../../lib/process.ts'
import { median, rotated } from './measure.ts'

/** What a process has in memory: what fork(2) has to copy. */
export interface Weight {
  /** Mappings with pages of the process's own, and how many bytes of them are resident. */
  readonly ownMappings: number
  readonly ownBytes: number
  /** The page tables of 2 MiB each that those pages are spread over. */
  readonly ownTables: number
  /** All other mappings: files, and memory that was never touched. */
  readonly fileMappings: number
  readonly fileBytes: number
}

/** What this program prints. Times in milliseconds for one child. */
export interface FunctionPath {
  readonly rounds: number
  readonly weight: Weight
  readonly ours: number
  /** A C program of the same resident size, all of it its own memory, as a C program's is. */
  readonly twin: number
  /** A C program with the same kinds of memory: as much of its own and as much of a file. */
  readonly mimic: number
}

const ROUNDS = 15
const CLONES = 50
const [twin] = process.argv.slice(2) as [string]

const PAGE = 4096
const TABLE_PAGES = 512
const PRESENT = 1n << 63n
const OF_A_FILE = 1n << 61n

/** The page tables that hold pages of the process's own in one mapping, by /proc/self/pagemap: a 64-bit word a page. */
function tablesOf(pagemap: number, mapping: string): number[] {
  const [from, to] = (mapping.split(' ', 1)[0] as string).split('-').map(hex => Number.parseInt(hex, 16) / PAGE)
  const [first, last] = [from as number, to as number]
  const words = new BigUint64Array(last - first)
  readSync(pagemap, words, 0, words.byteLength, first * 8)
  const tables: number[] = []
  for (const [i, word] of words.entries()) {
    if ((word & PRESENT) !== 0n && (word & OF_A_FILE) === 0n) tables.push(Math.floor((first + i) / TABLE_PAGES))
  }
  return tables
}

function weigh(): Weight {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  const own = mappings.filter(text => !/^Anonymous:\s+0 kB/m.test(text))
  const pagemap = openSync('/proc/self/pagemap', 'r')
  const tables = new Set(own.flatMap(mapping => tablesOf(pagemap, mapping)))
  closeSync(pagemap)
  const status = readFileSync('/proc/self/status', 'utf8')
  const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1])
  return {
    ownMappings: own.length,
    ownBytes: bytes('RssAnon'),
    ownTables: tables.size,
    fileMappings: mappings.length - own.length,
    fileBytes: bytes('RssFile'),
  }
}

function measureOurs(): number {
  const from = performance.now()
  for (let i = 0; i < CLONES; i++) {
    const { code } = waitpid(clone(() => 0, SIGCHLD))
    if (code !== 0) throw new Error(`a cloned child ended with exit code ${code}`)
  }
  return (performance.now() - from) / CLONES
}

function measureTwin({ ownMappings, ownBytes, ownTables, fileMappings, fileBytes }: Weight): number {
  const numbers = [CLONES, ownMappings, ownBytes, ownTables, fileMappings, fileBytes].map(String)
  const run = spawnSync(twin, [...numbers, process.execPath, '0', '0', '0'], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`clone-function: ${run.stderr || run.error?.message}`)
  return Number(run.stdout.split(' ')[0]) / 1e6
}

function contest(): FunctionPath {
  measureOurs()
  const weight = weigh()
  const ours: number[] = []
  const allOwn = { ...weight, ownBytes: weight.ownBytes + weight.fileBytes, fileMappings: 0, fileBytes: 0 }
  const theirs: number[] = []
  const mimics: number[] = []
  const turns = [
    () => ours.push(measureOurs()),
    () => theirs.push(measureTwin(allOwn)),
    () => mimics.push(measureTwin(weight)),
  ]
  for (let round = 0; round < ROUNDS; round++) for (const turn of rotated(turns, round)) turn()
  return { rounds: ROUNDS, weight, ours: median(ours), twin: median(theirs), mimic: median(mimics) }
}

writeAll(1, `${JSON.stringify(contest())}\n`)
