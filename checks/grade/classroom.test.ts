/**
 * The workflow for a class on a code host does what it says: its own step, run as such a host runs it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT } from '../../lib/machine/root.ts'

/** The script of the step called `grade`, without its indentation. */
function stepOf(workflow: string): string {
  const [, script = ''] = /- name: grade\n\s+run: \|\n([\s\S]*?)(?=\n {6}- )/.exec(workflow) ?? []
  return script.replace(/^ {10}/gm, '')
}

const skip = process.getuid?.() !== 0 && 'sudo may ask here'

test('a push with a right program is green, one with a wrong program is red, and both have points', { skip }, () => {
  const script = stepOf(readFileSync(join(ROOT, 'checks/grade/classroom.yml'), 'utf8'))
  assert.match(script, /npm run -s grade/)
  for (const [name, status] of [
    ['right/newpid.c', 0],
    ['wrong/prints-only.sh', 1],
  ] as const) {
    const runner = mkdtempSync(join(tmpdir(), 'classroom-'))
    try {
      // The layout of such a runner: the repository is where the step starts, and there is a folder for what is made.
      const checkout = join(runner, 'checkout')
      mkdirSync(join(checkout, 'handed-in'), { recursive: true })
      writeFileSync(
        join(checkout, 'package.json'),
        JSON.stringify({
          scripts: {
            grade: `node --single-threaded --v8-pool-size=1 ${ROOT}/lib/engine/start.mjs ${ROOT}/checks/grade/grade.ts`,
          },
        }),
      )
      cpSync(join(ROOT, 'checks/labs/02-newpid', name), join(checkout, 'handed-in', `lab2.${name.split('.')[1]}`))
      mkdirSync(join(runner, 'bin'))
      writeFileSync(join(runner, 'bin', 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
      symlinkSync(process.execPath, join(runner, 'bin', 'node'))
      const summary = join(runner, 'summary.md')
      const env = {
        ...process.env,
        PATH: `${join(runner, 'bin')}:${process.env['PATH']}`,
        RUNNER_TEMP: join(runner, 'temp'),
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_ACTOR: 'ada',
      }
      const {
        status: code,
        stdout,
        stderr,
      } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: checkout, env, encoding: 'utf8' })
      assert.equal(code, status, stdout + stderr)
      assert.match(readFileSync(summary, 'utf8'), /^ada\n\d+ of 10 points$/m)
      assert.match(readFileSync(join(runner, 'temp/marks/points.csv'), 'utf8'), /^ada,\d+,\d+,10\r$/m)
    } finally {
      rmSync(runner, { recursive: true, force: true })
    }
  }
})
