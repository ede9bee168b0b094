import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { INITIAL_PID_NAMESPACE } from '../../lib/tidy/owner.ts'
import { commandFor } from '../ready/ready.ts'
import {
  buildSpecimen,
  judgePatiently,
  lackingTools,
  refusalsOf,
  specimenFiles,
  titlesOnly,
} from '../testing/programs.ts'
import { SPECIMENS } from './programs.ts'

const TIMEOUT = 90
const folder = mkdtempSync(join(tmpdir(), 'specimens-'))
after(() => rmSync(folder, { recursive: true }))

const executable = (path: string) => buildSpecimen(path, folder)

/** The kernel's log names a process by its PID in the initial namespace, which is not known inside a container. */
const isUnknownHere = (entry: string) =>
  namespaces().pid !== INITIAL_PID_NAMESPACE && / and the judge is in a PID namespace$/.test(entry)

/** The titles of the claims that refuse a program. */
async function refusals(slug: string, program: string): Promise<string[]> {
  const verdict = await judgePatiently({ slug, command: await commandFor(program) }, TIMEOUT)
  return refusalsOf(verdict).filter(entry => !isUnknownHere(entry))
}

test("every right and wrong program in a lab's folder is in its table", () => {
  assert.deepEqual(specimenFiles(), SPECIMENS.map(({ path }) => path).sort())
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
      suite.test(path, { skip: lackingTools(path) }, async () =>
        assert.deepEqual(await refusals(slug, executable(path)), []),
      ),
    ),
  )
})

test('wrong programs are refused by the claims that the table names, and by no other', {
  concurrency: 5,
}, async suite => {
  const wrong = SPECIMENS.filter(({ refusedBy }) => refusedBy.length > 0)
  await Promise.all(
    wrong.map(({ slug, path, refusedBy }) =>
      suite.test(path, { skip: lackingTools(path) }, async () => {
        const found = await refusals(slug, executable(path))
        assert.deepEqual(titlesOnly(found), refusedBy, found.join('\n'))
      }),
    ),
  )
})
