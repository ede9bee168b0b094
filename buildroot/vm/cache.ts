/**
 * Where kernels and the guest's first root are kept: in the checkout, else in the user's cache, else in a folder that
 * goes with the run.
 */
import {
  accessSync,
  constants,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../../lib/machine/root.ts'
import { abandonedDrafts, draftName, draftPrefix } from '../../lib/tidy/drafts.ts'
import { keep } from '../../lib/tidy/keeper.ts'

const PROJECT = 'containers-from-clone'
/** How the name of a folder in the temporary directory begins; its owner comes next. */
export const TEMPORARY = `${PROJECT}.vm-`
/** How the name of a folder that is not finished begins; its owner comes next. */
export const DRAFT = 'draft-'

/** A cache folder, and what to do at the end of the run. */
export interface Cache {
  readonly folder: string
  /** Removes it, if it goes with the run. */
  readonly end: () => void
}

function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Gives what root has made in the checkout of another user to that user. */
export function giveBack(...paths: readonly string[]): void {
  const owner = statSync(ROOT)
  if (process.geteuid?.() !== 0) return
  for (const path of paths) if (path.startsWith(`${ROOT}/`)) lchownSync(path, owner.uid, owner.gid)
}

/** The same for all that is in a folder. */
export function giveBackTree(folder: string): void {
  const names = readdirSync(folder, { recursive: true }).map(String)
  giveBack(folder, ...names.map(name => join(folder, name)))
}

/** The folders to try, the best first. */
export function cacheFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const own = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return [join(ROOT, 'node_modules', '.cache', 'vm'), join(own, PROJECT, 'vm')]
}

/** Opens the cache, and removes what killed owners left in it. */
export function openCache(folders: readonly string[] = cacheFolders()): Cache {
  for (const path of abandonedDrafts(tmpdir(), TEMPORARY)) rmSync(path, { recursive: true, force: true })
  const folder = folders.find(canWrite)
  if (folder === undefined) return temporaryCache()
  giveBack(dirname(folder), folder)
  for (const path of abandonedDrafts(folder, DRAFT)) rmSync(path, { recursive: true, force: true })
  return { folder, end: () => {} }
}

function temporaryCache(): Cache {
  const folder = mkdtempSync(draftPrefix(join(tmpdir(), TEMPORARY)))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const keeper = keep(remove)
  const end = () => {
    remove()
    keeper.release()
  }
  return { folder, end }
}

/** Writes a file completely or not at all. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = draftName(join(dirname(path), DRAFT))
  writeFileSync(draft, content)
  giveBack(draft)
  renameSync(draft, path)
}

/** An empty folder beside the cached ones, to be renamed into its place. */
export const draftFolder = (cache: string): string => mkdtempSync(draftPrefix(join(cache, DRAFT)))
