/**
 * Causes that name what has happened: where a program went wrong in a way that is known, its failure says in which.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { compiler } from '../../lib/testing/in-child.ts'
import { EVERY_LAB } from '../labs/claim.ts'
import { titlesOf } from '../labs/exercise.ts'
import type { Observation } from '../observer/record.ts'
import { commandFor } from '../ready/ready.ts'
import { judgeInChild } from './in-child.ts'

const folder = mkdtempSync(join(tmpdir(), 'causes-'))
after(() => rmSync(folder, { recursive: true }))
const skip = process.getuid?.() !== 0 && 'judges as root'

/** The causes of what does not hold of a program, by title. */
async function causesOf(slug: string, program: string): Promise<Map<string, string>> {
  const verdict = await judgeInChild({ slug, command: await commandFor(program) }, 60).verdict
  assert.ok(verdict.kind === 'judged', JSON.stringify(verdict))
  return new Map(verdict.findings.flatMap(({ title, failure }) => (failure ? [[title, failure.cause]] : [])))
}

test('lab 1 with one file that is opened once: the cause says who closed it', {
  skip: skip || !compiler(),
}, async () => {
  const program = join(import.meta.dirname, '../labs/01-fork-vs-clone/wrong/opened-once.c')
  const causes = await causesOf('01-fork-vs-clone', program)
  assert.deepEqual([...causes.keys()], ['where a CLONE_FS child goes, its parent goes too'])
  assert.match([...causes.values()].join(), /nothing left to close: .* had closed that file for the parent, too/)
})

test('ip netns add and del leave a mount: the cause names the command that takes it off', { skip }, async () => {
  const program = join(folder, 'named.sh')
  writeFileSync(program, '#!/bin/sh\nip netns add left\nip netns del left\n')
  chmodSync(program, 0o755)
  const [, , left = ''] = titlesOf(EVERY_LAB)
  assert.match((await causesOf('02-newpid', program)).get(left) ?? '', /^ip netns add mounts .*: umount \/run\/netns$/)
})

test('where more than that mount is left, the cause says both', () => {
  const [, , claim] = EVERY_LAB
  const seen = { leftovers: ['mount /run/netns (tmpfs, number 3)', 'interface veth0'] } as unknown as Observation
  const objection = claim?.refute(seen)
  assert.ok(objection && 'cause' in objection)
  assert.match(objection.cause, /without removing what it made; .*umount \/run\/netns/)
})
