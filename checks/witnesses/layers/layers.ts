/**
 * The witness of layers: overlays as they are mounted, with all that is in their directories; what calls in a container
 * bring about there; how those in it stand; what they do with volumes; and where mounts appear.
 */
import { CannotRun } from '../../../lib/errors.ts'
import { kernelIsAtLeast } from '../../../lib/machine/kernel-version.ts'
import { mounts } from '../../../lib/mount/mount.ts'
import { ensureRootfs } from '../../../lib/mount/rootfs.ts'
import { namespaces } from '../../../lib/namespaces.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import { FILE_CALLS, type StoppedCall } from '../../../lib/trace/seccomp.ts'
import { processOf } from '../../observer/threads.ts'
import { isInRoot } from '../shell/spot.ts'
import { LayersTeller } from '../telling/layers.ts'
import type { Scene, Start, Witness, WitnessKind } from '../witness.ts'
import { seenOf } from './comparison.ts'
import { Containers } from './containers.ts'
import { Outside } from './outside.ts'
import { contentsOfAll, imageOf, KnownOverlay, treeOf } from './overlay.ts'
import { type FileCall, fileCall, lookAtPath, pathAt } from './place.ts'
import type { Change, LayersRecord } from './record.ts'
import { appearance, type BothViews } from './spread.ts'
import { spotOf } from './standing.ts'
import { wholeView } from './whole-view.ts'

const [EROFS] = [30]
const MOUNTING: readonly StoppedCall[] = ['mount', 'move_mount', 'umount2', 'pivot_root', 'chroot']
const CALLS: readonly StoppedCall[] = [...(Object.keys(FILE_CALLS) as StoppedCall[]), ...MOUNTING]
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Each)[] ? Each[] : T[Key] }

