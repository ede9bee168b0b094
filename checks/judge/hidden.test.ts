/**
 * That nobody is made without being seen, whatever a program does to the flags of clone3(2) while it is looked at.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { compiler } from '../../lib/testing/in-child.ts'
import { judgePatiently } from '../testing/programs.ts'

const CHILDREN = 100

test('every child is seen, although another thread puts CLONE_UNTRACED back into the flags of its clone3(2)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hidden-'))
  try {
    const program = join(folder, 'hides-children')
    const source = join(import.meta.dirname, 'fixtures', 'hides-children.c')
    execFileSync(compiler(), ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source])
    const verdict = await judgePatiently({ slug: '01-fork-vs-clone', command: [program], story: 'program' }, 120)
    assert.ok(verdict.kind === 'judged' && verdict.story, JSON.stringify(verdict))
    const { events, program: pid } = verdict.story
    const made = (kind: 'birth' | 'exit') => events.filter(({ who, what }) => what.kind === kind && who?.pid !== pid)
    assert.equal(made('birth').length, CHILDREN)
    assert.equal(made('exit').length, CHILDREN)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
