/**
 * What a program of somebody may import, wherever it stands: its own files, packages that lie beside it, and `../lib/`,
 * which is that of this checkout.
 */
import { existsSync, realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { MOVED } from '../../lib/engine/moved.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** Of the checkout, what a program may import: `../lib/clone.ts`, wherever it was written. */
const LIBRARY = /^\.\.\/(?:.*\/)?(lib\/(?:[\w-]+\/)*[\w.-]+)$/
/** The name of a package, `zx` of `zx/core`. */
const PACKAGE = /^(?:@[^/]+\/)?[^/]+/

const isBelow = (path: string, folder: string) => path.startsWith(`${folder}/`)

/** The folder from which a package would be loaded by a file in `from`, this checkout's own left out. */
function packageBeside(name: string, from: string): string | undefined {
  const place = join(from, 'node_modules', PACKAGE.exec(name)?.[0] ?? name)
  if (from !== ROOT && existsSync(place)) return place
  return dirname(from) === from ? undefined : packageBeside(name, dirname(from))
}

/** What says that a package is to be looked for once more, by esbuild itself. */
const SECOND = { isSecond: true }

/**
 * A plugin of esbuild: `../lib/…` is the checkout's where there is no other, a package that lies beside the program is
 * a part of it, and every other file may have to be in one folder.
 * @param own that folder, of a submission
 */
export function standAlone(own?: string): import('esbuild').Plugin {
  // The one package of lib/ that becomes a part of the bundle.
  const ours = ['lib', 'native', join('node_modules', 'chalk')].map(name => join(ROOT, name))
  const allowed = own === undefined ? undefined : [realpathSync(own), ...ours]
  return {
    name: 'stand-alone',
    setup: build => {
      build.onResolve({ filter: LIBRARY }, ({ path, resolveDir }) => {
        if (existsSync(resolve(resolveDir, path))) return undefined
        const file = LIBRARY.exec(path)?.[1] ?? ''
        const moved = MOVED[file.replace('lib/', '')]
        return { path: moved === undefined ? join(ROOT, file) : join(ROOT, 'lib', moved) }
      })
      build.onResolve({ filter: /^[^./]/ }, async ({ path, resolveDir, kind, pluginData }) => {
        if (kind === 'entry-point' || pluginData === SECOND || isBuiltin(path)) return undefined
        const beside = packageBeside(path, resolveDir)
        if (beside === undefined) return undefined
        // By its folder, because esbuild takes a package's name for something outside of the bundle.
        const inside = path.replace(PACKAGE, '')
        const found = await build.resolve(inside === '' ? beside : `${beside}${inside}`, {
          resolveDir,
          kind,
          pluginData: SECOND,
        })
        return found.errors.length > 0 ? undefined : found
      })
      build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        if (!allowed || allowed.some(folder => isBelow(path, folder))) return undefined
        return { errors: [{ text: `a program may import its own files and ../lib/, and nothing else: ${path}` }] }
      })
    },
  }
}
