/**
 * Program: bundles the program named by its argument where there is no bundle yet, not even one of bundle-main.ts,
 * which makes them. It first makes a temporary bundle of bundle-main.ts, and runs that.
 */
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FOLDER } from './bundle-cache.mjs'
import { compileWith } from './esbuild.mjs'
import { recordNode } from './record-node.mjs'

/** The same as in native/tag.ts, which is TypeScript: `npm run clean` knows by it whether the owner has ended. */
function ownTag() {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? []
  return `${boot}-${namespace}-${process.pid}`
}

// This also makes the folder of bundles, which may not be there yet, and from which the packages are found.
recordNode()
const { text } = await compileWith(join(import.meta.dirname, 'bundle-main.ts'), [])
const draft = mkdtempSync(join(FOLDER, `first-${ownTag()}-`))
try {
  const file = join(draft, 'bundle-main.mjs')
  writeFileSync(file, text)
  await import(pathToFileURL(file).href)
} finally {
  rmSync(draft, { recursive: true })
}
