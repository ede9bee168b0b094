/**
 * Where bundles are kept, and whether one is up to date. JavaScript, because start.mjs uses it before TypeScript can be
 * loaded.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export const FOLDER = join(dirname(dirname(import.meta.dirname)), 'node_modules', '.cache', 'clone')
/** How the last line of a bundle begins. As the first line it would shift every line of the source map. */
export const MARK = '// built from '

export function stamp(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? `${stat.mtimeMs}:${stat.size}` : 'gone'
}

export function bundlePath(entry) {
  // Loaded here, because a program that runs from its bundle imports this file and never asks for a path.
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hash = createHash('sha256').update(entry).digest('hex').slice(0, 8)
  return join(FOLDER, `${basename(entry).replace(/\.\w+$/, '')}-${hash}.mjs`)
}

export function cachedBundle(entry) {
  try {
    const file = bundlePath(entry)
    const text = readFileSync(file, 'utf8')
    const inputs = JSON.parse(text.slice(text.lastIndexOf(MARK) + MARK.length))
    return Object.entries(inputs).every(([path, was]) => stamp(path) === was) ? file : undefined
  } catch {
    return undefined
  }
}

export function canKeepBundles() {
  for (let folder = FOLDER; ; folder = dirname(folder)) {
    try {
      accessSync(folder, constants.W_OK)
      return true
    } catch (error) {
      // It may still be made: what is above it decides.
      if (error.code !== 'ENOENT') return false
    }
  }
}
