/**
 * The folders that grading works with: what was handed in, where the grades go, and where copies are.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { newDesk, removeDesk } from '../ready/desk.ts'
import { isUnfinished } from './journal.ts'

/** A path on the command line: npm runs scripts in the checkout, and INIT_CWD is where the command was typed. */
const here = (name: string) => resolve(process.env['INIT_CWD'] ?? '.', name)

/** The folder of submissions that is named on the command line. @throws UsageError */
export function readFolder(words: readonly string[]): string {
  const [name, ...more] = words
  if (name === undefined) throw new UsageError('which folder? npm run grade -- DIR\nhint: --help says what is in it')
  if (more.length > 0)
    throw new UsageError(`too many words: ${more.join(' ')}\nhint: one folder, as in npm run grade -- DIR`)
  const folder = here(name)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`no such folder: ${folder}`)
  const real = realpathSync(folder)
  // The folder is hidden in every sandbox, where this checkout and Node are needed.
  for (const needed of [ROOT, realpathSync(process.execPath)])
    if (`${needed}/`.startsWith(real === '/' ? '/' : `${real}/`))
      throw new UsageError(`${real} holds more than submissions: ${needed} is in it`)
  return real
}

/** The names in a file, one in each line. @throws UsageError */
export function readRoster(name: string | undefined): string[] {
  if (name === undefined) return []
  try {
    const lines = readFileSync(here(name), 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
    return [...new Set(lines.map(line => line.trim()).filter(Boolean))]
  } catch (error) {
    throw new UsageError(
      `the list of students cannot be read: ${here(name)} (${(error as NodeJS.ErrnoException).code})`,
    )
  }
}

/**
 * A folder for the grades, which must be empty: earlier grades are not written over.
 * @param isResumed whether it goes on in one in which a grading was interrupted
 */
export function makeOut(name: string, root: string, isResumed: boolean): string {
  const folder = here(name)
  if (isResumed && !isUnfinished(folder))
    throw new UsageError(`no grading was interrupted in ${folder}\nhint: without --resume a new one begins`)
  if (isResumed) return realpathSync(folder)
  if (isUnfinished(folder))
    throw new UsageError(`a grading was interrupted in ${folder}\nhint: --resume goes on with it, --out names another`)
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw new UsageError(`${folder} is there already, and not empty\nhint: name another with --out, or move it away`)
  if (`${folder}/`.startsWith(`${root}/`)) throw new UsageError(`the grades would be among the submissions: ${folder}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return realpathSync(folder)
}

/** Gives the grades to the user who called sudo. */
export function giveAway(folder: string): void {
  const [uid, gid] = [Number(process.env['SUDO_UID'] ?? Number.NaN), Number(process.env['SUDO_GID'] ?? Number.NaN)]
  if (process.getuid?.() !== 0 || !Number.isInteger(uid) || !Number.isInteger(gid)) return
  for (const path of [folder, ...readdirSync(folder).map(name => join(folder, name))]) {
    try {
      chownSync(path, uid, gid)
    } catch {
      // EINVAL: in a user namespace other users have no ID.
    }
  }
}

/** A folder for the copies. It is gone when this process ends. */
export function makeDesk(): string {
  const desk = newDesk('grade')
  chmodSync(desk, 0o700)
  // A judge is a copy of this process, and ends without this.
  process.on('exit', () => removeDesk(desk))
  return desk
}
