/**
 * The other processor, for real: one guest of it boots, runs labs 1 and 2 and their checks, and the tests of clone().
 * `npm run matrix` runs everything in there. What is said where there can be none stands in vm-boot.test.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { bundle } from '../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../lib/engine/cloneable.ts'
import { ROOT } from '../lib/machine/root.ts'
import { OTHER_ARCH, PROCESSORS } from './vm/architecture.ts'

const START = [...CLONEABLE_FLAGS, '--enable-source-maps', 'lib/engine/start.mjs']
const TESTS = 'lib/clone.test.ts'
/** An hour, which only a very busy machine needs, in ms. */
const BOUND = 3_600_000
const PATIENCE = ['--patience', '1200']

/** Each command, and how it ended. */
const COMMANDS = [
  'uname -m',
  'node -p process.arch',
  `node ${START.join(' ')} labs/01-fork-vs-clone.ts`,
  `node ${START.join(' ')} labs/02-newpid.ts`,
  `node ${START.join(' ')} checks/check.ts lab1 --timeout 900`,
  `node ${START.join(' ')} checks/check.ts lab2 --timeout 900`,
  `node ${START.join(' ')} ${TESTS}`,
]
const script = COMMANDS.map((command, i) => `echo "<${i}>"; ${command} 2>&1; echo "</${i}> $?"`).join('\n')

test(`on ${OTHER_ARCH}, labs 1 and 2 run, their checks hold, and so do the tests of clone()`, async context => {
  // The guest would take ten times as long.
  await bundle(join(ROOT, TESTS))
  const words = [...START, 'buildroot/vm/vm.ts', '--arch', OTHER_ARCH, ...PATIENCE, 'sh', '-c', script]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: BOUND,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (status === 77) return context.skip(stderr.trim())
  const outcome = (i: number) => new RegExp(`<${i}>\n(.*)</${i}> (\\d+)\n`, 's').exec(stdout)
  assert.equal(status, 0, stdout + stderr)
  assert.equal(outcome(0)?.[1], `${PROCESSORS[OTHER_ARCH].gnu.split('-')[0]}\n`)
  assert.equal(outcome(1)?.[1], `${OTHER_ARCH}\n`)
  for (const [i, command] of COMMANDS.entries()) {
    const [, text = `it said nothing\n${stdout}`, code] = outcome(i) ?? []
    assert.equal(code, '0', `${command}\n${text}\n${stderr}`)
  }
  const [, said = ''] = outcome(COMMANDS.length - 1) ?? []
  const count = (name: string) => Number(new RegExp(`^(?:#|ℹ) ${name} (\\d+)$`, 'm').exec(said)?.[1])
  assert.ok(count('pass') > 20 && count('fail') === 0, said)
})
