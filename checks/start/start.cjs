/**
 * Begins `npm start`. In the JavaScript of 2015, so that an old Node can read it and say that it is too old.
 */
const { describe, obstacle } = require('../../lib/machine/obstacle.cjs')

const found = obstacle(process.platform, process.arch, process.versions.node)
if (found) {
  console.error(describe(found))
  process.exitCode = 77
} else import('./start.mjs')
