/**
 * A second checkout, for tests that break one, move one or give one away.
 */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { copySources, packageNames, readableCheckout } from '../../lib/testing/readable-checkout.ts'

/**
 * Makes a checkout of all that is ours, `native/build` included, with the packages of this one and a cache of its own.
 * Every user may read what it leads to.
 * @param lacking packages, or scopes of them, that npm ci has not brought there; `all` where it has not run at all
 */
export function makeCheckout(checkout: string, lacking: readonly string[] | 'all' = []): void {
  copySources(checkout)
  if (lacking === 'all') return
  mkdirSync(join(checkout, 'node_modules', '.cache'), { recursive: true })
  const packages = join(readableCheckout(), 'node_modules')
  for (const name of packageNames().filter(each => !lacking.includes(each)))
    symlinkSync(join(packages, name), join(checkout, 'node_modules', name))
}
