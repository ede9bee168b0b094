/**
 * A second checkout, for tests that break one, move one or give one away.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from '../../lib/engine/root.ts'

/** What a checkout does not come with, or makes itself. */
const MADE = /^(\.git|node_modules|mine|grades|buildroot\/(fs|work)|book\/site)$/

/** The packages of this checkout. */
const packages = () => readdirSync(join(ROOT, 'node_modules')).filter(name => name !== '.cache')

/**
 * Makes a checkout of all that is ours, `native/build` included, with the packages of this one and a cache of its own.
 * @param lacking packages, or scopes of them, that npm ci has not brought there; `all` where it has not run at all
 */
export function makeCheckout(checkout: string, lacking: readonly string[] | 'all' = []): void {
  const isOurs = (path: string) => !MADE.test(relative(ROOT, path))
  cpSync(ROOT, checkout, { recursive: true, preserveTimestamps: true, filter: isOurs })
  if (lacking === 'all') return
  mkdirSync(join(checkout, 'node_modules', '.cache'), { recursive: true })
  for (const name of packages().filter(each => !lacking.includes(each)))
    symlinkSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name))
}
