import assert from 'node:assert/strict'
import { fstatSync } from 'node:fs'
import test from 'node:test'
import { makeGate } from '../gate.ts'
import { inChild, thrownBy } from '../testing/in-child.ts'
import { openTask } from './task.ts'

const isOpen = (fd: number): boolean => {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

test('an open task releases the children of its process, and its parent only once the error is told', () => {
  const fromParent = makeGate()
  const seen = inChild(0, () => {
    const ownGate = makeGate()
    const { message } = thrownBy(() => openTask('1.1', 'do it'))
    return { message, ofParent: fromParent.ends.map(isOpen), own: ownGate.ends.map(isOpen) }
  })
  assert.deepEqual(seen, {
    message: 'task 1.1 is still open: do it',
    ofParent: [true, true],
    own: [false, false],
  })
})
