import assert from 'node:assert/strict'
import test from 'node:test'
import { Story } from './story.ts'

test('nothing is written before the program is born', () => {
  const story = new Story(true)
  story.add({ kind: 'timeout', seconds: 1 })
  assert.deepEqual(story.events, [])
  story.begin()
  story.add({ kind: 'timeout', seconds: 2 })
  assert.deepEqual(
    story.events.map(({ order, what }) => [order, what]),
    [[1, { kind: 'timeout', seconds: 2 }]],
  )
})

test('of very many events the first and the last are kept, in their order, and the rest is counted', () => {
  const story = new Story(true)
  story.begin()
  const count = 50_000
  for (let i = 1; i <= count; i++) story.add({ kind: 'timeout', seconds: i })
  const seconds = story.events.map(({ what }) => (what.kind === 'timeout' ? what.seconds : 0))
  assert.ok(seconds.length <= 20_000)
  assert.equal(seconds.length + story.dropped, count)
  assert.deepEqual([seconds[0], seconds[9999], seconds.at(-1)], [1, 10_000, count])
  for (const [i, { order }] of story.events.entries()) assert.equal(order, seconds[i])
})

test('the line of a call is for that call alone', () => {
  const story = new Story(true)
  story.begin()
  const chroot = () => story.add({ kind: 'chroot', target: '/' }, 7)
  story.note(7, 'mount', 'lab.ts:1')
  chroot()
  story.note(7, 'chroot', 'lab.ts:2')
  story.add({ kind: 'hostname', name: 'x' }, 7)
  story.add({ kind: 'chroot', target: '/' }, 8)
  chroot()
  chroot()
  story.note(7, 'chroot', 'lab.ts:3')
  story.forget(7)
  chroot()
  const lines = [undefined, undefined, undefined, 'lab.ts:2', undefined, undefined]
  assert.deepEqual(
    story.events.map(({ line }) => line),
    lines,
  )
})
