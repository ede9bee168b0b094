/**
 * What has to be there before a program of this project can start at all: the packages of npm, a compiler or what it
 * has built. With all of it the doctor proper takes over; without, this says what is missing, and how one comes to it.
 */
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { release, userInfo } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { distribution, installHint } from '../../lib/lab/packages.mjs'
import { isBuilt, NATIVE, ROOT, toolFaults } from './programs.mjs'

const NEEDED = ['chalk', 'koffi', 'tsx']

const finding = (id, title, seen, cause, remedy) => ({ id, title, state: 'missing', seen, cause, remedy, affects: [] })

/** Whether two programs of the same machine find their packages here. */
function npmPackages() {
  const { resolve } = createRequire(import.meta.url)
  const lacking = NEEDED.filter(name => {
    try {
      return !resolve(name)
    } catch {
      return true
    }
  })
  if (lacking.length === 0) return undefined
  return finding(
    'packages',
    'the npm packages',
    `${lacking.join(', ')}: missing`,
    'npm ci has not come to its end here',
    'npm ci',
  )
}

/** koffi is a program for one machine, and node_modules may have come from another or lie where nothing may run. */
async function koffi() {
  try {
    await import('koffi')
    return undefined
  } catch (error) {
    const seen = String(error.message).split('\n')[0]
    if (/not permitted|noexec|failed to map/.test(seen)) {
      const cause = 'the file system of this folder is mounted with noexec: no program in it may run'
      return finding('koffi', 'koffi', seen, cause, 'move the folder to another file system, then npm ci')
    }
    return finding('koffi', 'koffi', seen, 'node_modules was made for another machine', 'rm -r node_modules && npm ci')
  }
}

function mayWrite(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Whether native/ is built, or can be when the first program starts. */
function native(faults) {
  if (isBuilt()) return undefined
  if (faults.cc) return finding('cc', 'a C compiler', faults.cc.seen, faults.cc.cause, installHint(['cc']))
  if (mayWrite(NATIVE)) return undefined
  return finding('native', 'native/', 'not built', 'whoever owns this folder has to build it', 'npm ci, as the owner')
}

const otherTools = faults =>
  ['ip', 'ping']
    .filter(tool => faults[tool])
    .map(tool => finding(tool, tool, faults[tool].seen, faults[tool].cause, installHint([tool])))

function next(findings) {
  const isPackage = ({ id }) => ['cc', 'ip', 'ping'].includes(id)
  if (findings.some(isPackage)) return 'npm run setup'
  return findings[0].remedy
}

/** A user need not have a name. */
function userName() {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid()}`
  }
}

function show(findings) {
  const { name, family, ...rest } = distribution()
  const machine = { platform: 'linux', distribution: { ...rest, name, family }, kernel: release(), arch: process.arch }
  const node = process.versions.node
  const command = next(findings)
  if (process.argv.includes('--json')) {
    const report = { version: 1, machine: { ...machine, node }, findings, labs: [], next: command, exitCode: 77 }
    return console.log(JSON.stringify(report, null, 2))
  }
  console.log(`${name}, Linux ${machine.kernel}, ${machine.arch}, Node ${node}, as ${userName()}\n`)
  console.log('No lab can start yet, and what they can do here is seen only then.\n')
  for (const { title, seen, cause, remedy } of findings)
    console.log(`  ✘ ${title}: ${seen}\n      cause:   ${cause}\n      remedy:  ${remedy}`)
  console.log(`\nnext: ${command}`)
}

const faults = toolFaults()
const findings = [native(faults), npmPackages() ?? (await koffi())].filter(Boolean)
if (findings.length > 0) {
  show([...otherTools(faults), ...findings])
  process.exitCode = 77
} else {
  process.setSourceMapsEnabled(true)
  // start.mjs takes its own name out, and then the first word is the program.
  process.argv.splice(1, 1, join(ROOT, 'lib', 'engine', 'start.mjs'), join(import.meta.dirname, 'doctor.ts'))
  await import(pathToFileURL(join(ROOT, 'lib', 'engine', 'start.mjs')).href)
}
