/**
 * The reader's own folder, mine/: their copies of the labs. What is written there belongs to them, also under sudo.
 */
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { withNewNames } from '../../../lib/engine/moved.ts'
import { CannotRun, UsageError } from '../../../lib/errors.ts'
import { findLab, type Lab } from '../../../lib/lab/manifest.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { draftName } from '../../../lib/tidy/drafts.ts'
import { checkedLab } from '../../labs/all.ts'
import { blankLab } from '../../labs/tasks.ts'

/** Beside labs/, so that a copy's imports lead where the lab's do. Several readers of one checkout have one each. */
export const MINE = join(ROOT, basename(process.env['WORKBOOK_MINE'] || 'mine'))

/**
 * The settings by which an editor and `npx tsc -p mine` check the copies: those of the labs, but unused names are
 * allowed.
 */
const TSCONFIG = `{
  "extends": "../tsconfig.json",
  "compilerOptions": { "noUnusedLocals": false, "noUnusedParameters": false },
  "include": ["*.ts"]
}
`

/** The reader's copy of a lab. */
export const copyOf = ({ slug }: Pick<Lab, 'slug'>): string => join(MINE, `${slug}.ts`)

/** A path in the checkout, or a text with such paths in it, as a reader wants to see it. */
export const shown = (path: string): string => path.replaceAll(`${ROOT}/`, '')

/** Gives a file to the reader: the user who called sudo, else the owner of the checkout. */
export function giveToReader(path: string): void {
  if (process.getuid?.() !== 0) return
  const owner = statSync(ROOT)
  const [uid, gid] = [process.env['SUDO_UID'] ?? owner.uid, process.env['SUDO_GID'] ?? owner.gid].map(Number)
  try {
    chownSync(path, uid as number, gid as number)
  } catch {
    // EINVAL: in a user namespace other users have no ID.
  }
}

/**
 * @throws CannotRun where the folder cannot be written; any other error, such as of a full disk, with the path added
 */
function explain(error: unknown): never {
  const { code, path = MINE } = error as NodeJS.ErrnoException
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code ?? '')) {
    // An error of write(2) has no path, because the call has only a descriptor.
    throw Object.assign(error as Error, { path: shown(path) })
  }
  throw new CannotRun(`${shown(path)} cannot be written (${code})\nhint: work in a checkout that is yours, or use sudo`)
}

/** Makes the folder. @throws CannotRun */
export function ensureMine(): void {
  try {
    if (!existsSync(MINE)) {
      mkdirSync(MINE)
      giveToReader(MINE)
    }
    const settings = join(MINE, 'tsconfig.json')
    if (existsSync(settings)) return
    writeFileSync(settings, TSCONFIG)
    giveToReader(settings)
  } catch (error) {
    explain(error)
  }
}

/** Replaces a file in there at once: a reader of the file finds the old text or the new one. @throws CannotRun */
export function writeMine(path: string, text: string): void {
  ensureMine()
  const draft = draftName(`${path}.`)
  try {
    writeFileSync(draft, text)
    giveToReader(draft)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    explain(error)
  }
}

/** A lab with all its tasks open. */
export function freshCopy({ slug }: Pick<Lab, 'slug'>): string {
  return blankLab(readFileSync(join(ROOT, 'labs', `${slug}.ts`), 'utf8'), slug, checkedLab(slug).exercises)
}

/** Writes the reader's copy of a lab if there is none. @returns whether it did @throws CannotRun */
export function writeCopy(lab: Pick<Lab, 'slug'>): boolean {
  const path = copyOf(lab)
  if (existsSync(path)) return false
  writeMine(path, freshCopy(lab))
  return true
}

/**
 * Updates the imports of a copy that was written when files of lib/ had other names. Nothing else is changed.
 * @returns whether anything was @throws CannotRun
 */
export function bringInStep(path: string): boolean {
  if (dirname(path) !== MINE || !existsSync(path)) return false
  const text = readFileSync(path, 'utf8')
  const renewed = withNewNames(text)
  if (renewed === text) return false
  writeMine(path, renewed)
  return true
}

/** Moves a file of the reader's out of the way. @returns where it is now, `mine/03-newnet.1.ts` @throws CannotRun */
export function setAside(path: string): string {
  const [, start = '', end = ''] = /^(.*)(\.\w+)$/.exec(path) ?? []
  let number = 1
  while (existsSync(`${start}.${number}${end}`)) number++
  const kept = `${start}.${number}${end}`
  try {
    renameSync(path, kept)
  } catch (error) {
    explain(error)
  }
  return kept
}

/**
 * The one lab that the words of a command name.
 * @param command an example of it, `npm run reset lab3`
 * @throws UsageError
 */
export function oneLab([name, ...more]: readonly string[], command: string): Lab {
  if (name === undefined) throw new UsageError(`which lab? ${command}\nhint: npm run learn begins by itself`)
  if (more.length > 0) throw new UsageError(`too many words: ${more.join(' ')}\nhint: one lab at a time`)
  return findLab(name)
}
