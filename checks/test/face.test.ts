import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT } from '../../lib/machine/root.ts'
import { exportList, exportsOf, libraryFiles, writtenList } from './face.ts'

test('lib/README.md lists every export of lib/, each with the first sentence of its docstring', () => {
  assert.equal(writtenList(), exportList(), 'node --import tsx checks/test/face.ts renews the list')
})

test('every function, class and type that lib/ exports has a docstring', () => {
  const bare = libraryFiles().flatMap(file => {
    const all = exportsOf(readFileSync(join(ROOT, 'lib', file), 'utf8'))
    const passedOn = new Set(
      Array.from(
        readFileSync(join(ROOT, 'lib', file), 'utf8').matchAll(/^export \{([^}]+)\}/gm),
        ([, names = '']) => names,
      ),
    )
    const isPassedOn = (name: string) => [...passedOn].some(names => names.includes(name))
    return all
      .filter(({ name, sentence, isConstant }) => !isConstant && !sentence && !isPassedOn(name))
      .map(({ name }) => `${file}: ${name}`)
  })
  assert.deepEqual(bare, [])
})

test('the list takes what is exported, in every form, and its first sentence', () => {
  const source = [
    '/** Does it. And more. @see clone(2) */',
    'export function one(): void {}',
    '/**\n * Of two lines,\n * in one.\n * @throws Error\n */',
    'export const two = () => 1',
    'export const THREE = 3',
    "export { four, five } from './other.ts'",
  ].join('\n')
  assert.deepEqual(
    exportsOf(source).map(({ name, sentence, isConstant }) => [name, sentence, isConstant]),
    [
      ['one', 'Does it', false],
      ['two', 'Of two lines, in one', false],
      ['THREE', '', true],
      ['four', '', false],
      ['five', '', false],
    ],
  )
})

const PROGRAM = `
import { clone, CLONE_NEWPID, getpid, join, SIGCHLD, waitpid, type WaitStatus } from 'containers-from-clone'
const status: WaitStatus = waitpid(clone(() => getpid() + 6, CLONE_NEWPID | SIGCHLD))
console.log(status.code, typeof join)
`

test("a program in the checkout imports 'containers-from-clone', through tsx and from its bundle", {
  skip: process.getuid?.() !== 0 && 'takes root',
}, t => {
  const folder = join(ROOT, 'mine', `face-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  t.after(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'program.ts')
  writeFileSync(program, PROGRAM)
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env
  for (const flags of [
    ['--import', 'tsx'],
    ['--single-threaded', '--v8-pool-size=1', '--import', 'tsx'],
  ]) {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, program], { cwd: ROOT, env, encoding: 'utf8' })
    assert.deepEqual([stdout, stderr], ['7 function\n', ''])
  }
})
