import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import { until } from '../../lib/machine/until.ts'
import { getpid, kill, sleep, waitpid } from '../../lib/process.ts'
import { scheduled } from '../../lib/trace/scheduling.ts'
import { type Burden, Ended, takeLoad, wasBusy } from '../observer/load.ts'
import { starvedFor } from './starvation.ts'

const SPIN = 'while :; do :; done'
const SECONDS = 1
/** So many have one processor for themselves that each of them waits for nearly all of its time. */
const MANY = Array<string>(11).fill(SPIN)
const LIKE_ALL = { nice: 0, policy: 0 }
const FEW = { events: 100, threads: 2 }

/**
 * Runs shell commands on one processor, and asks about the first `own` of them after a second; then until `isSo`, or for
 * two minutes.
 * @param isSo is told what was found, and can ask what it would be had they given their judge another burden
 */
function starvationOf(
  commands: string[],
  own: number,
  isSo: (found: number | undefined, having: (burden: Burden) => number | undefined) => boolean,
): boolean {
  const began = performance.now()
  const pids = commands.map(command => cloneExec(['taskset', '-c', '0', 'sh', '-c', command]))
  const ours = pids.slice(0, own)
  const load = () => {
    const used = [...ours, getpid()].reduce((sum, pid) => sum + (scheduled(pid, pid)?.ran ?? 0), 0)
    return takeLoad(used, new Ended(LIKE_ALL).kept(ours), [0])
  }
  const from = load()
  sleep(SECONDS)
  const seconds = () => (performance.now() - began) / 1000
  const having = (burden: Burden) => starvedFor(ours, seconds(), from, load(), burden, LIKE_ALL)
  const found = until(() => isSo(having(FEW), having), 120)
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

test('a process that gives its judge more to do than any lab takes is not, however long it waits', () => {
  const tooMuch = [
    { events: 20_000, threads: 2 },
    { events: 100, threads: 440 },
  ]
  const isItsOwn = (found: number | undefined, having: (burden: Burden) => number | undefined) =>
    isStarved(found) && tooMuch.every(burden => having(burden) === undefined)
  assert.ok(starvationOf([SPIN, ...MANY], 1, isItsOwn))
})

test('a chain of processes that wait for each other is, though none of them alone', () => {
  // One hundredth of a second of work each, one after the other.
  const step = 'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done'
  const turns = (own: string, next: string) => `while read -r _ < ${own}; do ${step}; echo > ${next}; done`
  const folder = mkdtempSync(join(tmpdir(), 'chain-'))
  const pipes = ['a', 'b', 'c', 'd'].map(name => join(folder, name))
  execFileSync('mkfifo', pipes)
  const chain = pipes.map((path, i) => turns(path, pipes[(i + 1) % pipes.length] as string))
  const starter = `echo > ${pipes[0]}`
  const isMany = (found: number | undefined) => (found ?? 0) > SECONDS / 2
  assert.ok(starvationOf([...chain, ...MANY, starter], chain.length, isMany))
  rmSync(folder, { recursive: true })
})

test('a process that does nothing is not', () => {
  assert.ok(starvationOf(['kill -STOP $$', SPIN], 1, isFree))
})

test('a machine that a program itself keeps busy is not busy with others', () => {
  const idle = { machine: { total: 0, idle: 0 }, own: 0 }
  const after = (own: number, free: number) => ({ machine: { total: 20, idle: free }, own })
  assert.equal(wasBusy(idle, after(19, 0)), false)
  assert.equal(wasBusy(idle, after(1, 0)), true)
  assert.equal(wasBusy(idle, after(1, 18)), false)
})

test('a process that gives way to whoever wants the processor is not', () => {
  const polite = `exec nice -n 19 sh -c '${SPIN}'`
  assert.ok(starvationOf([polite, ...MANY], 1, isFree))
})
