/**
 * Whether everybody has their turn, with processes that all wait for it already, and one that always has something to
 * tell again.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { fork } from '../../lib/clone.ts'
import { makeGate } from '../../lib/gate.ts'
import { until } from '../../lib/machine/until.ts'
import { getpid, kill } from '../../lib/process.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'
import { Turns } from './turns.ts'

/** Seconds that a process may take to come where it is traced. */
const PATIENCE = 60
/** Far more than everybody's turn takes. */
const EVENTS = 200

const isStopped = (pid: number) => statusField(pid, 'State')?.startsWith('t') === true

/** A traced child that sends itself a signal again and again, and stands still at the first. */
function signalling(): number {
  const isTraced = makeGate()
  const pid = fork(() => {
    isTraced.wait()
    for (;;) kill(getpid(), 'SIGUSR1')
  })
  seize(pid, FOLLOW_TREE)
  isTraced.open()
  assert.ok(until(() => isStopped(pid), PATIENCE))
  return pid
}

/** Takes events of processes that all stand still whenever it is asked. @returns who was heard, in order */
function hear(pids: readonly number[]): number[] {
  const turns = new Turns()
  const heard: number[] = []
  while (heard.length < EVENTS) {
    assert.ok(until(() => pids.every(isStopped), PATIENCE))
    const event = turns.next()
    // Where all have been heard they go on, and may still be on their way to the next stop.
    if (!event) continue
    heard.push(event.tid)
    turns.resume(event.tid)
  }
  return heard
}

test('of processes that always have something to tell none is kept waiting', () => {
  const seen = inChild(0, () => {
    const pids = [signalling(), signalling(), signalling()]
    const heard = hear(pids)
    for (const pid of pids) kill(pid, 'SIGKILL')
    return pids.map(pid => heard.filter(one => one === pid).length)
  })
  // One of them has the turns in between as well, which the kernel's order decides.
  for (const turns of seen) assert.ok(turns >= EVENTS / 15, `turns: ${seen}`)
})