/** The witness of one sandbox. */
export class LayersWitness implements Witness<LayersRecord> {
  readonly #seen: Mutable<Omit<LayersRecord, 'overlays' | 'keepsNotes'>> = {
    standings: [],
    changes: [],
    comparisons: [],
    escapes: [],
    volumes: [],
    spreads: [],
  }
  readonly #containers: Containers
  readonly #init: number
  readonly #teller: LayersTeller
  #outside: Outside
  #rootfs: ReadonlyMap<string, string> | undefined
  #order = 0

  constructor({ sandbox, story }: Scene) {
    this.#init = sandbox.init
    this.#containers = new Containers(namespaces(sandbox.init))
    this.#outside = new Outside(sandbox.init, new Map())
    this.#teller = new LayersTeller(story)
  }

  begin({ observer }: Start): void {
    this.#containers.processes = observer.processes
    this.#outside = new Outside(this.#init, observer.processes)
  }

  /** The program's own exec is the first of all: nobody has touched `./fs` yet. */
  exec(pid: number): void {
    if (this.#rootfs) {
      this.#compareFor(pid, pid)
      return
    }
    const directory = `/proc/${pid}/cwd/fs`
    const contents = contentsOfAll(directory, treeOf(directory))
    // Devices are made or lent anew everywhere.
    this.#rootfs = new Map([...contents].filter(([path]) => !path.startsWith('dev/')))
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined {
    this.#order = order
    try {
      if (name === 'mount') return this.#mount(args, tid)
      if (name === 'umount2') return this.#umount(args, tid)
      // Before there is an overlay, nothing else matters.
      if (this.#containers.overlays.length === 0 && name !== 'pivot_root') return undefined
      if (name === 'move_mount') return this.#spread(tid)
      if (name === 'pivot_root') return this.#pivot(tid)
      return name === 'chroot' ? this.#chroot(tid) : this.#file(name, args, tid)
    } catch {
      // It was killed while it stood there, or the pointer is wrong.
      return undefined
    }
  }

  #mount([, target = 0n, type = 0n, , data = 0n]: readonly bigint[], tid: number): Listener {
    const spread = this.#containers.overlays.length === 0 ? undefined : this.#spread(tid)
    const order = this.#order
    if (pathAt(tid, type) !== 'overlay') return result => void spread?.(result)
    const [place, options] = [pathAt(tid, target), pathAt(tid, data)]
    return result => {
      spread?.(result)
      if (result >= 0) this.#addOverlay(tid, order, place, options)
    }
  }

  #addOverlay(tid: number, order: number, target: string, options: string): void {
    const at = lookAtPath(tid, target)
    if (!at) return
    const overlay = new KnownOverlay(tid, order, target, at, options)
    this.#containers.overlays.push(overlay)
    this.#teller.overlay(tid, overlay)
  }

  /** Whoever takes a mount off would find it in use because of what is held open here. */
  #umount([target = 0n]: readonly bigint[], tid: number): Listener {
    const place = lookAtPath(tid, pathAt(tid, target))
    for (const overlay of place ? this.#containers.overlays : []) {
      if (place?.device === overlay.device) overlay.lookBelow(true)
      overlay.release(place?.mount)
    }
    return () => this.#compareFor(processOf(tid) ?? tid, tid)
  }

  #pivot(tid: number): Listener {
    const tell = this.#containers.aboutToPivot(tid)
    return result => {
      if (result >= 0) tell()
    }
  }

  /** Whoever changes their root while they stand outside of it tries what one leaves a chroot by. */
  #chroot(tid: number): Listener | undefined {
    const overlay = this.#containers.overlayOf(tid)
    if (overlay === undefined || isInRoot(tid)) return undefined
    const order = this.#order
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
      this.#seen.escapes.push(attempt)
      this.#teller.escape(tid, attempt)
    }
  }

  #file(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    const place = this.#containers.overlayOf(tid)
    const overlay = place === undefined ? undefined : this.#containers.overlays[place]
    const call = overlay && fileCall(name, args, tid)
    if (!overlay || !call || place === undefined) return undefined
    this.#takeStrange(overlay)
    const order = this.#order
    return result => {
      const isOnRoot = call.at?.mount === spotOf(`/proc/${tid}/root`).mount
      if (!isOnRoot) this.#useVolume(tid, place, call, result)
      // What is new and came by no path of the root was not written through the overlay.
      if (isOnRoot && result >= 0) this.#takeChanges(tid, place, order)
      else this.#takeStrange(overlay)
    }
  }

  #takeStrange(overlay: KnownOverlay): void {
    for (const [path, { kind }] of overlay.takeNew()) if (kind !== 'directory') overlay.strange.add(path)
  }

  #takeChanges(tid: number, place: number, order: number): void {
    const overlay = this.#containers.overlays[place] as KnownOverlay
    const fresh = overlay.takeNew().filter(([, { kind }]) => kind !== 'directory')
    if (fresh.length === 0) return
    const standing = this.#containers.stand(tid, order)
    for (const [path, { kind }] of fresh) {
      const below = overlay.below(path)
      const what =
        kind === 'opaque'
          ? 'opaque'
          : kind === 'whiteout'
            ? 'removed'
            : below?.entry.kind === 'file'
              ? 'copied'
              : 'added'
      // A whiteout of what is nowhere below hides nothing, and one of a directory is only on the way to another one.
      if ((what === 'removed' || what === 'opaque') && !below) continue
      if (what === 'removed' && below?.entry.kind === 'directory') continue
      const change: Change = {
        order,
        pid: processOf(tid) ?? tid,
        overlay: place,
        kind: what,
        path,
        differs: false,
        standing,
      }
      this.#seen.changes.push(change)
      this.#teller.change(tid, overlay, change)
    }
  }

  #useVolume(tid: number, overlay: number, { at }: FileCall, result: number): void {
    const mount = at && mounts(tid).find(({ id }) => id === at.mount)
    if (!mount || (result < 0 && result !== -EROFS)) return
    const pid = processOf(tid) ?? tid
    const use = {
      order: this.#order,
      pid,
      overlay,
      target: mount.target,
      isReadOnly: mount.attributes.includes('ro'),
      outside: this.#outside.pathOf(mount, tid, namespaces(tid).mnt),
      answer: result < 0 ? ('refused' as const) : ('written' as const),
    }
    this.#seen.volumes.push(use)
    this.#teller.volume(tid, use)
  }

  /** Whoever mounts something may be in a container, or outside of one. */
  #spread(tid: number): Listener | undefined {
    const { mnt } = namespaces(tid)
    const order = this.#order
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
        this.#seen.spreads.push(spread)
        this.#teller.spread(tid, spread)
      }
    }
  }

  /** Somebody of a container is about to end: how they stand, what they see of others, and what is in the layers. */
  #lookAtEnd(pid: number, tid: number): void {
    try {
      const place = this.#containers.overlayOf(tid)
      const overlay = place === undefined ? undefined : this.#containers.overlays[place]
      if (!overlay || place === undefined) return
      this.#takeStrange(overlay)
      // With the first of a PID namespace all others end.
      overlay.lookBelow(this.#containers.processes.get(pid)?.numbers.at(-1) === 1)
      const standing = this.#containers.stand(tid, this.#order)
      if (standing) this.#seen.standings.push(standing)
      this.#compare(pid, tid, place)
      this.#lookAtCopies()
    } catch {
      // It was killed while it stood there.
    }
  }

  /** Somebody may be in a container, and be killed there before its end. */
  #compareFor(pid: number, tid: number): void {
    try {
      const place = this.#containers.overlayOf(tid)
      if (place !== undefined) this.#compare(pid, tid, place)
    } catch {
      // It was killed while it stood there.
    }
  }

  #compare(pid: number, tid: number, place: number): void {
    const own = this.#seen.changes.filter(({ overlay }) => overlay === place).map(({ path }) => path)
    for (const [other, overlay] of this.#containers.overlays.entries()) {
      if (other === place || !this.#containers.overlays[place]?.hasLayersOf(overlay)) continue
      const changes = this.#seen.changes.filter(
        ({ overlay: whose, kind, path }) => whose === other && kind !== 'opaque' && !own.includes(path),
      )
      if (changes.length === 0) continue
      const sees = seenOf(tid, overlay, changes)
      this.#seen.comparisons.push({ order: this.#order, pid, overlay: place, other, asked: changes.length, sees })
    }
  }

  /** A file that is opened for writing is copied first, and becomes another one only later. */
  #lookAtCopies(): void {
    for (const change of this.#seen.changes)
      if (change.kind === 'copied' && !change.differs)
        change.differs = this.#containers.overlays[change.overlay]?.differs(change.path) ?? false
  }

  exit(pid: number, _code: number | undefined, tid: number): void {
    if (this.#containers.overlays.length > 0) this.#lookAtEnd(pid, tid)
  }

  /** The program will not end by itself. */
  lookAround(): void {
    for (const [, tid] of this.#containers.alive()) this.#lookAtEnd(processOf(tid) ?? tid, tid)
  }

  record(): LayersRecord {
    this.#lookAtCopies()
    const overlays = this.#containers.overlays.map(overlay => {
      const { order, target, lower, upper, spoilt, strange } = overlay
      overlay.release()
      return {
        order,
        target,
        lower: lower.map(layer => layer?.held.id),
        upper: upper?.id,
        image: imageOf(overlay, this.#rootfs ?? new Map()),
        spoilt: [...spoilt],
        strange: [...strange],
      }
    })
    return { ...this.#seen, overlays, keepsNotes: kernelIsAtLeast(6, 6) }
  }
}

/** @throws CannotRun on a kernel whose user namespaces have no overlay */
function needs() {
  if (!kernelIsAtLeast(5, 11))
    throw new CannotRun(
      'a program in the sandbox has an overlay from Linux 5.11 on, because it is root of a user namespace alone\n' +
        'hint: check it on a newer kernel, npm run vm; the lab itself runs here as root',
    )
  return { rootfs: ensureRootfs(), calls: CALLS }
}

/** Its program is given a root file system, `./fs`, and stops at whatever changes files or mounts. */
export const layers: WitnessKind<LayersRecord, LayersWitness> = { needs, open: () => scene => new LayersWitness(scene) }
