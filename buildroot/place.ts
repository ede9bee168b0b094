/**
 * Putting a finished tree in its place. It is made in a folder beside that place and renamed into it, so an
 * interrupted run leaves the old tree or none, and never half of one.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CannotRun, UsageError } from '../lib/errors.ts'
import { mounts } from '../lib/mount/mount.ts'
import { checkRootfs } from '../lib/mount/rootfs.ts'
import { abandonedDrafts, draftPrefix } from '../lib/tidy/drafts.ts'
import { checkInterrupted } from './run.ts'

/** Where in the tree its record is: inside, so that a rename moves both at once. */
export const RECORD = 'etc/rootfs.json'
const MADE_BY = 'containers-from-clone'
const ATTEMPTS = 100

/** The record in a tree. README.md describes the fields. */
export interface Record {
  readonly from: string
  readonly devices: boolean
  readonly files: Readonly<{ [path: string]: string }>
  readonly missing?: readonly string[]
}

/**
 * Whether a directory is a tree that this program made, and not a copy of one, in which a user may have worked since.
 */
function isOurTree(directory: string): boolean {
  try {
    if (!lstatSync(join(directory, 'etc')).isDirectory() || !lstatSync(join(directory, RECORD)).isFile()) return false
    const { madeBy, inode } = JSON.parse(readFileSync(join(directory, RECORD), 'utf8'))
    return madeBy === MADE_BY && inode === lstatSync(directory).ino
  } catch {
    return false
  }
}

/** @throws UsageError, CannotRun unless the place is free, or a tree of ours that we may remove is there */
function checkPlace(directory: string): void {
  const stat = lstatSync(directory, { throwIfNoEntry: false })
  if (!stat) return
  if (stat.isSymbolicLink())
    throw new UsageError(`${directory} is a symbolic link\nhint: name the directory itself with --output`)
  if (!stat.isDirectory()) throw new UsageError(`${directory} is there already, and is no directory`)
  if (!isOurTree(directory) && readdirSync(directory).length > 0)
    throw new UsageError(
      `${directory} is there already, and was not made by this program (it has no ${RECORD} of its own)\n` +
        'hint: name another directory with --output, or remove this one yourself',
    )
  const uid = process.geteuid?.() ?? 0
  if (uid !== 0 && stat.uid !== uid)
    throw new CannotRun(`${directory} belongs to another user\nhint: sudo npm run rootfs`)
  checkNoMounts(directory)
}

/** Refuses a tree with mounts in it, because removing it would go on into these. */
function checkNoMounts(directory: string): void {
  const [mount] = mounts().filter(({ target }) => `${target}/`.startsWith(`${directory}/`))
  if (mount) throw new CannotRun(`${mount.target} is a mount\nhint: sudo umount ${mount.target}`)
}

function remove(folder: string): void {
  checkNoMounts(folder)
  rmSync(folder, { recursive: true, force: true })
}

/** Removes the folders of owners that were killed. */
function sweep(directory: string): void {
  for (const path of abandonedDrafts(dirname(directory), `.${basename(directory)}.`)) remove(path)
}

/** Renames the tree into its place; what was there goes into `workshop`, to be removed with it. */
function swap(tree: string, directory: string, workshop: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    checkPlace(directory)
    try {
      // rename(2) replaces an empty directory, and nothing else.
      renameSync(tree, directory)
      return
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
    try {
      renameSync(directory, join(workshop, `old-${attempt}`))
    } catch (error) {
      // ENOENT: another run has moved it away, and may put its own tree there.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new CannotRun(`${directory} is made again and again by others\nhint: let them finish`)
}

/**
 * Makes a root file system and puts it in its place.
 * @param make fills an empty `tree`; `scratch` is an empty folder beside it, gone afterwards
 * @returns its path and its record
 * @throws UsageError, CannotRun; whatever `make` throws
 */
export async function placeTree(
  output: string,
  make: (tree: string, scratch: string) => Promise<Record>,
): Promise<{ directory: string; record: Record }> {
  const directory = resolve(output)
  checkPlace(directory)
  mkdirSync(dirname(directory), { recursive: true })
  sweep(directory)
  const workshop = mkdtempSync(draftPrefix(join(dirname(directory), `.${basename(directory)}.`)))
  try {
    const [tree, scratch] = [join(workshop, 'tree'), join(workshop, 'scratch')]
    for (const folder of [tree, scratch]) mkdirSync(folder)
    const record = await make(tree, scratch)
    const mark = { madeBy: MADE_BY, made: new Date().toISOString(), inode: lstatSync(tree).ino }
    // An unpacked archive might have a link there, and the record would be written where that leads.
    if (!lstatSync(join(tree, 'etc')).isDirectory()) throw new CannotRun('the new tree has no directory /etc')
    writeFileSync(join(tree, RECORD), `${JSON.stringify({ ...mark, ...record }, null, 2)}\n`, { flag: 'wx' })
    checkRootfs(tree)
    // The last moment at which an interruption changes nothing.
    await checkInterrupted()
    swap(tree, directory, workshop)
    return { directory, record }
  } finally {
    remove(workshop)
  }
}
