import assert from 'node:assert/strict'
import test from 'node:test'
import { Kept } from './kept.ts'

test('of what looks the same the first and the last are kept, in the order of events, however often it was seen', () => {
  const kept = new Kept<{ readonly order: number; readonly way: string }>(({ way }) => way)
  for (let order = 0; order < 10_000; order++) kept.add({ order, way: order % 2 === 0 ? 'open' : 'shut' })
  assert.deepEqual(
    kept.all.map(({ order }) => order),
    [0, 1, 9998, 9999],
  )
  assert.equal(kept.isFlooded, false)
})

test('of more different things than are kept it is said that some are missing', () => {
  const kept = new Kept<{ readonly order: number }>(({ order }) => `${order}`)
  for (let order = 0; order < 10_000; order++) kept.add({ order })
  assert.equal(kept.isFlooded, true)
  assert.ok(kept.all.length < 10_000)
})
