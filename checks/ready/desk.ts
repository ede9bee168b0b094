/**
 * Folders for what is made of programs, gone when this process ends.
 */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FOLDER } from '../../lib/engine/bundle-cache.mjs'
import { PREFIX } from '../../lib/group/cgroup.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'

const made: string[] = []

/** The folders made so far, for a process that replaces this one and has to remove them. */
export const desks = (): readonly string[] => made

/** Removes folders when this process ends. */
export function removeAtEnd(folders: readonly string[]): void {
  // A judge is a copy of this process, and ends without this.
  process.on('exit', () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
}

function makeDesk(start: string): string {
  const desk = realpathSync(mkdtempSync(draftPrefix(start)))
  // Root in a sandbox is nobody on the machine, and has to read what is in there.
  chmodSync(desk, 0o755)
  if (made.length === 0) removeAtEnd(made)
  made.push(desk)
  return desk
}

/** A folder for programs that were compiled or made. */
export const programDesk = (): string => makeDesk(join(tmpdir(), `${PREFIX}.ready-`))

/** A folder for a bundle, below which the packages of this checkout are found; `undefined` where none can be made. */
export function bundleDesk(): string | undefined {
  try {
    mkdirSync(FOLDER, { recursive: true })
    return makeDesk(join(FOLDER, 'ready-'))
  } catch {
    // EACCES, EROFS: the checkout cannot be written.
    return undefined
  }
}
