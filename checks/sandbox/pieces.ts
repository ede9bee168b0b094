/**
 * The root directory of a sandbox that is made without root on the machine. In a user namespace a directory with mounts
 * in it cannot be bound without them, because the kernel protects what they cover. So every directory without mounts in
 * it becomes a layer of its own, and the directories above these are made anew.
 */
import {
  accessSync,
  chmodSync,
  constants,
  type Dirent,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as M from '../../lib/mount/mount.ts'
import { attach, isPseudo, isReadable, layer, makeReadOnly, type RootPlan } from './layers.ts'
import { directoryMode } from './users.ts'

/** Whether the calling process may look into a directory. */
function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Puts one root directory together. */
class Pieces {
  readonly #plan: RootPlan
  readonly #mounts: readonly M.Mount[]
  #layers = 0

  constructor(plan: RootPlan, mounts: readonly M.Mount[]) {
    this.#plan = plan
    this.#mounts = mounts
  }

  /** Makes a directory anew with everything in it. */
  remake(path: string, at: string): void {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      this.#place(entry, join(path, entry.name), join(at, entry.name))
  }

  #place(entry: Dirent, path: string, at: string): void {
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(path), at)
    else if (entry.isDirectory()) this.#placeDirectory(path, at)
    else if (isReadable(path)) {
      writeFileSync(at, '')
      M.mount(path, at, null, M.MS_BIND)
      makeReadOnly(at)
    }
  }

  #placeDirectory(path: string, at: string): void {
    mkdirSync(at)
    const mode = directoryMode(path) ?? 0o755
    const isHidden = this.#mounts.some(({ target, type }) => target === path && isPseudo(target, type))
    if (isHidden || isPseudo(path, '') || !isOpen(path)) chmodSync(at, mode | 0o700)
    else if (this.#mounts.some(({ target }) => target.startsWith(`${path}/`))) {
      this.remake(path, at)
      chmodSync(at, mode | 0o700)
    } else attach(layer(path, at, this.#layers++), this.#plan)
  }
}

/**
 * Plans the pieces, before any mount is covered.
 * @returns puts them together below `root`
 */
export function planPieces(root: string): (plan: RootPlan) => void {
  const mounts = M.mounts()
  return plan => {
    // pivot_root(2) needs a mount point.
    M.mount(root, root, null, M.MS_BIND)
    new Pieces(plan, mounts).remake('/', root)
  }
}
