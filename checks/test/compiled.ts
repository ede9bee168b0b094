/**
 * Test files as JavaScript: started from bundles, all tests together take a tenth less of the processors' time than
 * through a loader, and so do the programs that are judged in copies of a test's process.
 */
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle } from '../../lib/engine/bundle.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** Which file each bundle was made of, both as whole paths. */
const sources = new Map<string, string>()

/**
 * Compiles test files.
 * @param files relative to the checkout
 * @returns what has to be started for each; the test file itself, and a loader for all, where there are no bundles (in a
 *   checkout that cannot be written, or of a file that does not compile)
 */
export async function compiledTests(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const bundles = await Promise.all(
    files.map(async file => {
      const source = join(ROOT, file)
      const compiled = await bundle(source)
      if (compiled !== undefined) sources.set(compiled, source)
      return [file, compiled ?? source] as const
    }),
  )
  if (bundles.some(([, started]) => !sources.has(started)))
    process.execArgv.push('--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href)
  return new Map(bundles)
}

/** The name of a test file, relative to the checkout, from what node:test says of it. */
export const testName = (file: string): string => relative(ROOT, sources.get(file) ?? file)
