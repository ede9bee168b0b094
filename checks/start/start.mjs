/**
 * `npm start`: from a fresh clone to a running lab. JavaScript on Node alone, because npm ci is one of its steps.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDER } from '../../lib/engine/bundle-cache.mjs'
import { ROOT } from '../doctor/observe/programs.mjs'
import { ability } from './ability.mjs'
import { run } from './child.mjs'
import { withLock } from './lock.mjs'
import { nativeCode, npmPackages, Stopped, systemPackages } from './steps.mjs'

const [USAGE, FAULT, CANNOT] = [2, 70, 77]
const HELP = `Usage: npm start               from a fresh clone to lab 3: installs what is missing (it prints the command and
                               asks), runs the lab, checks it, and says what to do next
       npm start -- --yes      without asking, for scripts

Whatever interrupts it, it goes on where it was when it is started again.`

const NEXT = `
Three things to do next:
  npm run learn      write this yourself: your own copy of a lab, checked whenever you save
  npm run book       read what happened here, and why, in your browser
  labs/run 4         go into a container that a few lines of TypeScript make; exit leaves it`

const NODE = [process.execPath, '--single-threaded', '--v8-pool-size=1', '--enable-source-maps']
const CHECK = [...NODE, join(ROOT, 'lib', 'engine', 'start.mjs'), join(ROOT, 'checks', 'check.ts'), 'lab3']

/** Prints once what this machine can do; a second start goes straight to the lab. */
function tellAbility() {
  const told = join(FOLDER, 'told')
  if (existsSync(told)) return
  const line = ability()
  if (line === undefined) return
  console.log(`${line}\n`)
  try {
    writeFileSync(told, '')
  } catch {
    // The checkout cannot be written, so the line is printed again next time.
  }
}

/** @returns the exit code: that of the lab if it fails, else of its check */
async function start(yes) {
  const wait = () => console.log('another npm start is at work in this checkout: this one goes on when it has ended')
  await withLock(ROOT, wait, async lock => {
    await systemPackages(yes)
    await npmPackages(lock)
    await nativeCode(lock)
  })
  tellAbility()
  console.log('$ labs/run 3')
  const ran = await run([join(ROOT, 'labs', 'run'), '3'])
  if (ran !== 0) return ran
  console.log('\n$ npm run check lab3')
  const checked = await run(CHECK)
  console.log(NEXT)
  return checked
}

const words = process.argv.slice(2)
const unknown = words.find(word => !['--yes', '--help', '-h'].includes(word))
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}\nhint: --help lists the options`)
  process.exitCode = USAGE
} else if (words.includes('--help') || words.includes('-h')) console.log(HELP)
else {
  try {
    process.exitCode = await start(words.includes('--yes'))
  } catch (error) {
    console.error(error instanceof Stopped ? error.message : error)
    process.exitCode = error instanceof Stopped ? CANNOT : FAULT
  }
}
