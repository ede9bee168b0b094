/**
 * What is known of the user namespaces of one program: whose each thread is in, and the maps of each.
 */
import { closeSync, openSync } from 'node:fs'
import { namespaceOf } from '../../../lib/namespaces.ts'
import { type Maps, mapsOf } from './standing.ts'

/** How many user namespaces are held open at a time: each takes a descriptor of the judge's. */
const MOST_HELD = 300

/** A user namespace, which the kernel keeps while it is open here. */
interface Held {
  readonly fd: number
  readonly number: number
}

/**
 * The user namespaces of one program, each with a number of the judge's own: the kernel gives the inode of one that has
 * ended to another. While one is held open that cannot be. The one that was not met for longest is let go of where there
 * are too many; should somebody be met in it again, it counts as another one, and is looked at anew.
 */
export class KnownNamespaces {
  readonly #sandbox: number | undefined
  /** The threads that are in the sandbox's own. Only unshare(2) and setns(2) take one out of it. */
  readonly #outside = new Set<number>()
  /** By inode, the one that was not met for longest first. */
  readonly #held = new Map<number, Held>()
  /** Maps that are complete, by number: one can be written once. */
  readonly #maps = new Map<number, Maps>()
  #count = 0

  /** @param sandbox the sandbox's own, by its inode */
  constructor(sandbox: number | undefined) {
    this.#sandbox = sandbox
  }

  /** The user namespace of a thread, by number; `undefined` if that is the sandbox's own, or the thread is gone. */
  of(tid: number): number | undefined {
    if (this.#outside.has(tid)) return undefined
    const inode = namespaceOf(tid, 'user')
    if (inode === this.#sandbox) this.#outside.add(tid)
    return inode === undefined || inode === this.#sandbox ? undefined : this.#hold(inode, tid)?.number
  }

  /** The number of the user namespace with an inode; `undefined` if nobody was met in it. */
  numberOf(inode: number | undefined): number | undefined {
    return inode === undefined ? undefined : this.#held.get(inode)?.number
  }

  /** A thread has moved, or has ended and its number may be given to another one. */
  forget(tid: number): void {
    this.#outside.delete(tid)
  }

  /** The maps of the user namespace of a thread, which {@link of} has a number for. */
  mapsOf(number: number, tid: number): Maps {
    const known = this.#maps.get(number)
    if (known) return known
    const maps = mapsOf(tid)
    if (maps.users.length > 0 && maps.groups.length > 0) this.#maps.set(number, maps)
    return maps
  }

  #hold(inode: number, tid: number): Held | undefined {
    const known = this.#held.get(inode)
    this.#held.delete(inode)
    const held = known ?? this.#open(tid)
    if (held) this.#held.set(inode, held)
    return held
  }

  #open(tid: number): Held | undefined {
    const [oldest] = this.#held
    if (oldest && this.#held.size >= MOST_HELD) {
      closeSync(oldest[1].fd)
      this.#held.delete(oldest[0])
      this.#maps.delete(oldest[1].number)
    }
    try {
      return { fd: openSync(`/proc/${tid}/ns/user`, 'r'), number: ++this.#count }
    } catch {
      // It was killed while it stood there.
      return undefined
    }
  }

  /** Lets go of all of them. */
  close(): void {
    for (const { fd } of this.#held.values()) closeSync(fd)
    this.#held.clear()
    this.#maps.clear()
  }
}
