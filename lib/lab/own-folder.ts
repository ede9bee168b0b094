/**
 * A folder of a lab's own below /tmp, which goes with it, however it ends.
 */
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PREFIX } from '../group/cgroup.ts'
import { draftPrefix } from '../tidy/drafts.ts'
import { keep } from '../tidy/keeper.ts'

/** Such a folder. */
export interface OwnFolder {
  readonly path: string
  /** Removes it with all that is in it. */
  remove(): void
}

/** Whether everybody may go through a folder and those above it. */
function isOpen(path: string): boolean {
  const parent = dirname(path)
  return (statSync(path).mode & 0o001) !== 0 && (parent === path || isOpen(parent))
}

/** The folder for temporary files, or /tmp where others may not go into that. */
const place = (isForOther: boolean) => (!isForOther || isOpen(tmpdir()) ? tmpdir() : '/tmp')

/**
 * Makes a folder for the time that the calling process lives.
 * @param owner whose it shall be, where that is another user than the caller's
 * @throws Error EPERM (a chown(2) that the caller may not make), ENOSPC
 */
export function makeOwnFolder(owner?: { readonly uid: number; readonly gid: number }): OwnFolder {
  const path = mkdtempSync(
    draftPrefix(join(place(owner !== undefined && owner.uid !== process.geteuid?.()), `${PREFIX}.lab-`)),
  )
  const remove = () => rmSync(path, { recursive: true, force: true })
  const keeper = keep(remove)
  chmodSync(path, 0o755)
  if (owner) chownSync(path, owner.uid, owner.gid)
  return {
    path,
    remove: () => {
      remove()
      keeper.release()
    },
  }
}
