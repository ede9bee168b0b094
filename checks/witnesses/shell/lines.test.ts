import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { ensureRootfs } from '../../../lib/mount/rootfs.ts'
import { CODES, drawQuestions, type Question } from './lines.ts'

const DRAWS = 20

/** The shells there are here, each as a command; that of the root file system is one of them. */
const shells = () => [
  [join(ensureRootfs(), 'bin', 'busybox'), 'sh'],
  ...['dash', 'bash', 'ksh'].flatMap(name => {
    const path = findProgram(name)
    return path === undefined ? [] : [[path]]
  }),
]

/** The codes with which a shell answers these questions, the directories it is in then, and its number. */
function ask([program = '', ...words]: readonly string[], questions: readonly Question[]) {
  const script = questions.map(({ text }) => `${text}echo "= $? $PWD"\n`).join('')
  const { stdout, pid, stderr } = spawnSync(program, words, { input: script, encoding: 'utf8', cwd: '/' })
  const answers = stdout.split('\n').filter(line => line.startsWith('= '))
  assert.equal(stderr, '')
  return { codes: answers.map(line => Number(line.split(' ')[1])), number: pid }
}

test('every shell answers what is typed with the codes that are expected, a second time, too', () => {
  for (const shell of shells())
    for (let i = 0; i < DRAWS; i++) {
      const questions = drawQuestions()
      const all = [...questions.flatMap(each => [each, each])]
      const { codes, number } = ask(shell, all)
      const texts = JSON.stringify([shell, questions.map(({ text }) => text)])
      assert.deepEqual(
        codes,
        all.map(each => each.code({ number })),
        texts,
      )
    }
})

test('all codes are of the range that means an answer, and no two runs are asked the same', () => {
  const draws = Array.from({ length: 200 }, drawQuestions)
  for (const { code, text } of draws.flat()) {
    const answer = code({ number: 2 })
    assert.ok(answer >= CODES.lowest && answer < CODES.highest, `${answer}: ${text}`)
  }
  assert.equal(new Set(draws.map(questions => questions.map(({ text }) => text).join(''))).size, draws.length)
})

test('whoever ends a line with ! or uses a tab would be understood differently by a shell that edits lines', () => {
  for (const { text } of drawQuestions()) assert.doesNotMatch(text, /[!\t\r]/)
})
