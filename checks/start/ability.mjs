/**
 * What this machine can do, in one line: what the doctor says in full.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../doctor/observe/programs.mjs'

const WAYS = { root: 'as root', user: 'without root', vm: 'in the virtual machine' }

/** `labs 1 to 4`, `labs 1, 2 and 6`; `every lab`, `no lab`. */
export function labNames(numbers, count) {
  if (numbers.length === 0) return 'no lab'
  if (numbers.length === count) return 'every lab'
  if (numbers.length === 1) return `lab ${numbers[0]}`
  const isRun = numbers.at(-1) - numbers[0] === numbers.length - 1
  if (isRun && numbers.length > 2) return `labs ${numbers[0]} to ${numbers.at(-1)}`
  return `labs ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`
}

const isPossible = ({ run, check }) => run.answer !== 'no' && check.answer !== 'no'

/** The line for a report of the doctor. */
export function abilityLine({ labs }) {
  const parts = Object.entries(WAYS).map(([way, name]) => {
    const numbers = labs.filter(({ ways }) => isPossible(ways[way])).map(({ number }) => number)
    return `${labNames(numbers, labs.length)} ${name}`
  })
  const whole = parts.every(part => part.startsWith('every lab'))
  return `This machine can run and check ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}${whole ? '.' : ': npm run doctor says why.'}`
}

/** The line for this machine; `undefined` where the doctor has nothing to say. */
export function ability() {
  const words = [
    '--single-threaded',
    '--v8-pool-size=1',
    join(ROOT, 'checks', 'doctor', 'start.cjs'),
    'doctor',
    '--json',
  ]
  const { stdout } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' })
  try {
    const report = JSON.parse(stdout)
    return report.labs.length > 0 ? abilityLine(report) : undefined
  } catch {
    return undefined
  }
}
