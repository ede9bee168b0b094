/**
 * Who lives in a container: in a mount namespace of its own, with an overlay of the program as root. And how they stand.
 */
import { readlinkSync, statSync } from 'node:fs'
import { namespaceInode, namespaces } from '../../../lib/namespaces.ts'
import { threadsOf } from '../../../lib/trace/scheduling.ts'
import type { Observer } from '../../observer/observer.ts'
import { processOf, throughWhom, unlessGone } from '../../observer/threads.ts'
import type { KnownOverlay } from './overlay.ts'
import type { Standing } from './record.ts'
import { type OldRoot, spotOf, waysOut } from './standing.ts'
import { wholeView } from './whole-view.ts'

/** The containers of one sandbox. */
export class Containers {
  readonly overlays: KnownOverlay[] = []
  processes: Observer['processes'] = new Map()
  readonly #sandbox: { readonly mnt: number; readonly pid: number }
  /** What was `/` in a mount namespace before pivot_root(2), by its inode. */
  readonly #oldRoots = new Map<number, OldRoot[]>()

  /** @param sandbox the namespaces in which the program was started */
  constructor(sandbox: { readonly mnt: number; readonly pid: number }) {
    this.#sandbox = sandbox
  }

  /** The overlay that the root of a thread lies on, by its place; `undefined` where that is none, or it is outside. */
  overlayOf(tid: number): number | undefined {
    const { dev } = statSync(`/proc/${tid}/root`)
    const found = this.overlays.findLastIndex(({ device }) => device === dev)
    return found < 0 || namespaceInode(tid, 'mnt') === this.#sandbox.mnt ? undefined : found
  }

  /** Somebody is about to exchange the root of their mount namespace. @returns is told that they did */
  aboutToPivot(tid: number): () => void {
    const mnt = namespaceInode(tid, 'mnt')
    const old = wholeView(tid).find(({ target }) => target === '/')
    return () => {
      if (old) this.#oldRoots.set(mnt, [...(this.#oldRoots.get(mnt) ?? []), old])
    }
  }

  /** The mount namespaces of containers, each with somebody who lives in it. */
  alive(): (readonly [mnt: number, tid: number])[] {
    const found = new Map<number, number>()
    for (const { pid, status } of this.processes.values()) {
      const tid = status || this.overlays.length === 0 ? undefined : throughWhom(pid)
      const mnt = tid === undefined ? undefined : this.#containerOf(tid)
      if (mnt !== undefined && tid !== undefined) found.set(mnt, tid)
    }
    return [...found]
  }

  /** Whether somebody lives in a container on an overlay, by its place. */
  livesOn(place: number): boolean {
    return this.alive().some(([, tid]) => unlessGone(() => this.overlayOf(tid)) === place)
  }

  /** The mount namespace of a thread, if its root is an overlay there. */
  #containerOf(tid: number): number | undefined {
    return unlessGone(() => (this.overlayOf(tid) === undefined ? undefined : namespaceInode(tid, 'mnt')))
  }

  /** Whether a process is the first of its PID namespace: with it all others there end. */
  isFirst(pid: number): boolean {
    return this.processes.get(pid)?.numbers.at(-1) === 1
  }

  /**
   * Whether the first of the PID namespace of a thread is in the same container, and has not ended.
   * @param homes the containers of those who have not ended, by the place of the overlay
   */
  hasFirst(tid: number, homes: ReadonlyMap<number, number>, place: number): boolean {
    const own = namespaceInode(tid, 'pid')
    return [...homes].some(
      ([pid, home]) =>
        home === place && this.isFirst(pid) && unlessGone(() => namespaceInode(throughWhom(pid) ?? pid, 'pid')) === own,
    )
  }

  /** How a thread stands in its mount namespace; `undefined` if it is gone. */
  stand(tid: number, order: number): Standing | undefined {
    try {
      return this.#standingOf(tid, order)
    } catch {
      return undefined
    }
  }

  #standingOf(tid: number, order: number): Standing {
    const { mnt, pid } = namespaces(tid)
    const view = wholeView(tid)
    const root = spotOf(`/proc/${tid}/root`)
    const place = this.overlayOf(tid)
    const overlay = place === undefined ? undefined : this.overlays[place]
    const oldRoots = this.#oldRoots.get(mnt) ?? []
    return {
      pid: processOf(tid) ?? tid,
      order,
      overlay: place,
      rootPath: readlinkSync(`/proc/${tid}/root`),
      isBelowTop: root.mount === view.find(({ target }) => target === '/')?.id,
      isTop: root.id === overlay?.topId,
      hasPivoted: oldRoots.length > 0,
      isApart: mnt !== this.#sandbox.mnt && pid !== this.#sandbox.pid,
      waysOut: waysOut(tid, {
        view,
        oldRoots,
        outer: this.#sandbox.pid,
        layers: overlay?.ways() ?? new Set(),
        neighbours: this.#neighboursOf(mnt, pid, new Set(view.map(({ id }) => id))),
      }),
    }
  }

  /**
   * Who lives in a PID namespace, but in another mount namespace than that, or with a root that is no part of it any more:
   * by their numbers in there.
   * @param known the mounts of that mount namespace
   */
  #neighboursOf(mnt: number, pid: number, known: ReadonlySet<number>): number[] {
    const isOutside = (tid: number) =>
      unlessGone(() => namespaceInode(tid, 'mnt') !== mnt || !known.has(spotOf(`/proc/${tid}/root`).mount)) ?? false
    const living = [...this.processes.values()].filter(({ status }) => !status)
    return living.flatMap(one => {
      const isThere = unlessGone(() => namespaceInode(throughWhom(one.pid) ?? one.pid, 'pid') === pid)
      return isThere && threadsOf(one.pid).some(isOutside) ? [one.numbers.at(-1) ?? 0] : []
    })
  }
}
