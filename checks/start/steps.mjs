/**
 * What lies between a fresh clone and a lab: each step looks first whether it is done, so that a start that was
 * interrupted goes on where it was.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordNode } from '../../lib/engine/record-node.mjs'
import { installFault } from '../../lib/machine/installed.mjs'
import { installMissing } from '../doctor/install.mjs'
import { isBuilt, ROOT, toolFaults } from '../doctor/observe/programs.mjs'
import { run } from './child.mjs'

/** What lab 3 cannot do without. The others of `npm run setup` can wait. */
const NEEDED = ['cc', 'ip', 'ping']

/** Why a start cannot go on, as a sentence with its remedy. */
export class Stopped extends Error {}

const lacking = () => Object.keys(toolFaults()).filter(tool => NEEDED.includes(tool) && !(tool === 'cc' && isBuilt()))

/** The packages of the system. @throws Stopped */
export async function systemPackages(yes) {
  // What only other labs need is asked for once, before npm ci has run.
  if (lacking().length === 0 && isComplete()) return
  if (Object.keys(toolFaults()).every(tool => tool === 'qemu')) return
  await installMissing({ yes, vm: false, again: 'npm start' })
  const left = lacking()
  if (left.length > 0)
    throw new Stopped(
      `npm start stops here: ${left.join(' and ')} must be there first\nhint: then npm start goes on from here`,
    )
  console.log('')
}

function readLock(...path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8')).packages
  } catch {
    // npm writes its own copy of the lock file last: without it npm ci has not finished.
    return {}
  }
}

/** Whether npm ci has finished for this very package-lock.json. */
function isComplete() {
  const [wanted, there] = [readLock('package-lock.json'), readLock('node_modules', '.package-lock.json')]
  return Object.entries(wanted).every(([path, { version, optional, dev }]) => {
    if (path === '') return true
    const mayLack = optional || dev
    if (!there[path]) return mayLack
    return there[path].version === version && (mayLack || existsSync(join(ROOT, path)))
  })
}

/** npm, as it runs us, or else the one in PATH. */
function npm() {
  const own = process.env.npm_execpath ?? ''
  return /npm-cli\.js$/.test(own) && existsSync(own) ? [process.execPath, own] : ['npm']
}

/**
 * The packages of npm.
 * @param lock npm inherits it, so that it is not run twice even after our own end
 * @throws Stopped
 */
export async function npmPackages(lock) {
  if (isComplete() && !(await installFault())) return
  console.log('$ npm ci')
  const code = await run([...npm(), 'ci', '--no-audit', '--no-fund'], [lock])
  if (code !== 0)
    throw new Stopped(
      `npm ci did not come to its end (exit code ${code}); what it says stands above\n` +
        'hint: it needs the network, once, and a folder that is yours; npm start goes on where it was',
    )
  console.log('')
}

/** native/, which npm ci builds as its last step. @throws Stopped */
export async function nativeCode(lock) {
  recordNode()
  if (isBuilt()) return
  const code = await run([process.execPath, '--import', 'tsx', join(ROOT, 'native', 'build.ts')], [lock])
  if (code !== 0) throw new Stopped('native/ could not be built; the reason stands above\nhint: npm run doctor')
}
