/**
 * The oldest supported kernel, imitated on this one by a filter that takes later system calls away. `npm run matrix`
 * boots a real one.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { startWords } from '../../lib/engine/start-words.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { Report } from '../report/report.ts'

const BOUND = 120_000
const START = startWords(ROOT)

/** Runs Node with these words as on the oldest supported kernel. */
function onFloor(words: readonly string[]) {
  const fixture = join(ROOT, 'lib/testing/fixtures/on-floor.ts')
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

/** The kernel's own numbers, where its headers are installed. From 424 on they are the same on every architecture. */
const HEADER = '/usr/include/asm-generic/unistd.h'
const header = existsSync(HEADER) ? readFileSync(HEADER, 'utf8') : ''
const numberOf = (name: string) => Number(new RegExp(`__NR_${name} (\\d+)`).exec(header)?.[1] ?? 0)

/** The names of the system calls that have come since Linux 5.1, by the numbers in the sources, and in C by the header's. */
function recentCalls(): string[] {
  const sources = (folder: string, suffix: string) =>
    (readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }) as string[])
      .filter(name => name.endsWith(suffix) && !/\.test\.ts$|\/(right|wrong|hostile|fixtures)\/|^bench\//.test(name))
      .map(name => readFileSync(join(ROOT, folder, name), 'utf8'))
  const inTypeScript = ['lib', 'checks'].flatMap(folder => sources(folder, '.ts')).join('\n')
  const named = Array.from(inTypeScript.matchAll(/SYS_(\w+) = (\d+)/g), ([, name = '', number]) => [name, number])
  const inC = Array.from(
    sources('native', '.c')
      .join('\n')
      .matchAll(/SYS_(\w+)/g),
    ([, name = '']) => name,
  )
  const calls = [...named, ...inC.map(name => [name, numberOf(name)])]
  return [...new Set(calls.filter(([, number]) => Number(number) >= 424).map(([name]) => String(name)))].sort()
}

test('lib/README.md says of every recent system call since when there is one, and what is done without', () => {
  const rows = readFileSync(join(ROOT, 'lib/README.md'), 'utf8')
    .split('\n')
    .filter(line => /^\|.*\| \d\.\d/.test(line))
  const calls = recentCalls()
  assert.ok(calls.includes('close_range') && calls.includes('mount_setattr'), calls.join())
  if (header) assert.ok(calls.includes('clone3'), calls.join())
  for (const name of calls) {
    const row = rows.find(line => line.includes(`\`${name}(2)\``))
    assert.match(row ?? `no row has ${name}(2)`, /\| [\d., ]+ \| [^|]{5,} \| [^|]{5,} \|$/)
  }
})
