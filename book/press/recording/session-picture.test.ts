import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { drawSession, SESSION_PICTURE, sessionPicture } from './session-picture.ts'

const session = (...lines: readonly string[]) => ['```console record', ...lines, '```', ''].join('\n')

test('the picture of the README shows the session that the chapter has recorded', () => {
  const redraw = 'npx tsx book/press/recording/session-picture.ts draws it anew'
  assert.equal(readFileSync(SESSION_PICTURE, 'utf8'), sessionPicture(), redraw)
})

test('every line is there, in the colour of its speaker, and none can leave its element', () => {
  const picture = drawSession(session('$ lab', 'outside  a < b', ' inside  & so', '         a remark', 'PING'), 'x')
  const rows = [...picture.matchAll(/<text class="(\w)"[^>]*>([^<]*)</g)].map(([, kind, text]) => [kind, text])
  assert.deepEqual(rows, [
    ['c', '$ lab'],
    ['o', 'outside  a &lt; b'],
    ['i', ' inside  &amp; so'],
    ['n', '         a remark'],
    ['x', 'PING'],
  ])
})

test('without a recording it names the command that makes one', () => {
  assert.throws(() => drawSession('nothing', 'x'), /record 03/)
})
