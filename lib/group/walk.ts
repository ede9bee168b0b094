/**
 * Visiting a group and all groups in it. By descriptors, one at a time, because a tree of groups may be too deep for
 * the longest path, or for one open descriptor a level.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs'

const at = (fd: number) => `/proc/self/fd/${fd}`
const O_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY

function open(path: string): number | undefined {
  try {
    return openSync(path, O_DIRECTORY)
  } catch {
    // ENOENT: it has just been removed.
    return undefined
  }
}

/** The names of the groups in a group, none if it has just been removed. */
export function innerNames(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch {
    return []
  }
}

/**
 * Calls `visit` for each group in a group, the innermost first, and for the group itself last.
 * @param visit takes a path that leads to the group for as long as the call lasts
 */
export function innermostFirst(path: string, visit: (path: string) => void): void {
  let here = open(path)
  const levels = [{ name: '', rest: innerNames(path) }]
  try {
    for (let level = levels.at(-1); here !== undefined && level; level = levels.at(-1)) {
      const name = level.rest.pop()
      if (name === undefined && levels.length === 1) break
      const next: number | undefined = open(`${at(here)}/${name ?? '..'}`)
      // Another process has removed this level meanwhile, and removes the levels above, too.
      if (next === undefined && name === undefined) break
      if (next === undefined) continue
      closeSync(here)
      here = next
      if (name !== undefined) levels.push({ name, rest: innerNames(at(here)) })
      else {
        levels.pop()
        visit(`${at(here)}/${level.name}`)
      }
    }
  } finally {
    if (here !== undefined) closeSync(here)
  }
  visit(path)
}
