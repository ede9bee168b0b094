/**
 * Commands with sudo, on a machine whose Node is where sudo looks and on one where nvm has brought it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { sudoFinds, withSudo } from './sudo.ts'

test('a program outside of the PATH of sudo is given the PATH of its user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sudo-'))
  try {
    assert.equal(sudoFinds('npx', [folder]), false)
    assert.equal(withSudo('npx tsx labs/03-newnet.ts', [folder]), 'sudo env "PATH=$PATH" npx tsx labs/03-newnet.ts')
    writeFileSync(join(folder, 'npx'), '')
    assert.equal(withSudo('npx tsx labs/03-newnet.ts', [folder]), 'sudo npx tsx labs/03-newnet.ts')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
