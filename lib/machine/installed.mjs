/**
 * Whether `npm ci` has finished in this checkout, and for this machine. JavaScript on Node alone, because it is
 * asked where nothing else can start.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = dirname(dirname(import.meta.dirname))

/** The folders in which Node looks for a package: ours, and those above it. */
function packageFolder(name) {
  for (let folder = ROOT; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name)
    if (existsSync(path)) return path
    if (folder === dirname(folder)) return undefined
  }
}

export function lackingPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return Object.keys(dependencies).filter(name => packageFolder(name) === undefined)
}

function packagesFault() {
  const lacking = lackingPackages()
  if (lacking.length === 0) return undefined
  const seen = `${lacking.join(', ')}: missing`
  return { title: 'the npm packages', seen, cause: 'npm ci has not come to its end here', remedy: 'npm ci' }
}

/** koffi is a program for one machine, and node_modules may have come from another or lie where nothing may run. */
async function koffiFault() {
  try {
    await import('koffi')
    return undefined
  } catch (error) {
    const seen = String(error.message).split('\n')[0]
    if (/not permitted|noexec|failed to map/.test(seen)) {
      const cause = 'the file system of this folder is mounted with noexec: no program in it may run'
      return { title: 'koffi', seen, cause, remedy: 'move the folder to another file system, then npm ci' }
    }
    const cause = 'npm ci has not come to its end here, or was for another machine'
    return { title: 'koffi', seen, cause, remedy: 'rm -r node_modules && npm ci' }
  }
}

/** esbuild brings its program in a package of its own, for one machine. */
function esbuildFault() {
  const name = `@esbuild/linux-${process.arch}`
  const folder = packageFolder(name)
  try {
    accessSync(join(folder ?? ROOT, 'bin', 'esbuild'), constants.X_OK)
    return undefined
  } catch {
    const cause = 'npm ci has not come to its end here, or was for another machine'
    return { title: 'esbuild', seen: `${name}: no program in it`, cause, remedy: 'rm -r node_modules && npm ci' }
  }
}

export async function installFault() {
  return packagesFault() ?? (await koffiFault()) ?? esbuildFault()
}
