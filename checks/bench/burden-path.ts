/**
 * Program: clones a function under one burden (memory, children, descriptors, mappings), and has a C program with the same
 * burden and the same resident size do as much. Started by bench.ts: burden-path TWIN KIND COUNT; prints a {@link Burdened}.
 */
import { spawnSync } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { clone, fork } from '../../lib/clone.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { PAGE_SIZE } from '../../lib/group/memory.ts'
import { libcFunction } from '../../lib/machine/libc.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { kill, sleep, waitpid } from '../../lib/process.ts'
import { hardLimit, RLIMIT_NOFILE, setLimit } from '../../lib/rights/limits.ts'

/** What weighs on the process: MiB of memory, or a number of the others. */
export type Burden = 'memory' | 'children' | 'descriptors' | 'mappings'

/** What this program prints, in milliseconds: the fastest of several, which a busy machine disturbs least. */
export interface Burdened {
  /** MiB, with all files. */
  readonly resident: number
  readonly ours: number
  readonly twin: number
  /** The first clone of all, under the burden. */
  readonly first: number
}

const ROUNDS = 7
const CLONES = { memory: 4, children: 40, descriptors: 10, mappings: 6 } as const
const PIECE = 2 ** 24
const [PROT_READ, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS] = [1, 3, 0x22]

const [twin, kind, count] = [process.argv[2] as string, process.argv[3] as Burden, Number(process.argv[4])]
const kept: Buffer[] = []
const pids: number[] = []

/** Every other page read-only, or the kernel would join them. */
function mapPages(): void {
  const mmap = libcFunction('uintptr_t mmap(uintptr_t addr, size_t length, int prot, int flags, int fd, long offset)')
  const mprotect = libcFunction('int mprotect(uintptr_t addr, size_t len, int prot)')
  const pages = Number(mmap(0, (count + 1) * PAGE_SIZE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0))
  for (let i = 0; i < count; i += 2)
    if (mprotect(pages + i * PAGE_SIZE, PAGE_SIZE, PROT_READ) !== 0) throw new Error('mprotect: vm.max_map_count')
}

const LOADS: Readonly<Record<Burden, () => void>> = {
  memory: () => {
    for (let i = 0; i < count * 2 ** 20; i += PIECE) kept.push(Buffer.alloc(PIECE, 1))
  },
  children: () => {
    for (let i = 0; i < count; i++) pids.push(fork(() => sleep(3600)))
  },
  descriptors: () => {
    setLimit(RLIMIT_NOFILE, hardLimit('Max open files'), hardLimit('Max open files'))
    for (let i = 0; i < count; i++) openSync('/dev/null', 'r')
  },
  mappings: mapPages,
}

function cloneOnce(): number {
  const from = performance.now()
  const { code } = waitpid(clone(() => 0, SIGCHLD))
  if (code !== 0) throw new Error(`a cloned child ended with exit code ${code}`)
  return performance.now() - from
}

const fastest = () => Math.min(...Array.from({ length: CLONES[kind] }, cloneOnce))

function residentBytes(): number {
  const [, kib] = /^VmRSS:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) * 1024
}

/** The fastest of C, whose resident memory is all its own, as a C program's is. */
function measureTwin(bytes: number): number {
  const own = [CLONES[kind], 40, bytes, 1, 0, 0].map(String)
  const burdens = (['children', 'descriptors', 'mappings'] as const).map(each => String(each === kind ? count : 0))
  const run = spawnSync(twin, [...own, process.execPath, ...burdens], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`clone-function: ${run.stderr || run.error?.message}`)
  return Number(run.stdout.split(' ')[1]) / 1e6
}

LOADS[kind]()
const first = cloneOnce()
fastest()
const resident = residentBytes()
const ours: number[] = []
const theirs: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  ours.push(fastest())
  theirs.push(measureTwin(resident))
}
for (const pid of pids) {
  kill(pid, 'SIGKILL')
  waitpid(pid)
}
const result: Burdened = { resident: resident / 2 ** 20, ours: Math.min(...ours), twin: Math.min(...theirs), first }
writeAll(1, `${JSON.stringify(result)}\n`)
