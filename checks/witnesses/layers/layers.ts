/**
 * The witness of layers: overlays as they are mounted, with all that is in their directories; what calls in a container
 * bring about there; how those in it stand; what they do with volumes; and where mounts appear.
 */
import { kernelIsAtLeast } from '../../../lib/machine/kernel-version.ts'
import { namespaces } from '../../../lib/namespaces.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'
import { answerOf } from '../../observer/story/calls.ts'
import { processOf, unlessGone } from '../../observer/threads.ts'
import { pathAt } from '../call-arguments.ts'
import type { Scene, Start, Witness, WitnessKind } from '../witness.ts'
import { kindOfChange } from './changes.ts'
import { compare } from './comparison.ts'
import { Containers } from './containers.ts'
import { overlayRecord } from './image.ts'
import { Kept } from './kept.ts'
import { Mounting } from './mounting.ts'
import { needs } from './needs.ts'
import { KnownOverlay } from './overlay.ts'
import { fileCall, lookAtPath, pathInRoot } from './place.ts'
import type { Change, Comparison, LayersRecord, Standing } from './record.ts'
import { spotOf } from './standing.ts'
import { LayersTeller } from './teller.ts'
import { contentsOfAll, treeOf } from './tree.ts'

/** Their directories are held open: more overlays than this no program of the lab needs. */
const MOST_OVERLAYS = 20

/** The witness of one sandbox. */
export class LayersWitness implements Witness<LayersRecord> {
  readonly #changes: Change[] = []
  readonly #standings = new Kept<Standing>(({ pid, order, ...rest }) => JSON.stringify(rest))
  readonly #comparisons = new Kept<Comparison>(({ overlay, other, sees }) => JSON.stringify([overlay, other, sees]))
  readonly #containers: Containers
  readonly #init: number
  readonly #teller: LayersTeller
  #mounting: Mounting | undefined
  /** The overlay of each process that was seen in a container, until its end is seen. */
  readonly #homes = new Map<number, number>()
  #rootfs: ReadonlyMap<string, string> | undefined
  #order = 0
  /** What was answered when an overlay was refused. */
  #refused: string | undefined
  /** Whether there were more overlays than are looked at. */
  #isFlooded = false

  constructor({ sandbox, story }: Scene) {
    this.#init = sandbox.init
    this.#containers = new Containers(namespaces(sandbox.init))
    this.#teller = new LayersTeller(story)
  }

  begin({ observer }: Start): void {
    this.#containers.processes = observer.processes
    this.#mounting = new Mounting(this.#containers, this.#teller, this.#init, observer.processes)
  }

  /** The program's own exec is the first of all: nobody has touched `./fs` yet. */
  exec(pid: number): void {
    if (this.#rootfs) {
      unlessGone(() => this.#compareFor(pid, pid))
      return
    }
    const directory = `/proc/${pid}/cwd/fs`
    const contents = unlessGone(() => contentsOfAll(directory, treeOf(directory))) ?? new Map<string, string>()
    // Devices are made or lent anew everywhere.
    this.#rootfs = new Map([...contents].filter(([path]) => !path.startsWith('dev/')))
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined {
    this.#order = order
    const hear = unlessGone(() => this.#listener(name, args, tid, order))
    return hear && (result => unlessGone(() => hear(result)))
  }

  #listener(name: StoppedCall, args: readonly bigint[], tid: number, order: number): Listener | undefined {
    if (name === 'mount') return this.#mount(args, tid)
    if (name === 'umount2') return this.#umount(args, tid)
    // Before there is an overlay, nothing else matters.
    if (this.#containers.overlays.length === 0 && name !== 'pivot_root') return undefined
    if (name === 'move_mount') return this.#mounting?.aboutToMount(tid, order)
    if (name === 'pivot_root') return this.#pivot(tid)
    return name === 'chroot' ? this.#mounting?.aboutToChroot(tid, order) : this.#file(name, args, tid)
  }

  #mount([, target = 0n, type = 0n, , data = 0n]: readonly bigint[], tid: number): Listener {
    const order = this.#order
    const spread = this.#containers.overlays.length === 0 ? undefined : this.#mounting?.aboutToMount(tid, order)
    if (pathAt(tid, type) !== 'overlay') return result => void spread?.(result)
    const [place, options] = [pathAt(tid, target), pathAt(tid, data)]
    return result => {
      spread?.(result)
      if (result >= 0) this.#addOverlay(tid, order, place, options)
      else this.#refused = answerOf(result)
    }
  }

  #addOverlay(tid: number, order: number, target: string, options: string): void {
    const at = lookAtPath(tid, target)
    if (!at) return
    this.#isFlooded ||= this.#containers.overlays.length >= MOST_OVERLAYS
    if (this.#isFlooded) return
    const overlay = new KnownOverlay(tid, order, target, at, options)
    this.#containers.overlays.push(overlay)
    this.#teller.overlay(tid, overlay)
  }

  /** Whoever takes a mount off would find it in use because of what is held open here. */
  #umount([target = 0n]: readonly bigint[], tid: number): Listener {
    const place = lookAtPath(tid, pathAt(tid, target))
    for (const [i, overlay] of place ? this.#containers.overlays.entries() : []) {
      const isConcerned = place?.device === overlay.device || overlay.isHeldBy(place?.mount)
      if (isConcerned && this.#containers.livesOn(i)) overlay.lookBelow(true)
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

  #file(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    const place = this.#containers.overlayOf(tid)
    const overlay = place === undefined ? undefined : this.#containers.overlays[place]
    const call = overlay && fileCall(name, args, tid)
    if (!overlay || !call || place === undefined) return undefined
    this.#takeStrange(overlay)
    this.#homes.set(processOf(tid) ?? tid, place)
    const order = this.#order
    return result => {
      const isOnRoot = call.at?.mount === spotOf(`/proc/${tid}/root`).mount
      if (!isOnRoot) this.#mounting?.useVolume(tid, order, place, call, result)
      // What is new and came by no path of the root was not written through the overlay.
      if (isOnRoot && result >= 0) this.#takeChanges(tid, place, order, /^open/.test(name) ? result : undefined)
      else this.#takeStrange(overlay)
    }
  }

  #takeStrange(overlay: KnownOverlay): void {
    for (const [path, { kind }] of overlay.takeNew()) if (kind !== 'directory') overlay.strange.add(path)
  }

  /** @param opened a descriptor by which a file can be written: it may have been copied up before, for its permissions */
  #takeChanges(tid: number, place: number, order: number, opened: number | undefined): void {
    const overlay = this.#containers.overlays[place] as KnownOverlay
    const known = (path: string) => this.#changes.some(each => each.overlay === place && each.path === path)
    const again = opened === undefined ? [] : overlay.copyAt(pathInRoot(tid, opened)).filter(([path]) => !known(path))
    const fresh = [...overlay.takeNew().filter(([, { kind }]) => kind !== 'directory'), ...again]
    if (fresh.length === 0) return
    const standing = this.#containers.stand(tid, order)
    for (const [path, { kind }] of new Map(fresh)) {
      const what = kindOfChange(kind, overlay.below(path)?.entry.kind)
      if (!what) continue
      const pid = processOf(tid) ?? tid
      const change: Change = { order, pid, overlay: place, kind: what, path, differs: false, standing }
      this.#changes.push(change)
      this.#teller.change(tid, overlay, change)
    }
  }

  /** Somebody of a container is about to end: how they stand, what they see of others, and what is in the layers. */
  #lookAtEnd(pid: number, tid: number): void {
    const place = this.#containers.overlayOf(tid)
    const overlay = place === undefined ? undefined : this.#containers.overlays[place]
    if (!overlay || place === undefined) return
    this.#takeStrange(overlay)
    // The layers are looked at when PID 1 of the container has ended, or where it has none; when a file was changed, the
    // kernel writes down.
    if (!this.#containers.hasFirst(tid, this.#homes, place)) overlay.lookBelow(this.#containers.isFirst(pid))
    const standing = this.#containers.stand(tid, this.#order)
    if (standing) this.#standings.add(standing)
    this.#compare(pid, tid, place)
    this.#lookAtCopies()
  }

  /** Somebody may be in a container, and be killed there before its end. */
  #compareFor(pid: number, tid: number): void {
    const place = this.#containers.overlayOf(tid)
    if (place === undefined) return
    this.#homes.set(pid, place)
    this.#compare(pid, tid, place)
  }

