/**
 * Memory: taking it, and how much the machine has.
 */
import { readFileSync } from 'node:fs'
import { UsageError } from '../errors.ts'
import { libcFunction } from '../machine/libc.ts'

const libcMalloc = libcFunction('void *malloc(size_t size)')
const libcMemset = libcFunction('void *memset(void *s, int c, size_t n)')

const MOST_STEPS = 1000

/** Bytes of a page, the unit in which the kernel hands out memory, on this machine. @see getpagesize(2) */
export const PAGE_SIZE = libcFunction('int getpagesize()')()

/** Bytes in whole pages, rounded down, as the kernel rounds a limit. */
export const wholePages = (bytes: number): number => bytes - (bytes % PAGE_SIZE)

/**
 * Takes memory for the calling process, which is never given back, and writes to all of it: the kernel provides a page
 * only when it is first touched.
 * @param bytes `size_t size`
 * @throws Error when the process may have no more addresses (ulimit -v)
 * @see malloc(3), memset(3)
 */
export function takeMemory(bytes: number): void {
  const address = libcMalloc(bytes)
  if (!address) throw new Error(`malloc(${bytes}): no address is left for this process\nhint: see ulimit -v`)
  libcMemset(address, 1, bytes)
}

/** From this size on malloc(3) maps separate pages (M_MMAP_THRESHOLD), with a header of its own in front. */
const [OWN_PAGES, HEADER] = [128 * 1024, 16]

/** How many bytes of pages {@link takeMemory} touches, on average. */
export function sizeOf(bytes: number): number {
  return bytes < OWN_PAGES ? bytes + HEADER : Math.ceil((bytes + HEADER) / PAGE_SIZE) * PAGE_SIZE
}

/** The bytes behind a word of /proc/meminfo. @see proc_meminfo(5) */
function meminfo(word: string): number {
  return Number(new RegExp(`^${word}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024
}

/**
 * Makes sure that a group reaches its limit before the machine runs out of memory.
 * @param limit in bytes
 * @param step what is taken at a time, in bytes
 * @throws UsageError when the machine cannot spare that much, or it would take thousands of steps
 */
export function checkLimit(limit: number, step: number): void {
  const available = meminfo('MemAvailable')
  if (limit > available)
    throw new UsageError(
      `--limit ${limit} is more than this machine has to spare (${available}): it would run out before the group does\n` +
        'hint: the usual 20000000 will do',
    )
  if (limit / step > MOST_STEPS)
    throw new UsageError(
      `--step ${step}: that takes ${Math.round(limit / step)} steps to --limit ${limit}\nhint: ${MOST_STEPS} are the most`,
    )
}

/** Whether the machine has anywhere to swap to. */
export const machineSwaps = (): boolean => meminfo('SwapTotal') > 0
