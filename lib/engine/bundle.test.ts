/**
 * A file that is saved while its bundle is made.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT } from '../machine/root.ts'
import { compile } from './bundle.ts'
import { MARK, stamp } from './bundle-cache.mjs'

test('a source that is saved while its bundle is made leaves that bundle out of date', async t => {
  const folder = mkdtempSync(join(ROOT, '.mine.bundle-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const entry = join(folder, 'program.ts')
  writeFileSync(entry, 'console.log(1)\n')
  const stampOf = (text: string) =>
    (JSON.parse(text.slice(text.lastIndexOf(MARK) + MARK.length)) as Record<string, string>)[entry]
  assert.equal(stampOf(await compile(entry)), stamp(entry))
  const saves = {
    name: 'saves',
    setup: (build: import('esbuild').PluginBuild) => build.onEnd(() => writeFileSync(entry, 'console.log(12345)\n')),
  }
  const text = await compile(entry, [saves])
  assert.match(text, /console\.log\(1\)/)
  assert.notEqual(stampOf(text), stamp(entry))
})
