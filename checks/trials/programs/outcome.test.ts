import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { Finding, Verdict } from '../../judge/judge.ts'
import { programsCell } from './in-place.ts'
import { Known } from './known.ts'
import { blindness, compare, SEES_ALL } from './outcome.ts'
import { SPECIMENS } from './table.ts'

const SLOW = 'its work: the machine is too busy'
const OLD = 'opaque directories: Linux 6.6 would show them'

const finding = (title: string, more: Partial<Finding> = {}): Finding => ({ title, section: 'a', ...more })
const fails = (title: string) => finding(title, { failure: { expected: 'x', seen: 'y', cause: 'z' } })
const open = (title: string, missing: string) => finding(title, { unjudged: { missing, remedy: 'r' } })
const judged = (...findings: Finding[]): Verdict => ({
  kind: 'judged',
  findings,
  output: '',
  seconds: 1,
  time: { checker: 0, program: 0, waiting: 0 },
})
const kindOf = (verdict: Verdict, refusedBy: readonly string[], ofLab: Verdict = judged()) =>
  compare(verdict, refusedBy, blindness(ofLab)).kind

test('a program is as named when exactly the claims of the table refuse it', () => {
  assert.equal(kindOf(judged(finding('a'), fails('b')), ['b']), 'as named')
  assert.equal(kindOf(judged(finding('a'), finding('b')), []), 'as named')
  assert.equal(kindOf(judged(fails('a'), fails('b')), ['b']), 'otherwise')
  assert.equal(kindOf(judged(finding('a'), finding('b')), ['b']), 'otherwise')
})

test('what a place was too slow for makes a verdict unclear, unless something else contradicts the table', () => {
  assert.equal(kindOf(judged(open('a', SLOW), fails('b')), ['a', 'b']), 'unclear')
  assert.equal(kindOf(judged(open('a', SLOW), finding('b')), []), 'unclear')
  assert.equal(kindOf(judged(open('a', SLOW), fails('b')), ['a']), 'otherwise')
  assert.equal(kindOf({ kind: 'cannot', reason: SLOW }, ['a']), 'unclear')
})

test('what a place cannot judge of the lab itself is left aside, and of a program alone it is a difference', () => {
  const ofLab = judged(open('a', OLD), finding('b'))
  assert.equal(kindOf(judged(open('a', OLD), fails('b')), ['b'], ofLab), 'as named')
  assert.equal(kindOf(judged(open('a', OLD), finding('b')), ['a'], ofLab), 'unclear')
  assert.equal(kindOf(judged(open('a', OLD), finding('b')), ['b'], ofLab), 'otherwise')
  assert.equal(kindOf(judged(open('a', OLD), fails('b')), ['b'], judged()), 'otherwise')
  assert.equal(kindOf({ kind: 'cannot', reason: OLD }, [], { kind: 'cannot', reason: OLD }), 'unclear')
  assert.equal(kindOf({ kind: 'cannot', reason: OLD }, []), 'otherwise')
})

test('that the machine was too busy for the lab itself excuses no other program', () => {
  assert.deepEqual(blindness(judged(open('a', SLOW))), SEES_ALL)
})

test('a fault of the judge is a difference, whatever it says', () => {
  assert.equal(kindOf({ kind: 'cannot', reason: SLOW, isFault: true }, []), 'otherwise')
})

test('a file keeps what is known in each place, until a program or its row in the table changes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'known-'))
  try {
    const file = join(folder, 'known.jsonl')
    const [one, other] = SPECIMENS.map(({ path }) => path)
    assert.ok(one && other)
    const here = new Known('here', file)
    here.add({ path: one, kind: 'as named', about: '', seconds: 1 })
    here.add({ path: other, kind: 'otherwise', about: 'b (y)', seconds: 1 })
    const again = new Known('here', file)
    assert.deepEqual([again.isAsNamed(one), again.isAsNamed(other)], [true, false])
    const good = one.includes('/right/') ? '1 right, 0 wrong' : '0 right, 1 wrong'
    assert.equal(programsCell(again.results()), `${good}, 1 ✘, ${SPECIMENS.length - 2} not tried`)
    assert.equal(new Known('elsewhere', file).results().length, 0)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"digest":"\w+"/, '"digest":"of another text"'))
    assert.equal(new Known('here', file).isAsNamed(one), false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
