/**
 * Compiling a submission without letting it include other people's files: the compiler runs outside of its sandbox.
 */
import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MOVED } from '../../lib/engine/moved.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** Of the checkout, what a program may import: `../lib/clone.ts`, wherever it was written. */
const LIBRARY = /^\.\.\/(?:.*\/)?(lib\/(?:[\w-]+\/)*[\w.-]+)$/

const isBelow = (path: string, folder: string) => path.startsWith(`${folder}/`)

/**
 * A plugin of esbuild: `../lib/…` is the checkout's, and every other file has to be in the folder of the submission.
 * @param copy that folder
 */
export function standAlone(copy: string): import('esbuild').Plugin {
  const own = [realpathSync(copy), join(ROOT, 'lib'), join(ROOT, 'native')]
  return {
    name: 'stand-alone',
    setup: build => {
      build.onResolve({ filter: LIBRARY }, ({ path, resolveDir }) => {
        if (existsSync(resolve(resolveDir, path))) return undefined
        const file = LIBRARY.exec(path)?.[1] ?? ''
        const moved = MOVED[file.replace('lib/', '')]
        return { path: moved === undefined ? join(ROOT, file) : join(ROOT, 'lib', moved) }
      })
      build.onLoad({ filter: /.*/ }, ({ path }) => {
        if (own.some(folder => isBelow(path, folder))) return undefined
        return { errors: [{ text: `a program may import its own files and ../lib/, and nothing else: ${path}` }] }
      })
    },
  }
}
