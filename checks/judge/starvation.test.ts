import assert from 'node:assert/strict'
import test from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import { until } from '../../lib/io/until.ts'
import { kill, sleep, waitpid } from '../../lib/process.ts'
import { starvedFor } from './starvation.ts'

const SPIN = 'while :; do :; done'
const SECONDS = 1

/** Runs shell commands on one processor, and asks about the first after a second; then until `isSo`, or ten seconds. */
function starvationOf(commands: string[], isSo: (found: number | undefined) => boolean): boolean {
  const from = performance.now()
  const pids = commands.map(command => cloneExec(['taskset', '-c', '0', 'sh', '-c', command]))
  sleep(SECONDS)
  const found = until(() => isSo(starvedFor(pids.slice(0, 1), (performance.now() - from) / 1000)), 10)
  for (const pid of pids) {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
  return found
}

const isStarved = (found: number | undefined) => (found ?? 0) > SECONDS / 2
const isFree = (found: number | undefined) => found === undefined

test('a process that others keep from the processor is starved', () => {
  const polite = `renice -n 19 $$ > /dev/null; ${SPIN}`
  assert.ok(starvationOf([polite, SPIN, SPIN, SPIN], isStarved))
})

test('a process that does nothing is not', () => {
  assert.ok(starvationOf(['kill -STOP $$', SPIN], isFree))
})

test('processes that take the processor from each other are not', () => {
  assert.ok(starvationOf([SPIN], isFree))
})
