/**
 * Folders for what is made of programs, gone when this process ends.
 */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { FOLDER } from '../../lib/engine/bundle-cache.mjs'
import { PREFIX } from '../../lib/group/cgroup.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'

const made: string[] = []

/** The folders made so far, for a process that replaces this one and has to remove them. */
export const desks = (): readonly string[] => made

/** How the folders begin that hold the desks of one user each, below that for temporary files. */
const HOME = `${PREFIX}.desks-`

/**
 * The folder that holds all desks of this user: a grading hides it from its programs, and with it the desks of every
 * other grading or check, those that begin later as well.
 */
function home(): string {
  const path = join(realpathSync(tmpdir()), `${HOME}${process.getuid?.()}`)
  try {
    mkdirSync(path)
    chmodSync(path, 0o755)
  } catch {
    // EEXIST
  }
  const found = lstatSync(path, { throwIfNoEntry: false })
  const isOurs = found?.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  // Whoever else has taken the name could take away what is in there.
  return isOurs ? path : dirname(path)
}

/** The folders in which there are, or will be, desks: what no submission may see. */
export function deskHomes(): string[] {
  const place = realpathSync(tmpdir())
  return readdirSync(place).flatMap(name => (name.startsWith(HOME) ? [join(place, name)] : []))
}

/** Makes a new folder below that of all desks. @param kind of desk, `ready` */
export function newDesk(kind: string): string {
  for (let tries = 1; ; tries++) {
    try {
      return mkdtempSync(draftPrefix(join(home(), `${PREFIX}.${kind}-`)))
    } catch (error) {
      // Whoever had the only other desk has just removed it, and the folder with it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 100) throw error
    }
  }
}

/** Removes a desk, and the folder of all desks with the last of them. */
export function removeDesk(desk: string): void {
  rmSync(desk, { recursive: true, force: true })
  try {
    if (basename(dirname(desk)).startsWith(HOME)) rmdirSync(dirname(desk))
  } catch {
    // ENOTEMPTY: others are at work. ENOENT: another was faster.
  }
}

/** Removes folders when this process ends. */
export function removeAtEnd(folders: readonly string[]): void {
  // A judge is a copy of this process, and ends without this.
  process.on('exit', () => {
    for (const folder of folders) removeDesk(folder)
  })
}

function keepDesk(desk: string): string {
  // Root in a sandbox is nobody on the machine, and has to read what is in there.
  chmodSync(desk, 0o755)
  if (made.length === 0) removeAtEnd(made)
  made.push(desk)
  return desk
}

/** A folder for programs that were compiled or made. */
export const programDesk = (): string => keepDesk(newDesk('ready'))

/** A folder for a bundle, below which the packages of this checkout are found; `undefined` where none can be made. */
export function bundleDesk(): string | undefined {
  try {
    mkdirSync(FOLDER, { recursive: true })
    return keepDesk(realpathSync(mkdtempSync(draftPrefix(join(FOLDER, 'ready-')))))
  } catch {
    // EACCES, EROFS: the checkout cannot be written.
    return undefined
  }
}
