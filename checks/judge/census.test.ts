/**
 * Which groups a judge counts as those of its own sandbox.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownName } from '../../lib/group/cgroup.ts'
import { bestHomes } from '../../lib/group/delegation.ts'
import { discardGroups } from '../../lib/group/directory.ts'
import { getpid } from '../../lib/process.ts'
import { compareCensus, takeCensus } from './census.ts'

const [home] = process.getuid?.() === 0 ? bestHomes() : []

test("its own are counted, and not those of a check whose PID begins with the same digits, or is another namespace's", {
  skip: home === undefined && 'needs root, and a control group',
}, () => {
  const place = home?.path ?? ''
  const own = join(place, ownName('check'))
  const others = [ownName('check', Number(`${getpid()}1`)), `${ownName('check').split('@')[0]}@1`]
  const before = takeCensus(getpid())
  try {
    for (const name of others) mkdirSync(join(place, name))
    assert.deepEqual(changedGroups(before), [])
    mkdirSync(own)
    assert.deepEqual(changedGroups(before), [`cgroup ${own} appeared`])
  } finally {
    discardGroups([own, ...others.map(name => join(place, name))])
  }
})

const changedGroups = (before: ReadonlySet<string>) =>
  compareCensus(before, takeCensus(getpid())).filter(line => line.startsWith('cgroup '))
