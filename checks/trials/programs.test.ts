import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { LABS } from '../../lib/lab/manifest.ts'
import { INITIAL_PID_NAMESPACE } from '../../lib/machine/container.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { commandFor } from '../ready/ready.ts'
import { flawsIn } from '../testing/messages.ts'
import {
  buildSpecimen,
  judgePatiently,
  lackingTools,
  refusalsOf,
  specimenFiles,
  titlesOnly,
} from '../testing/programs.ts'
import { SPECIMENS } from './programs/table.ts'

const TIMEOUT = 90
const folder = mkdtempSync(join(tmpdir(), 'specimens-'))
after(() => rmSync(folder, { recursive: true }))

const executable = (path: string) => buildSpecimen(path, folder)

/** The kernel's log names a process by its PID in the initial namespace, which is not known inside a container. */
const isUnknownHere = (entry: string) =>
  namespaces().pid !== INITIAL_PID_NAMESPACE && / and the judge is in a PID namespace$/.test(entry)

/** The titles of the claims that refuse a program. What they say has to be fit for a reader. */
async function refusals(slug: string, program: string): Promise<string[]> {
  const verdict = await judgePatiently({ slug, command: await commandFor(program) }, TIMEOUT)
  assert.deepEqual(flawsIn(verdict), [])
  return refusalsOf(verdict).filter(entry => !isUnknownHere(entry))
}

test("every right and wrong program in a lab's folder is in its table", () => {
  assert.deepEqual(specimenFiles(), SPECIMENS.map(({ path }) => path).sort())
})

test('messages that would teach a reader nothing are found', () => {
  const one = {
    title: 'a',
    section: 'b',
    failure: { expected: 'exit code 0 of it, then of its parent', seen: '', cause: 'c' },
  }
  const flaws = (...seen: string[]) =>
    flawsIn({
      kind: 'judged',
      findings: seen.map(text => ({ ...one, failure: { ...one.failure, seen: text } })),
      output: '',
      seconds: 0,
      time: { checker: 0, program: 0, waiting: 0 },
    }).length
  assert.equal(flaws('it: exit code 1'), 0)
  assert.equal(flaws('its parent: exit code 0'), 1)
  assert.equal(flaws('a directory 42:2'), 1)
  assert.equal(flaws('killed (errno 3)'), 1)
  assert.equal(flaws('it: exit code 1', 'it: exit code 2'), 1)
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
