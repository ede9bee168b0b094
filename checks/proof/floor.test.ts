/**
 * The oldest kernel that the project names, on this one: what came after it is taken away. `npm run matrix` boots it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { release } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { CLONEABLE_FLAGS } from '../../lib/cloneable.ts'
import { findProgram } from '../../lib/find-program.ts'
import { ROOT } from '../../lib/root.ts'
import type { Report } from '../report.ts'

const BOUND = 120_000
const START = [...CLONEABLE_FLAGS, join(ROOT, 'lib/start.mjs')]

/** Runs a program as on the floor: Node with these words. */
function onFloor(words: readonly string[]) {
  const fixture = join(ROOT, 'lib/fixtures/on-floor.ts')
  const all = ['--import', 'tsx', ...CLONEABLE_FLAGS, fixture, process.execPath, ...words]
  return spawnSync(process.execPath, all, { cwd: ROOT, encoding: 'utf8', timeout: BOUND })
}

suite('Linux 5.10', { skip: process.getuid?.() !== 0 && 'filters system calls, which takes root' }, () => {
  test('what came later is missing there, or the rest proves nothing', () => {
    const script = [
      "import koffi from 'koffi'",
      "const call = koffi.load(null).func('long syscall(long number, long one, long two, long three, long four)')",
      'const errno = (...args) => (call(...args) < 0 ? koffi.errno() : 0)',
      'console.log(errno(441, 0, 0, 0, 0), errno(442, 0, 0, 0, 0), errno(436, 900, 900, 4, 0), errno(436, 900, 900, 0, 0))',
    ]
    const { stdout, stderr } = onFloor(['--input-type=module', '-e', script.join('\n')])
    assert.equal(stdout, '38 38 22 0\n', stderr)
  })

  test('labs 1 to 4 run and their checks hold there', () => {
    for (const name of ['lab1', 'lab2', 'lab3', 'lab4']) {
      const { stdout, stderr } = onFloor([...START, 'checks/check.ts', name, '--json'])
      assert.notEqual(stdout, '', stderr)
      const [lab] = (JSON.parse(stdout) as Report).labs
      const others = lab?.claims.filter(({ verdict }) => verdict !== 'holds').map(({ title, seen }) => [title, seen])
      assert.deepEqual([lab?.missing, others], [undefined, []], name)
    }
  })
})

test('a kernel below the floor is refused: one sentence, what helps, and 77', context => {
  const setarch = findProgram('setarch')
  if (!setarch) return context.skip('PATH has no setarch')
  const old = (words: readonly string[]) =>
    spawnSync(setarch, ['--uname-2.6', process.execPath, ...words], { cwd: ROOT, encoding: 'utf8', timeout: BOUND })
  const named = old(['-p', 'os.release()']).stdout
  if (!named.startsWith('2.6')) return context.skip(`this kernel does not say that it is older: ${release()}`)
  const programs = [
    ['--import', 'tsx', 'labs/01-fork-vs-clone.ts'],
    [...START, 'labs/01-fork-vs-clone.ts'],
    [...START, 'checks/check.ts', 'lab1'],
  ]
  for (const words of programs) {
    const { status, stdout, stderr } = old(words)
    assert.deepEqual([status, stdout], [77, ''], stderr)
    assert.match(stderr, /^this is Linux 2\.6\.\S+, and .* 5\.10 or later\nhint: .*npm run vm.*\n$/)
  }
})
