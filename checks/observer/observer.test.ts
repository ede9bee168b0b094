import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { clone } from '../../lib/clone.ts'
import { execvp } from '../../lib/exec.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { poll } from '../../lib/machine/poll.ts'
import { compiler } from '../../lib/testing/in-child.ts'
import { FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'
import { Observer } from './observer.ts'
import type { ProcessRecord } from './record.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures', 'two-ends-at-once.c')
const PATIENCE = 240

/** Follows a program to its end. @returns the processes that it made */
function follow(program: string): ProcessRecord[] {
  const isFollowed = makeGate()
  const root = clone(() => {
    isFollowed.wait()
    execvp(program, [program])
  }, SIGCHLD)
  const observer = new Observer(root)
  seize(root, FOLLOW_TREE)
  isFollowed.open()
  const deadline = Date.now() + PATIENCE * 1000
  while (observer.statusOf(root) === undefined && Date.now() < deadline) {
    observer.drain(deadline)
    poll([], 0.001)
  }
  assert.equal(observer.statusOf(root)?.code, 0)
  return [...observer.processes.values()]
}

test('the last moment of a process is seen although its first thread ends just when another one ends them all', {
  skip: !compiler() && 'no C compiler',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'observer-'))
  try {
    const program = join(folder, 'program')
    execFileSync(compiler(), ['-std=gnu11', '-O1', '-Wall', '-Werror', '-pthread', FIXTURE, '-o', program])
    const children = follow(program)
    assert.equal(children.length, 200)
    assert.deepEqual(
      children.filter(({ exit }) => exit === undefined),
      [],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
