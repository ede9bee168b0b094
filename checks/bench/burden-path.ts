/**
 * Program: clones a function under one burden: memory, children, descriptors, mappings. Started by burdens.ts, which has
 * a C program do as much: burden-path LIBRARY KIND COUNT CLONES; prints a {@link Burdened}.
 */
import { openSync, readFileSync } from 'node:fs'
import koffi from 'koffi'
import { clone, fork } from '../../lib/clone.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { PAGE_SIZE } from '../../lib/group/memory.ts'
import { libcFunction, type NativeFunction } from '../../lib/machine/libc.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { kill, sleep, waitpid } from '../../lib/process.ts'
import { hardLimit, RLIMIT_NOFILE, setLimit } from '../../lib/rights/limits.ts'
import { least, type Took } from './measure.ts'

/** What weighs on the process: MiB of memory, or a number of the others. */
export type Burden = 'memory' | 'children' | 'descriptors' | 'mappings'

/** What this program prints: the fastest of several clones, which a busy machine disturbs least. */
export interface Burdened {
  /** Bytes, with all files. */
  readonly resident: number
  readonly ours: Took
  /** clone(2) from C of this very process: the same memory, in the same pages. */
  readonly here: Took
  /** The first clone of all, under the burden. */
  readonly first: Took
}

const PIECE = 2 ** 24
/** `<linux/prctl.h>` */
const PR_SET_THP_DISABLE = 41
const [PROT_READ, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS] = [1, 3, 0x22]

const [library, kind] = [process.argv[2] as string, process.argv[3] as Burden]
const [count, clones] = process.argv.slice(4).map(Number) as [number, number]
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

const getrusage = libcFunction('int getrusage(int who, uint8_t *usage)')
const [RUSAGE_SELF, RUSAGE_CHILDREN] = [0, -1]
const usage = Buffer.alloc(144)

/** Milliseconds that processors were at work for this process and the children it has waited for. */
function worked(): number {
  let microseconds = 0
  for (const who of [RUSAGE_SELF, RUSAGE_CHILDREN]) {
    getrusage(who, usage)
    // Two struct timeval, of the program and of the kernel: seconds and microseconds, of eight bytes each.
    const [seconds, rest, inKernel, restInKernel] = new BigInt64Array(usage.buffer, usage.byteOffset, 4)
    microseconds += Number((seconds ?? 0n) + (inKernel ?? 0n)) * 1e6 + Number((rest ?? 0n) + (restInKernel ?? 0n))
  }
  return microseconds / 1000
}

function cloneOnce(): Took {
  const [work, from] = [worked(), performance.now()]
  const { code } = waitpid(clone(() => 0, SIGCHLD))
  const time = performance.now() - from
  if (code !== 0) throw new Error(`a cloned child ended with exit code ${code}`)
  return { time, work: worked() - work }
}

const forkOnce = koffi.load(library).func('void fork_once(uint8_t *took)') as unknown as NativeFunction

function forkInC(): Took {
  const took = new Float64Array(2)
  forkOnce(new Uint8Array(took.buffer))
  const [time, work] = took as unknown as [number, number]
  return { time: time / 1e6, work: work / 1e6 }
}

/**
 * Pages of 4 KiB, as the C program has: with `always` in /sys/kernel/mm/transparent_hugepage/enabled a buffer would get
 * pages of 2 MiB, whose tables are copied in no time.
 */
function forgoHugePages(): void {
  libcFunction('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')(
    PR_SET_THP_DISABLE,
    1,
    0,
    0,
    0,
  )
}

forgoHugePages()
LOADS[kind]()
const first = cloneOnce()
cloneOnce()
const resident = 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
const [ours, here]: [Took[], Took[]] = [[], []]
for (let i = 0; i < clones; i++) {
  ours.push(cloneOnce())
  here.push(forkInC())
}
for (const pid of pids) {
  kill(pid, 'SIGKILL')
  waitpid(pid)
}
const result: Burdened = { resident, ours: least(ours), here: least(here), first }
writeAll(1, `${JSON.stringify(result)}\n`)
