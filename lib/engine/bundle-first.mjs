/**
 * Program: bundles the program named by its argument where there is no bundle yet, not even of what makes them. It makes
 * that one first, for itself, and hands over.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FOLDER } from './bundle-cache.mjs'
import { compileWith } from './esbuild.mjs'
import { recordNode } from './record-node.mjs'

// The folder of bundles may not be there yet; the packages are found from it.
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
