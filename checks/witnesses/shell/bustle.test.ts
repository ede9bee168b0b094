import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { bustleOf } from './bustle.ts'

/** How long a program may take to come to what it is about, in looks. */
const LOOKS = 1500

/** Waits until some programs are as expected, and says what they were last. */
async function settled(children: readonly ChildProcess[], expected: string): Promise<string> {
  const pids = children.map(({ pid }) => pid as number)
  for (let i = 0; i < LOOKS && bustleOf(pids, new Set()) !== expected; i++) await setTimeout(20)
  return bustleOf(pids, new Set())
}

test('who reads what never comes is stuck, who sleeps for a time is not, and who computes is busy', async () => {
  const start = (program: string, ...words: string[]) => spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'] })
  const [reader, sleeper, worker] = [start('cat'), start('sleep', '1000'), start('sh', '-c', 'while :; do :; done')]
  try {
    assert.equal(await settled([reader], 'stuck'), 'stuck')
    assert.equal(await settled([sleeper], 'waiting'), 'waiting')
    assert.equal(await settled([reader, sleeper], 'waiting'), 'waiting')
    assert.equal(await settled([reader, sleeper, worker], 'busy'), 'busy')
  } finally {
    for (const child of [reader, sleeper, worker]) child.kill('SIGKILL')
  }
})

test('who waits with a time-out, or has set a timer, wakes up by themselves', async () => {
  const node = (code: string) => spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'ignore', 'ignore'] })
  const [timed, endless] = [node('setTimeout(() => {}, 1e6)'), node('process.stdin.resume()')]
  try {
    assert.equal(await settled([timed], 'waiting'), 'waiting')
    assert.equal(await settled([endless], 'stuck'), 'stuck')
  } finally {
    for (const child of [timed, endless]) child.kill('SIGKILL')
  }
})

test('of nobody nothing is to be hoped for', () => {
  assert.equal(bustleOf([], new Set()), 'stuck')
})
