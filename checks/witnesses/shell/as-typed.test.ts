/**
 * What counts as a line that has reached its reader as it was typed.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { isOnlyAgain, readAround } from './as-typed.ts'

const LINE = '(exit $((58 + 4 * 7 - 21)))\n'
const DOCUMENT = 'while read a b; do (exit $a); done <<end\n5 7\nend\n'

test('a line is found where a line begins, whatever the terminal has said before', () => {
  for (const before of ['', '\n', 'cd /\n', '\x1b[24;80R', 'ls\r\x1b[1;1R', '\x15'])
    for (const line of [LINE, DOCUMENT])
      assert.equal(readAround(before + line.replaceAll('\n', '\r'), line)?.behind, '')
  assert.deepEqual(readAround(`cd /\n${LINE}ls`, LINE), { before: '\ncd /', behind: 'ls' })
})

test('a line behind something else, or in pieces with something between, is not there', () => {
  for (const before of ['#', ': ', 'cd /; ', "echo '"]) assert.equal(readAround(before + LINE, LINE), undefined)
  assert.equal(readAround(`${LINE.slice(0, 9)}x${LINE.slice(9)}`, LINE), undefined)
})

test('around it may stand nothing but the same once more', () => {
  for (const rest of ['', '\n', LINE, LINE + LINE, LINE + LINE.slice(0, 5), `\x1b[3;4R${LINE}\r`])
    assert.ok(isOnlyAgain(rest, LINE), JSON.stringify(rest))
  for (const rest of ['(exit 65)\n', `${LINE}(exit 65)\n`, 'x', "'; (exit 65)\n"])
    assert.ok(!isOnlyAgain(rest, LINE), JSON.stringify(rest))
})
