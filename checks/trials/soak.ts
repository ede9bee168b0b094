/**
 * `npm run soak`: the long tests. Labs and checks interrupted at random, many checks at once, ten thousand clones.
 */
import { randomInt } from 'node:crypto'
import { EXIT } from '../../lib/errors.ts'
import { helpLines, type Knob, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { note } from '../../lib/lab/say.ts'
import { ensureKernel } from '../../lib/machine/kernel-version.ts'
import { requireRoot } from '../../lib/rights/privileges.ts'
import { endure } from '../bench/endurance.ts'
import { report } from '../bench/measure.ts'
import { makeWorkshop } from '../bench/workshop.ts'
import { checkAtOnce } from './at-once.ts'
import { interruptMany } from './interruptions.ts'

function count<T extends number | undefined>(initial: T, help: string): Knob<number | T> {
  const parse = (text: string) => (/^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined)
  return { initial, help, expected: 'a number from 0', placeholder: 'NUMBER', parse }
}

const KNOBS = {
  interruptions: count(200, 'how many labs and checks are interrupted'),
  'at-once': count(16, 'how many checks run at the same time'),
  clones: count(10_000, 'how many children are cloned in a row'),
  seed: count(undefined, 'decides what is interrupted when; a new one each time'),
  only: count(undefined, 'the number of one interruption of that seed, to do it again'),
}

const HELP = [
  'Usage: sudo npm run soak                                    all of it, about ten minutes',
  '       sudo npm run soak -- --clones 0 --at-once 0          interruptions alone',
  '       sudo npm run soak -- --seed 7 --only 42              one interruption again',
  '',
  'Options, with what they are otherwise in brackets; 0 leaves that part out:',
]

async function interruptions(runs: number, seed: number, only: number | undefined): Promise<boolean> {
  const result = await interruptMany({ runs, seed, only, tell: line => process.stderr.write(`${line}\n`) })
  const { failures, leftNothing, cleaned, tooLate, tsxSockets, seconds } = result
  report(`${runs} labs and checks interrupted at random, seed ${seed}`, [
    { name: 'left nothing', value: String(leftNothing), comparison: `${tooLate} of them had ended before` },
    { name: 'left what npm run clean removed', value: String(cleaned) },
    {
      name: 'left something for good',
      value: String(failures.length),
      target: { text: 'none', met: !failures.length },
    },
    { name: "sockets of tsx's own, left where it was killed", value: String(tsxSockets) },
    { name: 'time', value: `${seconds.toFixed(0)} s` },
  ])
  for (const failure of failures) note(failure)
  return failures.length === 0
}

async function atOnce(checks: number): Promise<boolean> {
  const { one, all, names, namesExpected, failures } = await checkAtOnce(checks)
  const isFast = all <= checks * one
  const isApart = names === namesExpected
  report(`${checks} npm run check at once`, [
    { name: 'failures', value: String(failures.length), target: { text: 'none', met: failures.length === 0 } },
    { name: 'one alone', value: `${one.toFixed(1)} s` },
    {
      name: `all ${checks}`,
      value: `${all.toFixed(1)} s`,
      comparison: `${(all / one).toFixed(1)} x as long as one`,
      target: { text: `at most ${checks} x`, met: isFast },
    },
    {
      name: 'sandboxes',
      value: String(namesExpected),
      comparison: `with ${names} names`,
      target: { text: 'each its own', met: isApart },
    },
  ])
  for (const failure of failures) note(failure)
  return failures.length === 0 && isFast && isApart
}

async function soak(): Promise<void> {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    return
  }
  ensureKernel()
  requireRoot('the soak', 'npm run soak')
  makeWorkshop()
  const { seed = randomInt(1_000_000), only } = values
  const isAlone = only !== undefined
  const results = [
    values.interruptions === 0 || (await interruptions(isAlone ? 1 : values.interruptions, seed, only)),
    isAlone || values['at-once'] === 0 || (await atOnce(values['at-once'])),
    isAlone || values.clones === 0 || (await endure(values.clones)),
  ]
  if (results.includes(false)) process.exitCode = EXIT.FAILS
}

await runTool(soak)
