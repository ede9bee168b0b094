/**
 * The start of every command: `node --single-threaded --v8-pool-size=1 lib/engine/start.mjs checks/check.ts lab3`. It
 * loads a program from its bundle, without a loader, which would take as long as all the rest; where there is no
 * bundle, or a source has changed, it is made first. What prevents the start is said in a sentence: a Node that is too
 * old, a checkout in which npm ci has not finished. It is written so that a Node of 2020 can read it.
 */
// biome-ignore-start lint/style/useNodejsImportProtocol: a Node of 2020 does not know the prefix.
import { spawnSync } from 'child_process'
import { createRequire } from 'module'
import { dirname, join, resolve } from 'path'
import { fileURLToPath, pathToFileURL } from 'url'

// biome-ignore-end lint/style/useNodejsImportProtocol: from here on there are no more of them.

/** EXIT.FAULT and EXIT.CANNOT of lib/errors.ts. */
const [FAULT, CANNOT] = [70, 77]
const HERE = dirname(fileURLToPath(import.meta.url))

/** Imports a file by its URL, because a path may have a # or a % in it. */
const load = path => import(pathToFileURL(path).href)

process.argv.splice(1, 1)
const entry = resolve(process.argv[1])
process.argv[1] = entry

function refuse(text) {
  process.stderr.write(`${text}\n`)
  process.exit(CANNOT)
}

async function start() {
  const { describe, obstacle } = createRequire(import.meta.url)('../machine/obstacle.cjs')
  const found = obstacle(process.platform, process.arch, process.versions.node)
  if (found) refuse(describe(found))
  // A tool that npm ci has installed is JavaScript already and needs no bundle.
  if (!/\.ts$/.test(entry)) return load(entry)
  const { cachedBundle, canKeepBundles } = await import('./bundle-cache.mjs')
  const make = () => {
    if (!canKeepBundles()) return undefined
    const maker = cachedBundle(join(HERE, 'bundle-main.ts')) || join(HERE, 'bundle-first.mjs')
    spawnSync(process.execPath, [maker, entry], { stdio: 'ignore', cwd: HERE })
    return cachedBundle(entry)
  }
  const compiled = cachedBundle(entry) || make()
  if (compiled) return load(compiled)
  // In a checkout that cannot be written there are no bundles.
  const tsx = await import('tsx/esm/api')
  tsx.register()
  return load(entry)
}

/** Whether the program handles its uncaught errors itself. */
const handlesErrors = () => process.listenerCount('uncaughtException') > 0

async function fail(error) {
  const { installFault } = await import('../machine/installed.mjs')
  const fault = await installFault()
  if (fault) refuse(`${fault.title}: ${fault.seen}\n${fault.cause}\nhint: ${fault.remedy}`)
  if (handlesErrors()) throw error
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(FAULT)
}

start().catch(fail)
