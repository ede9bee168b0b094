/**
 * The other processor, for real: one guest of it boots, runs labs 1 and 2 and their checks, and the tests of clone().
 * `npm run matrix` runs everything in there. What is said where there can be none stands in vm-boot.test.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { bundle } from '../lib/engine/bundle.ts'
import { startWords } from '../lib/engine/start-words.ts'
import { ROOT } from '../lib/machine/root.ts'
import { OTHER_ARCH, PROCESSORS } from './vm/architecture.ts'

const START = startWords()
const TESTS = 'lib/clone.test.ts'
/** An hour, which only a very busy machine needs, in ms. */
const BOUND = 3_600_000
/** One processor, because imitating two that run side by side takes half as much again; and patience, in seconds. */
const OPTIONS = ['--arch', OTHER_ARCH, '--cpus', '1', '--patience', '1200']

const CHECK = `node ${START.join(' ')} checks/check.ts --timeout 900 --output`
/** What is run. A check runs the lab, and with --output it shows what that has printed: no Node is started in vain. */
const COMMANDS = ['uname -m', `${CHECK} lab1`, `${CHECK} lab2`, `node ${START.join(' ')} ${TESTS}`]
/** What each of them has to print. */
const PRINTS = [
  new RegExp(`^${PROCESSORS[OTHER_ARCH].gnu.split('-')[0]}\\n$`),
  /^ +\| outside {2}I am \d+.*\n[\s\S]*^\d+ claims hold/m,
  /^ +\| .*\n[\s\S]*^\d+ claims hold/m,
  /^(?:#|ℹ) fail 0$/m,
]
const script = COMMANDS.map((command, i) => `echo "<${i}>"; ${command} 2>&1; echo "</${i}> $?"`).join('\n')

test(`on ${OTHER_ARCH}, labs 1 and 2 run, their checks hold, and so do the tests of clone()`, async context => {
  // The guest would take ten times as long.
  await bundle(join(ROOT, TESTS))
  const words = [...START, 'buildroot/vm/vm.ts', ...OPTIONS, 'sh', '-c', script]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: BOUND,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (status === 77) return context.skip(stderr.trim())
  const outcome = (i: number) => new RegExp(`<${i}>\n(.*)</${i}> (\\d+)\n`, 's').exec(stdout)
  assert.equal(status, 0, stdout + stderr)
  for (const [i, command] of COMMANDS.entries()) {
    const [, text = `it said nothing\n${stdout}`, code] = outcome(i) ?? []
    assert.equal(code, '0', `${command}\n${text}\n${stderr}`)
    assert.match(text, PRINTS[i] as RegExp)
  }
  const [, said = ''] = outcome(COMMANDS.length - 1) ?? []
  assert.ok(Number(/^(?:#|ℹ) pass (\d+)$/m.exec(said)?.[1]) > 20, said)
})
