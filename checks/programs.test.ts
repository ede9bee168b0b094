import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { findProgram } from '../lib/lab.ts'
import { LABS } from '../lib/manifest.ts'
import { ROOT } from '../lib/root.ts'
import { compilers } from '../native/build.ts'
import { CHECKERS } from './checkers.ts'
import { commandFor } from './command.ts'
import { judgeInChild } from './judge-in-child.ts'
import { SPECIMENS } from './programs.ts'

const PROGRAMS = join(import.meta.dirname, 'programs')
const TIMEOUT = 30
const FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread']
const folder = mkdtempSync(join(tmpdir(), 'specimens-'))
after(() => rmSync(folder, { recursive: true }))

/** C programs are compiled; everything else runs as it is. */
function executable(path: string): string {
  const source = join(PROGRAMS, path)
  if (!path.endsWith('.c')) return source
  const program = join(folder, basename(path, '.c'))
  execFileSync(compilers().find(findProgram) as string, [...FLAGS, '-o', program, source])
  return program
}

/** The titles of the claims that refuse a program. */
async function refusals(slug: string, program: string): Promise<string[]> {
  const verdict = await judgeInChild({ slug, command: await commandFor(program) }, TIMEOUT).verdict
  if (verdict.kind === 'cannot') throw new Error(`cannot be judged here: ${verdict.reason}`)
  return verdict.findings
    .filter(({ failure, unjudged }) => failure ?? unjudged)
    .map(({ title, failure, unjudged }) => `${title}\n  seen: ${failure?.seen ?? `not ${unjudged?.missing}`}`)
}

const titlesOnly = (found: readonly string[]) => found.map(entry => entry.split('\n')[0])

test('every lab has a checker, and every program below programs/ is in the table', () => {
  assert.deepEqual(
    Object.keys(CHECKERS),
    LABS.map(({ slug }) => slug),
  )
  const files = readdirSync(PROGRAMS, { recursive: true, encoding: 'utf8' }).filter(file => /\.\w+$/.test(file))
  assert.deepEqual(files.sort(), SPECIMENS.map(({ path }) => path).sort())
})

test('every lab passes its own check', { concurrency: 3 }, async suite => {
  await Promise.all(
    LABS.map(({ slug }) =>
      suite.test(slug, async () => assert.deepEqual(await refusals(slug, join(ROOT, 'labs', `${slug}.ts`)), [])),
    ),
  )
})

test('right programs in other languages pass', { concurrency: 4 }, async suite => {
  const right = SPECIMENS.filter(({ refusedBy }) => refusedBy.length === 0)
  await Promise.all(
    right.map(({ slug, path }) =>
      suite.test(path, async () => assert.deepEqual(await refusals(slug, executable(path)), [])),
    ),
  )
})

test('wrong programs are refused by the claims that the table names, and by no other', {
  concurrency: 4,
}, async suite => {
  const wrong = SPECIMENS.filter(({ refusedBy }) => refusedBy.length > 0)
  await Promise.all(
    wrong.map(({ slug, path, refusedBy }) =>
      suite.test(path, async () => {
        const found = await refusals(slug, executable(path))
        assert.deepEqual(titlesOnly(found), refusedBy, found.join('\n'))
      }),
    ),
  )
})
