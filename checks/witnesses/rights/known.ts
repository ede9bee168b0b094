/**
 * What is known of the user namespaces of one program: whose each thread is in, and the maps of each.
 */
import { closeSync, openSync } from 'node:fs'
import { namespaceOf } from '../../../lib/namespaces.ts'
import { type Maps, mapsOf } from './standing.ts'

/** How many user namespaces are told apart for good: the kernel gives the number of one that has ended to another. */
const MOST_HELD = 300

/** The user namespaces of one program. */
export class KnownNamespaces {
  /** Whether there were more than that. */
  isFlooded = false
  readonly #sandbox: number | undefined
  /** The threads that are in the sandbox's own. Only unshare(2) and setns(2) take one out of it. */
  readonly #outside = new Set<number>()
  /** Those seen, each open, so that its number stays its own. */
  readonly #held = new Map<number, number>()
  /** Maps that are complete: one can be written once. */
  readonly #maps = new Map<number, Maps>()

  /** @param sandbox the sandbox's own, by its inode */
  constructor(sandbox: number | undefined) {
    this.#sandbox = sandbox
  }

  /** The user namespace of a thread; `undefined` if that is the sandbox's own, or the thread is gone. */
  of(tid: number): number | undefined {
    if (this.#outside.has(tid)) return undefined
    const inode = namespaceOf(tid, 'user')
    if (inode === this.#sandbox) this.#outside.add(tid)
    return inode === this.#sandbox ? undefined : inode
  }

  /** A thread has moved, or has ended and its number may be given to another one. */
  forget(tid: number): void {
    this.#outside.delete(tid)
  }

  /** The maps of a user namespace, by a thread in it. */
  mapsOf(inode: number, tid: number): Maps {
    const known = this.#maps.get(inode)
    if (known) return known
    const maps = mapsOf(tid)
    if (this.#hold(inode, tid) && maps.users.length > 0 && maps.groups.length > 0) this.#maps.set(inode, maps)
    return maps
  }

  /** @returns whether the number stays that of this user namespace */
  #hold(inode: number, tid: number): boolean {
    if (this.#held.has(inode)) return true
    if (this.#held.size >= MOST_HELD) {
      this.isFlooded = true
      return false
    }
    try {
      this.#held.set(inode, openSync(`/proc/${tid}/ns/user`, 'r'))
      return true
    } catch {
      // It was killed while it stood there.
      return false
    }
  }

  /** Lets go of all of them. */
  close(): void {
    for (const fd of this.#held.values()) closeSync(fd)
    this.#held.clear()
    this.#maps.clear()
  }
}
