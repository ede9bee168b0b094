/**
 * What a sandbox does not show of the machine, and what it shows in its place: the one submission that is judged, and no
 * other.
 */
import { cpSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as M from '../../lib/mount/mount.ts'

/** What is different from the machine's files, all paths absolute and without links. */
export interface Confinement {
  /** Directories of which nothing is seen: they are empty. */
  readonly hidden: readonly string[]
  /** Directories of the machine that are copied: the copy belongs to root in the sandbox, and is lost with it. */
  readonly shown: readonly { readonly from: string; readonly to: string }[]
}

/** How much one copy, with all that is written to it, may hold. */
const SPACE = 'size=64m'

function mountEmpty(name: string, target: string, owner: number, size: string): void {
  mkdirSync(target, { recursive: true })
  M.mount(name, target, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, `mode=755,uid=${owner},gid=${owner},${size}`)
}

/**
 * Hides and shows directories below a root directory that is being put together. Root in the sandbox cannot undo these
 * mounts, because they come from a more privileged user namespace and are locked. @see mount_namespaces(7)
 * @param owner root in the sandbox, as the machine calls it
 */
export function confine(root: string, { hidden, shown }: Confinement, owner: number): void {
  for (const path of [...hidden].sort()) {
    const target = join(root, path)
    if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) mountEmpty('hidden', target, owner, 'size=1m')
  }
  for (const { from, to } of shown) {
    mountEmpty('submission', join(root, to), owner, SPACE)
    cpSync(from, join(root, to), { recursive: true })
  }
}
