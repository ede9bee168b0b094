import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fork } from '../clone.ts'
import { makeGate } from '../gate.ts'
import { kill, waitpid } from '../process.ts'
import { tryLock } from './flock.ts'

test('a lock is held by one, names its holder, and is free when that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flock-'))
  const isTaken = makeGate()
  const never = makeGate()
  const pid = fork(() => {
    tryLock(folder)
    isTaken.open()
    never.wait()
  })
  isTaken.wait()
  const { isLocked, holder } = tryLock(folder)
  assert.deepEqual({ isLocked, holder }, { isLocked: false, holder: pid })
  kill(pid, 'SIGKILL')
  waitpid(pid)
  const own = tryLock(folder)
  assert.equal(own.isLocked, true)
  assert.equal(tryLock(folder).isLocked, false)
  own.release()
  assert.equal(tryLock(folder).isLocked, true)
  rmSync(folder, { recursive: true })
})
