/**
 * What those in containers do with mounts: they walk up from outside of their root, write to volumes, and mount; and where
 * what somebody mounts appears.
 */
import { constants } from 'node:os'
import { mounts } from '../../../lib/mount/mount.ts'
import { namespaceInode, namespaces } from '../../../lib/namespaces.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import type { Observer } from '../../observer/observer.ts'
import { processOf } from '../../observer/threads.ts'
import { isInRoot } from '../shell/spot.ts'
import type { Containers } from './containers.ts'
import { Outside } from './outside.ts'
import type { FileCall } from './place.ts'
import type { Escape, Spread, VolumeUse } from './record.ts'
import { appearance, type BothViews } from './spread.ts'
import type { LayersTeller } from './teller.ts'
import { wholeView } from './whole-view.ts'

/** The mounts of one sandbox, as far as containers have to do with them. */
export class Mounting {
  readonly escapes: Escape[] = []
  readonly volumes: VolumeUse[] = []
  readonly spreads: Spread[] = []
  readonly #containers: Containers
  readonly #teller: LayersTeller
  readonly #outside: Outside

  /** @param init of the sandbox */
  constructor(containers: Containers, teller: LayersTeller, init: number, processes: Observer['processes']) {
    this.#containers = containers
    this.#teller = teller
    this.#outside = new Outside(init, processes)
  }

  /** Whoever changes their root while they stand outside of it tries what one leaves a chroot by. */
  aboutToChroot(tid: number, order: number): Listener | undefined {
    const overlay = this.#containers.overlayOf(tid)
    if (overlay === undefined || isInRoot(tid)) return undefined
    return result => {
      if (result < 0) return
      const standing = this.#containers.stand(tid, order)
      const isOwn = standing?.overlay === overlay && standing.isBelowTop
      const to = isOwn ? (standing.isTop ? 'own root' : 'below') : 'outside'
      const attempt = {
        order,
        pid: processOf(tid) ?? tid,
        overlay,
        to,
        path: standing?.rootPath ?? '?',
        standing,
      } as const
      this.escapes.push(attempt)
      this.#teller.escape(tid, attempt)
    }
  }

  /** A call in a container has gone below a mount that is not its root. */
  useVolume(tid: number, order: number, overlay: number, { at }: FileCall, result: number): void {
    const mount = at && mounts(tid).find(({ id }) => id === at.mount)
    if (!mount || (result < 0 && result !== -constants.errno.EROFS)) return
    // What is a part of an overlay comes from no volume.
    if (this.#containers.overlays.some(({ device }) => device === at?.device)) return
    const pid = processOf(tid) ?? tid
    const use = {
      order,
      pid,
      overlay,
      mount: mount.id,
      target: mount.target,
      isReadOnly: mount.attributes.includes('ro') || mount.options.split(',').includes('ro'),
      outside: this.#outside.pathOf(mount, tid, namespaceInode(tid, 'mnt')),
      answer: result < 0 ? ('refused' as const) : ('written' as const),
    }
    this.volumes.push(use)
    this.#teller.volume(tid, use)
  }

  /** Whoever mounts something may be in a container, or outside of one. */
  aboutToMount(tid: number, order: number): Listener | undefined {
    const { mnt } = namespaces(tid)
    const both = (inner: number, member: number): BothViews & { readonly outer: number } => {
      const { mnt: outer, view } = this.#outside.viewFor(member, inner)
      return { inside: wholeView(member), outside: view, outer }
    }
    const watched = this.#containers.alive().map(([inner, member]) => [inner, member, both(inner, member)] as const)
    const concerned = watched.filter(([inner, , { outer }]) => inner === mnt || outer === mnt)
    if (concerned.length === 0) return undefined
    return result => {
      if (result < 0) return
      for (const [inner, member, before] of concerned) {
        const found = appearance(before, both(inner, member))
        if (!found) continue
        const spread = {
          order,
          pid: processOf(tid) ?? tid,
          by: inner === mnt ? ('inside' as const) : ('outside' as const),
          ...found,
        }
        this.spreads.push(spread)
        this.#teller.spread(tid, spread)
      }
    }
  }
}
