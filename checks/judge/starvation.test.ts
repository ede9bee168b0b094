import assert from 'node:assert/strict'
import test from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import { until } from '../../lib/io/until.ts'
import { getpid, kill, sleep, waitpid } from '../../lib/process.ts'
import { scheduled } from '../../lib/trace/scheduling.ts'
import { takeLoad } from '../observer/load.ts'
import { starvedFor } from './starvation.ts'

const SPIN = 'while :; do :; done'
const SECONDS = 1
/** So many processes on one processor that each of them waits for nearly all of its time. */
const MANY = Array<string>(11).fill(SPIN)
const LIKE_ALL = { nice: 0, policy: 0 }

/**
 * Runs shell commands on one processor, and asks about the first `own` of them after a second; then until `isSo`, or for
 * ten seconds.
 */
function starvationOf(commands: string[], own: number, isSo: (found: number | undefined) => boolean): boolean {
  const began = performance.now()
  const pids = commands.map(command => cloneExec(['taskset', '-c', '0', 'sh', '-c', command]))
  const ours = pids.slice(0, own)
  const load = () => {
    const used = [...ours, getpid()].reduce((sum, pid) => sum + (scheduled(pid, pid)?.ran ?? 0), 0)
    return takeLoad(used, [0])
  }
  const from = load()
  sleep(SECONDS)
  const seconds = () => (performance.now() - began) / 1000
  const found = until(() => isSo(starvedFor(ours, seconds(), from, load(), LIKE_ALL)), 10)
  for (const pid of pids) {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
  return found
}

const isStarved = (found: number | undefined) => (found ?? 0) > SECONDS / 2
const isFree = (found: number | undefined) => found === undefined

test('a process that others keep from the processor is starved', () => {
  assert.ok(starvationOf([SPIN, ...MANY], 1, isStarved))
})

test('a process that does nothing is not', () => {
  assert.ok(starvationOf(['kill -STOP $$', SPIN], 1, isFree))
})

test('processes of one program that take the processor from each other are not', () => {
  assert.ok(starvationOf([SPIN, ...MANY], 12, isFree))
})

test('a process that gives way to others (nice) is not', () => {
  const polite = `renice -n 19 $$ > /dev/null; ${SPIN}`
  assert.ok(starvationOf([polite, ...MANY], 1, isFree))
})
