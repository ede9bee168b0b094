/**
 * The outside of a container: those who made it, and what they see.
 */
import { statSync } from 'node:fs'
import { type Mount, mounts } from '../../../lib/mount/mount.ts'
import { namespaceInode } from '../../../lib/namespaces.ts'
import type { Observer } from '../../observer/observer.ts'
import { throughWhom } from '../../observer/threads.ts'

const identity = (path: string) => {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

/** Who lives outside of whom. */
export class Outside {
  readonly #init: number
  readonly #processes: Observer['processes']

  /** @param init of the sandbox, which is outside of everybody */
  constructor(init: number, processes: Observer['processes']) {
    this.#init = init
    this.#processes = processes
  }

  /** The makers of a process that live in another mount namespace than it does, the nearest first; init is the last. */
  makersOf(pid: number, mnt: number): number[] {
    const found: number[] = []
    for (let one = this.#processes.get(pid); one; one = this.#processes.get(one.creator)) {
      const thread = one.status ? undefined : throughWhom(one.pid)
      if (thread !== undefined && namespaceInode(thread, 'mnt') !== mnt) found.push(thread)
    }
    return [...found, this.#init]
  }

  /** What the nearest of them sees. */
  viewFor(pid: number, mnt: number): { readonly mnt: number; readonly view: readonly Mount[] } {
    const [maker = this.#init] = this.makersOf(pid, mnt)
    return { mnt: namespaceInode(maker, 'mnt'), view: mounts(maker) }
  }

  /** Where the directory that a mount of a container shows is outside, as a path; `undefined` where it is nowhere. */
  pathOf({ device, root, target }: Mount, pid: number, mnt: number): string | undefined {
    const wanted = identity(`/proc/${pid}/root${target}`)
    for (const maker of wanted === undefined ? [] : this.makersOf(pid, mnt))
      for (const mount of mounts(maker)) {
        const rest = mount.root === '/' ? root : root.slice(mount.root.length)
        if (mount.device !== device || !root.startsWith(mount.root)) continue
        const path = `${mount.target}/${rest}`.replace(/\/+/g, '/')
        if (identity(`/proc/${maker}/root${path}`) === wanted) return path
      }
    return undefined
  }
}
