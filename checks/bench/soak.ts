/**
 * Program: clones a function many times in a row. Each child fills its heap until the collector has to work, and
 * proves with its exit code that its memory is right. Started by bench.ts: soak COUNT; the last line of its output is a
 * {@link SoakResult}.
 */
import { readFileSync } from 'node:fs'
import { clone } from '../../lib/clone.ts'
import { describeError } from '../../lib/errors.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { openDescriptors } from '../../lib/machine/descriptors.ts'
import { libcFunction } from '../../lib/machine/libc.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { waitpid } from '../../lib/process.ts'
import { describeStatus } from '../../lib/status.ts'

/** What the parent holds at one moment. */
export interface Holding {
  /** Resident memory, in KiB. */
  readonly resident: number
  /** The part of it that belongs to no file: a leak would show there, while more and more of Node's file is read in. */
  readonly own: number
  readonly descriptors: number
}

/** What {@link soak} found. */
export interface SoakResult {
  readonly node: string
  readonly clones: number
  readonly failures: number
  /** The first few, as sentences. */
  readonly examples: readonly string[]
  readonly seconds: number
  /** Whether each child also forced a full collection (--expose-gc). */
  readonly forced: boolean
  /** After a tenth of the clones, when everything is warm. */
  readonly early: Holding
  readonly late: Holding
}

const OBJECTS = 120_000
const KEPT = 50_000
/** A child that has not ended by then is stuck: SIGALRM ends it, and it counts as a failure. */
const STUCK_SECONDS = 60
const MAX_EXAMPLES = 5

const alarm = libcFunction('unsigned int alarm(unsigned int seconds)')
const collect = (globalThis as { gc?: () => void }).gc

/** The child: allocates far more than the young generation holds, and answers with what it finds in memory after. */
function child(round: number): number {
  alarm(STUCK_SECONDS)
  let keep: { k: number }[] = []
  for (let k = 0; k < OBJECTS; k++) {
    if (keep.length > KEPT) keep = []
    keep.push({ k: k + round })
  }
  collect?.()
  const first = keep[0]?.k ?? 0
  const intact = keep.every(({ k }, i) => k === first + i)
  return intact ? answer(round) : 255
}

/** What the child of a round has to exit with: never 0, which a child that did nothing would exit with too. */
const answer = (round: number): number => 1 + (round % 100)

function holding(): Holding {
  const status = readFileSync('/proc/self/status', 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1])
  return { resident: field('VmRSS'), own: field('RssAnon'), descriptors: openDescriptors(process.pid).length }
}

/** Clones once and says what went wrong, if anything did. */
function failureOf(round: number): string | undefined {
  try {
    const status = waitpid(clone(child, SIGCHLD, round))
    return status.code === answer(round) ? undefined : `clone ${round}: ${describeStatus(status)}`
  } catch (error) {
    return `clone ${round}: ${describeError(error)}`
  }
}

function soak(clones: number): SoakResult {
  const examples: string[] = []
  let failures = 0
  let early = holding()
  const tenth = Math.max(1, Math.floor(clones / 10))
  const from = performance.now()
  for (let round = 1; round <= clones; round++) {
    const failure = failureOf(round)
    if (failure) failures++
    if (failure && examples.length < MAX_EXAMPLES) examples.push(failure)
    if (round === tenth) early = holding()
    if (round % tenth === 0) writeAll(2, `${round} of ${clones} clones, ${failures} failed\n`)
  }
  const seconds = (performance.now() - from) / 1000
  const forced = collect !== undefined
  return { node: process.version, clones, failures, examples, seconds, forced, early, late: holding() }
}

writeAll(1, `${JSON.stringify(soak(Number(process.argv[2])))}\n`)
