/**
 * A checkout may lie below any folder: each command is run in copies whose paths hold what a URL, a pattern, a shell or a
 * limit would stumble over.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { EXIT } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { makeCheckout } from '../testing/checkout.ts'

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const folder = mkdtempSync(join(tmpdir(), 'paths-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

/** What a URL, a pattern and a shell read otherwise. No *: in such a folder Node itself takes a package's files for others. */
const MARKS = `a #b%41c?d [e] {f} (g) $HOME \`x\` 'q'"&;`
const UNICODE = 'ünïcödé, 日本語のとても長い名前, имя папки, اسم المجلد, ✓ 🐧'
/** With these 600 characters and more; a single name has at most 255 bytes. */
const LONG = Array.from({ length: 3 }, () => 'long-'.repeat(40)).join('/')

/** What is run, in this order, and how it ends. Each is the text of a shell. */
const RUNS: readonly (readonly [command: string, words: string, code: number])[] = [
  ['check', 'lab1', EXIT.HOLDS],
  ['check', 'lab3 --reporter tap', EXIT.HOLDS],
  ['exercise', 'lab3', EXIT.HOLDS],
  ['check', 'lab3 mine/03-newnet.ts', EXIT.FAILS],
  ['learn', '--once lab3', EXIT.FAILS],
  ['learn', '--list', EXIT.HOLDS],
  ['reset', 'lab3', EXIT.HOLDS],
  ['clean', '--dry-run', EXIT.HOLDS],
  ['book', 'read lab1', EXIT.HOLDS],
  ['grade', 'mine --lab lab3 --out out --quiet', EXIT.HOLDS],
  ['rootfs', '', EXIT.HOLDS],
  ['check', 'lab4', EXIT.HOLDS],
  ['vm', '--help', EXIT.HOLDS],
  ['bench', '--help', EXIT.HOLDS],
  ['soak', '--help', EXIT.HOLDS],
  ['matrix', '--help', EXIT.HOLDS],
  ['watch', '--help', EXIT.HOLDS],
  ['doctor', '--json', EXIT.HOLDS],
  ['setup', '--help', EXIT.HOLDS],
  ['types', '', EXIT.HOLDS],
]

const options = { skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }

/** Runs the words of a shell in a checkout; npm sets PWD, PATH and INIT_CWD in the same way. */
function shell(cwd: string, script: string) {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env
  const settings = { cwd, env: { ...env, NO_COLOR: '1', INIT_CWD: cwd }, input: '', timeout: 120_000 } as const
  // A mount that somebody makes on this machine meanwhile is none of a program's.
  const words = ['-m', '--propagation', 'private', 'sh', '-c', script]
  const { status, stdout, stderr } = spawnSync('unshare', words, { ...settings, encoding: 'utf8' })
  return { status, stdout, all: stdout + stderr }
}

suite('a checkout below folders with odd and long names', options, () => {
  const above = join(folder, MARKS, UNICODE, LONG)
  const checkout = join(above, 'checkout')
  mkdirSync(above, { recursive: true })
  makeCheckout(checkout)

  for (const [command, words, code] of RUNS)
    test(`npm run ${command} ${words}`.trim(), () => {
      const { status, all } = shell(checkout, `${scripts[command]} ${words}`)
      assert.equal(status, code, all)
    })

  test('npm run book -- build', () => {
    const { all } = shell(checkout, `${scripts['book']} build`)
    // Whether the book is in step with the labs is another test's.
    assert.match(all, /^\d+ chapters in .*\/book\/site, /m, all)
    assert.ok(existsSync(join(checkout, 'book', 'site', 'index.html')))
  })

  test('labs/run, and npm start to its end', () => {
    assert.match(shell(checkout, 'labs/run 2 --help').stdout, /^Lab 2: /)
    const { status, stdout, all } = shell(checkout, `exec unshare -n ${scripts['start']}`)
    assert.equal(status, EXIT.HOLDS, all)
    assert.match(stdout, /\nThree things to do next:\n/)
  })

  test('all of it from bundles, which a program reads in a fifth of the time', () => {
    const { status, stdout } = shell(checkout, 'ls node_modules/.cache/clone')
    assert.equal(status, 0)
    for (const program of ['check', 'learn', 'clean', 'book', 'bundle-main', '03-newnet'])
      assert.match(stdout, new RegExp(`^${program}-[0-9a-f]{8}\\.mjs$`, 'm'))
  })
})
