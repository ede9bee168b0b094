import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { look, refusalAtLast } from './say.ts'

test('the lines of a file are counted, whether the last one is ended or not, and names in a directory listed', t => {
  const folder = mkdtempSync(join(tmpdir(), 'say-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const place = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  assert.match(look(place('none', '')), /none has 0 lines$/)
  assert.match(look(place('one', 'a\n')), /one has 1 line$/)
  assert.match(look(place('two', 'a\nb')), /two has 2 lines$/)
  assert.match(look(place('blank', 'a\n\n')), /blank has 2 lines$/)
  mkdirSync(join(folder, 'empty'))
  assert.equal(
    look(folder, join(folder, 'empty')),
    `in ${folder}: blank empty none one two; in ${folder}/empty: nothing`,
  )
  assert.throws(() => look(join(folder, 'missing')), /ENOENT/)
})

test('a call is made until it is refused, and what is no errno is not taken for a refusal', () => {
  let calls = 0
  const refused = Object.assign(new Error('no'), { code: 'ENOSPC' })
  const action = () => {
    calls += 1
    if (calls > 3) throw refused
  }
  assert.equal(refusalAtLast(action), 'ENOSPC, after 3 of them')
  assert.throws(
    () =>
      refusalAtLast(() => {
        throw new TypeError('a fault')
      }),
    /a fault/,
  )
})
