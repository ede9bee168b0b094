/**
 * Hostile programs: each ends within its bound and gets an honest verdict, and the machine is as it was before.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { EXIT } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { kill } from '../../lib/process.ts'
import { judgeInChild } from '../judge/in-child.ts'
import type { Verdict } from '../judge/judge.ts'
import { commandFor } from '../ready/ready.ts'
import { adoptDescendants, Bystander, changesSince, takeMachineCensus } from '../testing/machine-census.ts'
import { preferred } from '../testing/preferred.ts'
import { buildSpecimen, lackingTools, refusalsOf, titlesOnly, wasTooBusy } from '../testing/programs.ts'
import { BOUND, HOSTILE, type Hostile } from './hostile.ts'

/**
 * How long a judge may take beyond the time of the program, in seconds. It takes one or two where nothing else goes on; the
 * rest is for a busy machine. A judge that a program wears out, or makes wait for ever, takes more than any bound.
 */
const MARGIN = 120
/** All control characters, except the end of a line. */
const CONTROL = /[^\P{Cc}\n]/u

adoptDescendants()
const bystander = new Bystander()
after(() => bystander.close())
const before = takeMachineCensus()

/** Judges a program. A judge that has not ended in time is killed, and the program with it. */
async function verdictInTime({ slug, timeout }: Hostile, program: string): Promise<Verdict> {
  const judging = judgeInChild({ slug, command: await commandFor(program) }, timeout)
  let isLate = false
  const end = () => {
    isLate = true
    if (judging.pid !== undefined) kill(judging.pid, 'SIGKILL')
  }
  const bound = setTimeout(end, (timeout + MARGIN) * 1000)
  const outcome = await judging.verdict.finally(() => clearTimeout(bound))
  assert.ok(!isLate, `the judge did not come to its end within ${timeout} + ${MARGIN} s`)
  return outcome
}

/** Whether the time was up before a program had run into the bound that it was after. */
const isShortOfBound = ({ refusedBy }: Hostile, verdict: Verdict) =>
  refusedBy.includes(BOUND) && !titlesOnly(refusalsOf(verdict)).includes(BOUND)

/**
 * Judges a program, and again, preferred and with more time, where the machine was too busy for a verdict or for the
 * program to come to its bound.
 */
async function verdictOf(hostile: Hostile, program: string): Promise<Verdict> {
  for (const factor of [1, 3, 9, 27]) {
    const judged = () => verdictInTime({ ...hostile, timeout: hostile.timeout * factor }, program)
    const verdict = await (factor === 1 ? judged() : preferred(judged))
    if (!wasTooBusy(verdict) && (factor > 3 || !isShortOfBound(hostile, verdict))) return verdict
  }
  throw new Error('the machine is too busy for a verdict, four times')
}

test('every hostile program is in the table', () => {
  const files = readdirSync(join(import.meta.dirname, 'hostile'))
    .map(name => `trials/hostile/${name}`)
    .sort()
  assert.deepEqual(files, [...new Set(HOSTILE.map(({ path }) => path))].sort())
})

test('hostile programs end within their bounds, refused by the claims that the table names', {
  concurrency: 2,
}, async suite => {
  await Promise.all(
    HOSTILE.map(hostile =>
      suite.test(
        `${hostile.path} as ${hostile.slug}: ${hostile.tries}`,
        { skip: lackingTools(hostile.path) },
        async () => {
          const verdict = await verdictOf(hostile, buildSpecimen(hostile.path, bystander.folder))
          const found = refusalsOf(verdict)
          const reached = verdict.kind === 'judged' ? (verdict.output.match(/^reached: .*$/gm) ?? []) : []
          assert.deepEqual(titlesOnly(found), hostile.refusedBy, [...found, ...reached].join('\n'))
          assert.deepEqual(reached, [])
          for (const line of found) assert.doesNotMatch(line, CONTROL)
        },
      ),
    ),
  )
})

test('a report has no control characters, whatever the program prints', {
  skip: lackingTools('trials/hostile/forges-report.py'),
}, async () => {
  const program = buildSpecimen('trials/hostile/forges-report.py', bystander.folder)
  const check = join(ROOT, 'checks', 'check.ts')
  const run = spawnSync(process.execPath, [...startWords(), check, 'lab1', program], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 120_000,
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
  })
  assert.equal(run.status, EXIT.FAILS, run.stdout + run.stderr)
  assert.doesNotMatch(run.stdout, CONTROL)
})

test('the machine is as it was: processes, interfaces, mounts, groups, files, names', () => {
  assert.deepEqual(changesSince(before), [])
  assert.deepEqual(bystander.harm(), [])
  assert.equal(bystander.calls, 0, 'somebody called a listener of the machine')
})
