/**
 * A folder of a lab's own below /tmp, which goes with it, however it ends.
 */
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PREFIX } from '../group/cgroup.ts'
import { draftPrefix } from '../tidy/drafts.ts'
import { keep } from '../tidy/keeper.ts'

/** Such a folder. */
export interface OwnFolder {
  readonly path: string
  /** Removes it with all that is in it. */
  remove(): void
}

/**
 * Makes a folder for the time that the calling process lives.
 * @param owner whose it shall be, where that is another user than the caller's
 * @throws Error EPERM (a chown(2) that the caller may not make), ENOSPC
 */
export function makeOwnFolder(owner?: { readonly uid: number; readonly gid: number }): OwnFolder {
  const path = mkdtempSync(draftPrefix(join(tmpdir(), `${PREFIX}.lab-`)))
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
