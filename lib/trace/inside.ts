/**
 * Paths as a process with another root directory sees them. See path_resolution(7).
 */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How many symbolic links the kernel follows in one path. @see path_resolution(7) */
const MAX_LINKS = 40

/**
 * Resolves a path as a process would whose root is `root`: symbolic links, and `..` that stops at the root.
 * @returns the path on the outside, free of links below `root`; `undefined` if nothing is there
 * @throws Error EACCES, from lstat(2)
 */
export function resolveInside(root: string, path: string): string | undefined {
  const top = realpathSync(root)
  const words = path.split('/')
  let here = top
  for (let links = 0; words.length > 0; ) {
    const word = words.shift() as string
    if (!lstatSync(here, { throwIfNoEntry: false })?.isDirectory()) return undefined
    if (word === '' || word === '.') continue
    const next = word === '..' ? (here === top ? top : dirname(here)) : join(here, word)
    const stat = lstatSync(next, { throwIfNoEntry: false })
    if (!stat) return undefined
    if (!stat.isSymbolicLink()) here = next
    else if (++links > MAX_LINKS) return undefined
    else {
      const target = readlinkSync(next)
      words.unshift(...target.split('/'))
      if (target.startsWith('/')) here = top
    }
  }
  return here
}
