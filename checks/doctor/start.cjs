/**
 * Begins `npm run doctor` and `npm run setup`. In the JavaScript of 2015, so that an old Node can read it and say that
 * it is too old: on a machine that needs a doctor anything may be missing.
 */
const { describe, obstacle } = require('../../lib/machine/obstacle.cjs')

const CANNOT = 77

function refuse(found, machine) {
  const finding = Object.assign({ state: 'missing', affects: [] }, found)
  const report = { version: 1, machine, findings: [finding], labs: [], next: found.remedy, exitCode: CANNOT }
  console.log(process.argv.includes('--json') ? JSON.stringify(report, null, 2) : describe(found))
  process.exitCode = CANNOT
}

const { platform, arch, versions } = process
const found = obstacle(platform, arch, versions.node)
const program = process.argv[2] === 'setup' ? './setup.mjs' : './first-aid.mjs'
process.argv.splice(2, 1)
if (found) refuse(found, { platform, arch, node: versions.node })
else import(program)
