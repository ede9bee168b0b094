/**
 * Labs, checks and a wrong program in the virtual machine, in pure v2. `npm run matrix` does it with all of them, and in
 * every layout of groups.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { EXIT } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { ClaimReport, Report } from '../report/report.ts'
import { SPECIMENS } from './programs/table.ts'

/** For the boot and all that runs in the guest, on a busy machine without KVM, in ms. */
const LONG = 1_800_000
const START = startWords()
const CHECK = [...START, 'checks/check.ts']
/** A program that uses SIGSTOP instead of the freezer. */
const WRONG = ['labs/06-freezer/wrong/stop-signal.sh']

const quote = (words: readonly string[]) => words.map(word => `'${word}'`).join(' ')

/** Runs these checks in one guest, in two rows side by side. @returns their reports as text, one after the other */
function checkInGuest(...checks: readonly (readonly string[])[]) {
  const command = (words: readonly string[], i: number) =>
    `${quote([process.execPath, ...CHECK, ...words, '--json'])} > /tmp/report-${i}`
  const [odd, even] = [1, 0].map(rest => checks.map(command).filter((_, i) => i % 2 === rest))
  const script = `(${odd?.join('; ')}) & ${even?.join('; ')}; wait; cat /tmp/report-*`
  const vm = [...START, 'buildroot/vm/vm.ts', '--cgroup', 'v2', '--patience', '600', 'sh', '-c', script]
  return spawnSync(process.execPath, vm, { cwd: ROOT, encoding: 'utf8', timeout: LONG, killSignal: 'SIGTERM' })
}

test('in pure v2, labs 5 and 6 pass their checks, and wrong programs are refused by the same claims', t => {
  const programs = WRONG.map(path => [path.split('/')[1] ?? '', join('checks', path)])
  const { status, stdout, stderr } = checkInGuest(['lab5'], ['lab6'], ...programs)
  if (status === EXIT.CANNOT && stdout === '') return t.skip(stderr.trim())
  const reports = stdout.split(/^(?=\{)/m).map(text => JSON.parse(text) as Report)
  const claims = reports.flatMap(({ labs }) => labs.map(lab => lab.claims))
  assert.equal(claims.length, 2 + WRONG.length, stderr)
  // What an emulated processor is too slow to show cannot be judged; it is neither right nor wrong.
  const isOpen = ({ verdict, missing }: ClaimReport) => verdict === 'cannot be judged' && /too busy/.test(missing ?? '')
  const decided = claims.map(found => found.filter(claim => !isOpen(claim)))
  const refused = decided.map(found => found.filter(({ verdict }) => verdict !== 'holds').map(({ title }) => title))
  const wanted = WRONG.map((path, i) => {
    const titles = decided[i + 2]?.map(({ title }) => title) ?? []
    return SPECIMENS.find(specimen => specimen.path === path)?.refusedBy.filter(title => titles.includes(title))
  })
  for (const { title } of claims.flat().filter(isOpen)) t.diagnostic(`too slow to judge here: ${title}`)
  assert.deepEqual(refused, [[], [], ...wanted], stderr)
  assert.ok(
    refused.slice(2).every(titles => titles.length > 0),
    'a wrong program is refused by something',
  )
})
