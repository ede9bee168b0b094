/**
 * Starts a program from its bundle, without a loader, which takes as long as all the rest:
 * `node --single-threaded --v8-pool-size=1 lib/engine/start.mjs checks/check.ts lab3`. Where there is no bundle, or a source
 * has changed, it is made first.
 */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { cachedBundle } from './bundle-cache.mjs'

process.argv.splice(1, 1)
const entry = resolve(process.argv[1])
process.argv[1] = entry

function make() {
  const main = join(import.meta.dirname, 'bundle-main.ts')
  spawnSync(process.execPath, ['--import', 'tsx', main, entry], { stdio: 'ignore', cwd: import.meta.dirname })
  return cachedBundle(entry)
}

const compiled = cachedBundle(entry) ?? make()
// A checkout that cannot be written has no bundles.
if (!compiled) (await import('tsx/esm/api')).register()
await import(compiled ?? entry)
