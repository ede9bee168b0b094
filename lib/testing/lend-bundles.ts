/**
 * For tests in a copy of the checkout: it gets the bundles of this one.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { bundleSync, cachedBundle } from '../engine/bundle.ts'
import { bundlePath, FOLDER, MARK, stamp } from '../engine/bundle-cache.mjs'
import { ROOT } from '../machine/root.ts'
import { readableCheckout } from './readable-checkout.ts'

/**
 * Gives another checkout the bundles of this one, as it would make them itself at the first start of each program: for
 * tests that are not about that start. Compiling takes longer than most of what is tested then.
 * @param programs relative to the checkout
 * @param into where they are put; by default where that checkout looks for them
 */
export function lendBundles(
  checkout: string,
  programs: readonly string[],
  into = join(checkout, relative(ROOT, FOLDER)),
): void {
  if (programs.length > 0) mkdirSync(into, { recursive: true })
  for (const program of programs) {
    const file = cachedBundle(join(ROOT, program)) ?? bundleSync(join(ROOT, program))
    if (file === undefined) continue
    const text = readFileSync(file, 'utf8').replaceAll(ROOT, checkout)
    const end = text.lastIndexOf(MARK) + MARK.length
    // The copies of sources may have other times. The packages will be those of this checkout.
    const packages = join(checkout, 'node_modules')
    const place = (path: string) =>
      path.startsWith(packages) ? join(readableCheckout(), relative(checkout, path)) : path
    const own = Object.keys(JSON.parse(text.slice(end))).map(path => [path, stamp(place(path))] as const)
    const name = basename(bundlePath(join(checkout, program)))
    writeFileSync(join(into, name), `${text.slice(0, end)}${JSON.stringify(Object.fromEntries(own))}\n`)
  }
}