  /** One that is killed is not seen at its end; what it did to the layers is. */
  gone(pid: number): void {
    const place = this.#homes.get(pid)
    this.#homes.delete(pid)
    if (place !== undefined) unlessGone(() => this.#containers.overlays[place]?.lookBelow(true))
  }

  #compare(pid: number, tid: number, place: number): void {
    const found = compare(tid, this.#containers.overlays, place, this.#changes)
    for (const each of found) this.#comparisons.add({ order: this.#order, pid, overlay: place, ...each })
  }

  /** A file that is opened for writing is copied first, and becomes another one only later. */
  #lookAtCopies(): void {
    for (const change of this.#changes)
      if (change.kind === 'copied' && !change.differs)
        change.differs = this.#containers.overlays[change.overlay]?.differs(change.path) ?? false
  }

  exit(pid: number, _code: number | undefined, tid: number): void {
    const home = this.#homes.get(pid)
    this.#homes.delete(pid)
    if (this.#containers.overlays.length > 0) unlessGone(() => this.#lookAtEnd(pid, tid))
    // It may have left the container meanwhile.
    const hasLeft = home !== undefined && unlessGone(() => this.#containers.overlayOf(tid)) !== home
    if (hasLeft) unlessGone(() => this.#containers.overlays[home]?.lookBelow(true))
  }

  /** The program will not end by itself. */
  lookAround(): void {
    for (const [, tid] of this.#containers.alive()) {
      unlessGone(() => this.#lookAtEnd(processOf(tid) ?? tid, tid))
      unlessGone(() => this.#containers.overlays[this.#containers.overlayOf(tid) ?? -1]?.lookBelow(true))
    }
  }

  record(): LayersRecord {
    unlessGone(() => this.#lookAtCopies())
    const overlays = this.#containers.overlays.map(overlay => overlayRecord(overlay, this.#rootfs ?? new Map()))
    for (const overlay of this.#containers.overlays) overlay.release()
    const isFlooded = {
      overlays: this.#isFlooded,
      standings: this.#standings.isFlooded,
      comparisons: this.#comparisons.isFlooded,
    }
    return {
      changes: this.#changes,
      standings: this.#standings.all,
      comparisons: this.#comparisons.all,
      escapes: this.#mounting?.escapes ?? [],
      volumes: this.#mounting?.volumes ?? [],
      spreads: this.#mounting?.spreads ?? [],
      overlays,
      refused: this.#refused,
      isFlooded,
      keepsNotes: kernelIsAtLeast(6, 6),
    }
  }
}

/** Its program is given a root file system, `./fs`, and stops at whatever changes files or mounts. */
export const layers: WitnessKind<LayersRecord, LayersWitness> = { needs, open: () => scene => new LayersWitness(scene) }
