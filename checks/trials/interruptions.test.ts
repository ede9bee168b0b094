/**
 * Labs and checks that are killed at a random moment leave nothing, or only what `npm run clean` removes. The long
 * version is `npm run soak`.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import test from 'node:test'
import { planOf } from './interruption-plan.ts'
import { interruptMany } from './interruptions.ts'
import { randomFrom } from './random.ts'

const RUNS = 12

test(`${RUNS} labs and checks interrupted at random leave nothing, or what npm run clean removes`, async t => {
  const seed = randomInt(1_000_000)
  const { failures, leftNothing, cleaned } = await interruptMany({ runs: RUNS, seed })
  t.diagnostic(`seed ${seed}: ${leftNothing} left nothing, ${cleaned} something that was removed`)
  assert.deepEqual(failures, [], `again: sudo npm run soak -- --seed ${seed} --only NUMBER`)
  assert.equal(leftNothing + cleaned, RUNS)
})

test('a seed makes the same plans again, and another one others', () => {
  const plans = (seed: number) => Array.from({ length: 20 }, (_, number) => planOf(seed, number))
  assert.deepEqual(plans(3), plans(3))
  assert.notDeepEqual(plans(3), plans(4))
})

test('random numbers fill the whole range', () => {
  const random = randomFrom(1)
  const numbers = Array.from({ length: 1000 }, random)
  assert.ok(numbers.every(number => number >= 0 && number < 1))
  const mean = numbers.reduce((sum, number) => sum + number) / numbers.length
  assert.ok(Math.abs(mean - 0.5) < 0.05, `the mean is ${mean}`)
})
