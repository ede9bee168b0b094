/**
 * What has to be there before a program of this project can start at all: the packages of npm, and a compiler or what
 * it has built. If all is there, doctor.ts takes over; if not, this says what is missing, and how to get it.
 */
import { accessSync, constants } from 'node:fs'
import { release, userInfo } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installFault } from '../../lib/machine/installed.mjs'
import { distribution, installHint } from '../../lib/machine/packages.mjs'
import { isBuilt, NATIVE, ROOT, toolFaults } from './observe/programs.mjs'

const finding = (id, title, seen, cause, remedy) => ({ id, title, state: 'missing', seen, cause, remedy, affects: [] })

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

/** The name of the user, or the ID of one without a name. */
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

/** What npm ci has not brought, as a finding. */
async function packages() {
  const fault = await installFault()
  return fault && finding('packages', fault.title, fault.seen, fault.cause, fault.remedy)
}

const faults = toolFaults()
const findings = [native(faults), await packages()].filter(Boolean)
if (findings.length > 0) {
  show([...otherTools(faults), ...findings])
  process.exitCode = 77
} else {
  process.setSourceMapsEnabled(true)
  // start.mjs removes its own name from process.argv and takes the next word for the program.
  process.argv.splice(1, 1, join(ROOT, 'lib', 'engine', 'start.mjs'), join(import.meta.dirname, 'doctor.ts'))
  await import(pathToFileURL(join(ROOT, 'lib', 'engine', 'start.mjs')).href)
}
