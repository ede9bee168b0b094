import assert from 'node:assert/strict'
import test from 'node:test'
import { cloneExec } from '../lib/clone-exec.ts'
import { kill, sleep, waitpid } from '../lib/process.ts'
import { starvedFor } from './starvation.ts'

const SPIN = 'while :; do :; done'
const SECONDS = 1

/** Runs shell commands on one processor for a second, and asks about the first. */
function starvationOf(...commands: string[]): number | undefined {
  const pids = commands.map(command => cloneExec(['taskset', '-c', '0', 'sh', '-c', command]))
  sleep(SECONDS)
  const found = starvedFor(pids.slice(0, 1), SECONDS)
  for (const pid of pids) {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
  return found
}

test('a process that others keep from the processor is starved', () => {
  const polite = `renice -n 19 $$ > /dev/null; ${SPIN}`
  assert.ok((starvationOf(polite, SPIN, SPIN, SPIN) ?? 0) > SECONDS / 2)
})

test('a process that does nothing is not', () => {
  assert.equal(starvationOf('kill -STOP $$', SPIN), undefined)
})

test('processes that take the processor from each other are not', () => {
  assert.equal(starvationOf(SPIN), undefined)
})
