/**
 * Lab 8 as a program: what it refuses, what it packs, and that nothing is left whatever happens to it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import * as F from '../../lib/flags.ts'
import { mounts } from '../../lib/mount/mount.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { capture } from '../../lib/testing/in-child.ts'
import { allPids, statusField } from '../../lib/trace/proc.ts'
import { awaitSo, enterProc, isAlone, labRun } from '../testing/lab-runs.ts'

const { command, run } = await labRun('08-layers')
const folder = mkdtempSync(join(tmpdir(), 'layers-lab-'))
after(() => rmSync(folder, { recursive: true }))
const skip = isPrivileged(['mounts']) ? false : 'what is left is counted where root can look'

test('what the first container has written comes out as a layer, and goes in again', () => {
  const file = join(folder, 'layer.tar')
  assert.equal(run(['--commit', file]).status, 0)
  const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' })
  for (const name of ['bin/.wh.vi', 'etc/hosts', 'root/notes']) assert.ok(names.includes(`${name}\n`), names)
  const { status, stdout } = run(['--layer', file])
  assert.equal(status, 0)
  assert.match(stdout, /My root has 4 layers\. \/etc\/hosts has 3 lines; in \/root: notes/)
})

test('a layer that would do harm is refused in a sentence, with exit code 2', () => {
  const noise = join(folder, 'noise')
  writeFileSync(noise, 'no archive'.repeat(200))
  const tree = mkdtempSync(join(folder, 'tree-'))
  symlinkSync('../../../etc', join(tree, 'out'))
  const wicked = join(folder, 'wicked.tar')
  execFileSync('tar', ['-cf', wicked, '-C', tree, 'out'])
  for (const [file, why] of [
    [noise, /is no whole tar archive/],
    [wicked, /out is a link out of the layer/],
    [join(folder, 'missing'), /cannot be read \(ENOENT\)/],
  ] as const) {
    const { status, stdout, stderr } = run(['--layer', file])
    assert.deepEqual([status, stdout], [2, ''], stderr)
    assert.match(stderr, why)
    assert.match(stderr, /\nhint: /)
  }
})

test('the root file system of lab 4 stays what it was', () => {
  const digest = () => /base (\w{12})/.exec(run().stdout)?.[1]
  const first = digest()
  assert.ok(first)
  assert.equal(digest(), first)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`lab 8 ended by ${signal} leaves neither a mount nor a process`, { skip }, () => {
    const { output } = capture(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
      enterProc()
      const before = mounts().length
      const lab = cloneExec(command('--pace', '3'))
      // Who has two numbers from here is in a PID namespace below this one.
      awaitSo(() => allPids().some(pid => (statusField(pid, 'NSpid') ?? '').split(/\s+/).length > 1))
      kill(lab, signal)
      waitpid(lab)
      awaitSo(isAlone)
      console.log(mounts().length === before ? 'alone' : readFileSync('/proc/self/mountinfo', 'utf8'))
    })
    assert.match(output, /alone\n$/)
  })
}
