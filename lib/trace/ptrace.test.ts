/**
 * In which order a tracer hears of what has happened, with processes that all wait for it already.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { fork } from '../clone.ts'
import { makeGate } from '../gate.ts'
import { until } from '../machine/until.ts'
import { getpid, kill } from '../process.ts'
import { inChild } from '../testing/in-child.ts'
import { statusField } from './proc.ts'
import { FOLLOW_TREE, nextEvent, PTRACE, resume, seize } from './ptrace.ts'

/** Seconds that a process may take to come where it is traced. */
const PATIENCE = 60

/** A traced child that has something to tell: it has ended, or stands still because a signal comes. */
function traced(signal: 'SIGKILL' | 'SIGUSR1'): number {
  const mayGoOn = makeGate()
  const pid = fork(() => {
    mayGoOn.wait()
    kill(getpid(), signal)
  })
  // Without a stop at its exit, of which it would tell first.
  seize(pid, signal === 'SIGKILL' ? 0 : FOLLOW_TREE)
  mayGoOn.open()
  const state = signal === 'SIGKILL' ? 'Z' : 't'
  assert.ok(until(() => statusField(pid, 'State')?.startsWith(state) === true, PATIENCE))
  return pid
}

test('an end is heard of first, then whoever is preferred, and then all others', () => {
  const seen = inChild(0, () => {
    // In the order in which the kernel would tell of them: that of their birth, for children of the tracer's own.
    const [older, newer] = [traced('SIGUSR1'), traced('SIGUSR1')]
    const [preferred, ended] = [traced('SIGUSR1'), traced('SIGKILL')]
    const alive = [preferred, older, newer, ended]
    const heard = alive.map(() => nextEvent(() => {}, [preferred], alive))
    const names = new Map([
      [ended, 'ended'],
      [preferred, 'preferred'],
      [older, 'older'],
      [newer, 'newer'],
    ])
    for (const pid of [preferred, older, newer]) {
      kill(pid, 'SIGKILL')
      resume(pid, PTRACE.CONT)
    }
    return heard.map(event => `${names.get(event?.tid ?? 0)} ${event?.kind}`)
  })
  assert.deepEqual(seen, ['ended ended', 'preferred signal', 'older signal', 'newer signal'])
})
