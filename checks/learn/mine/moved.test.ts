/**
 * A program that was written when files of lib/ had other names: it is still understood, and a copy in mine/ is renewed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { compile } from '../../../lib/engine/bundle.ts'
import { MOVED, withNewNames } from '../../../lib/engine/moved.ts'
import { ROOT } from '../../../lib/machine/root.ts'

const LAB = readFileSync(join(ROOT, 'labs', '03-newnet.ts'), 'utf8')
/** The lab as it was written when lib/ was one folder. */
const OLD = LAB.replace(/'\.\.\/lib\/[\w/]*\/([\w-]+\.ts)'/g, (now, name: string) =>
  name in MOVED ? `'../lib/${name}'` : now,
)
const folder = mkdtempSync(join(ROOT, '.mine.moved-'))
after(() => rmSync(folder, { recursive: true }))

test('every file that has moved is where the table says, and none is where it was', () => {
  for (const [from, to] of Object.entries(MOVED)) {
    assert.ok(existsSync(join(ROOT, 'lib', to)), to)
    assert.ok(!existsSync(join(ROOT, 'lib', from)), from)
  }
})

test('old names become new ones, and nothing else changes', () => {
  assert.notEqual(OLD, LAB)
  assert.equal(withNewNames(OLD), LAB)
  assert.equal(withNewNames(LAB), LAB)
  assert.equal(withNewNames("const text = '../lib/say.ts'"), "const text = '../lib/say.ts'")
})

test('a program with old names compiles as it is', async () => {
  const file = join(folder, 'old.ts')
  writeFileSync(file, OLD)
  assert.match(await compile(file), /03-newnet/)
})

test('so does one that lies elsewhere, and names the checkout by its path', async t => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'moved-'))
  t.after(() => rmSync(elsewhere, { recursive: true }))
  const file = join(elsewhere, 'old.ts')
  writeFileSync(file, OLD.replaceAll("'../lib/", `'${ROOT}/lib/`))
  assert.match(await compile(file), /03-newnet/)
})

test('check renews the imports of a copy in mine/, and then checks it', () => {
  const env = { ...process.env, WORKBOOK_MINE: folder.slice(ROOT.length + 1), NODE_TEST_CONTEXT: undefined }
  const check = (path: string) =>
    spawnSync('npm', ['run', '-s', 'check', 'lab3', path], { cwd: ROOT, encoding: 'utf8', env, timeout: 120_000 })
  const copy = join(folder, '03-newnet.ts')
  writeFileSync(copy, OLD)
  const { status, stdout, stderr } = check(copy)
  assert.equal(status, 0, stdout + stderr)
  assert.equal(readFileSync(copy, 'utf8'), LAB)
})
