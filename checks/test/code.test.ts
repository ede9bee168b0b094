/**
 * The types and the formatting of the code.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT } from '../../lib/machine/root.ts'

/** Runs one of the tools that npm has installed. */
function tool(name: string, ...args: readonly string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', name), args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
  })
  return { status, said: `${stdout}${stderr}` }
}

test('the types are sound: npm run types', () => {
  const { status, said } = tool('tsc', '--noEmit')
  assert.equal(status, 0, said)
})

test('the code is formatted and linted: npm run lint', () => {
  const { status, said } = tool('biome', 'check', '--error-on-warnings')
  assert.equal(status, 0, said)
})
