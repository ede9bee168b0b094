/**
 * Program: bundles the program named by its argument where there is no bundle yet, not even one of bundle-main.ts,
 * which makes them. It first makes a temporary bundle of bundle-main.ts, and runs that.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FOLDER } from './bundle-cache.mjs'
import { compileWith } from './esbuild.mjs'
import { recordNode } from './record-node.mjs'

// This also makes the folder of bundles, which may not be there yet, and from which the packages are found.
recordNode()
const { text } = await compileWith(join(import.meta.dirname, 'bundle-main.ts'), [])
const draft = mkdtempSync(join(FOLDER, 'first-'))
try {
  const file = join(draft, 'bundle-main.mjs')
  writeFileSync(file, text)
  await import(pathToFileURL(file).href)
} finally {
  rmSync(draft, { recursive: true })
}
