/**
 * One overlay: its directories, which are held open from the moment at which it was mounted, and what was in them then.
 * What a path leads to later does not matter, nor that nobody else can reach them any more.
 */
import { closeSync, statSync } from 'node:fs'
import { type Held, holdPath, type Spot } from './place.ts'
import { contentsOf, contentsOfAll, type Entry, isCutOff, type Tree, treeOf } from './tree.ts'

/** The options of an overlay, as the kernel takes them apart. */
function optionsOf(data: string): ReadonlyMap<string, string> {
  const words = data.match(/(?:\\.|[^,\\])+/g) ?? []
  return new Map(words.map(word => [word.split('=', 1)[0] as string, word.slice(word.indexOf('=') + 1)]))
}

const plain = (path: string) => path.replace(/\\(.)/g, '$1')
const lowerPaths = (text: string) => (text.match(/(?:\\.|[^:\\])+/g) ?? []).map(plain)

function idOf(path: string): string {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}

/** A directory of an overlay. */
export class Layer {
  readonly held: Held
  readonly top: string
  readonly before: Tree
  readonly contents: ReadonlyMap<string, string>

  constructor(held: Held) {
    this.held = held
    this.top = `/proc/self/fd/${held.fd}`
    this.before = treeOf(this.top)
    this.contents = contentsOfAll(this.top, this.before)
  }

  /** Whether there is something in it that nobody would see change: more entries than are listed, or bytes than are read. */
  get isTooLarge(): boolean {
    const files = [...this.before].filter(([, { kind }]) => kind === 'file')
    return isCutOff(this.before) || files.some(([path]) => !this.contents.has(path))
  }

  /** The paths in it that are not what they were. @param byContents whether every byte is read */
  changed(byContents: boolean): string[] {
    const now = treeOf(this.top)
    const paths = new Set([...this.before.keys(), ...now.keys()])
    return [...paths].filter(path => {
      const [was, is] = [this.before.get(path), now.get(path)]
      if (!was || !is || was.marks !== is.marks) return true
      // Whoever writes through a mapping into memory leaves no time behind.
      return byContents && this.contents.has(path) && this.contents.get(path) !== contentsOf(this.top, path, is)
    })
  }
}

/** How many lower directories of one overlay are looked at. */
const MOST_LAYERS = 24

/** What is known of one overlay. */
export class KnownOverlay {
  readonly target: string
  readonly order: number
  /** The device number of its files, and its top by device and inode. */
  readonly device: number
  readonly topId: string
  /** The uppermost first. */
  readonly lower: readonly (Layer | undefined)[]
  readonly upper: Held | undefined
  readonly names: readonly string[]
  readonly spoilt = new Set<string>()
  readonly strange = new Set<string>()
  /** What the upper directory held when it was last looked at. */
  #upperSeen: Tree = new Map()
  readonly #open = new Set<Held>()

  /** @param tid who has mounted it, and stands still; @param at its top; @param data the options, as it wrote them */
  constructor(tid: number, order: number, target: string, at: Spot, data: string) {
    this.target = target
    this.order = order
    this.device = at.device
    this.topId = at.id
    const options = optionsOf(data)
    this.names = lowerPaths(options.get('lowerdir') ?? '')
    this.lower = this.names.map((path, i) => {
      const held = i < MOST_LAYERS ? this.#hold(tid, path) : undefined
      return held && new Layer(held)
    })
    const upper = options.get('upperdir')
    this.upper = upper === undefined ? undefined : this.#hold(tid, plain(upper))
    if (this.upper) this.#upperSeen = this.upperNow()
  }

  #hold(tid: number, path: string): Held | undefined {
    const held = holdPath(tid, path)
    if (held) this.#open.add(held)
    return held
  }

  /** Its directories and all that are above them, by device and inode: whoever has one of them has the layers. */
  ways(): ReadonlySet<string> {
    const found = new Set<string>()
    for (const { fd } of this.#open)
      for (let here = `/proc/self/fd/${fd}`, id = idOf(here); !found.has(id); here = `${here}/..`, id = idOf(here))
        found.add(id)
    return found
  }

  /** Whether its layers are those of another one, in the same order. */
  hasLayersOf(other: KnownOverlay): boolean {
    const ids = ({ lower }: KnownOverlay) => lower.map(layer => layer?.held.id ?? '?').join()
    return !ids(this).includes('?') && ids(this) === ids(other)
  }

  /** The first layer below the upper one that has something of that path, and no whiteout or opaque directory above it. */
  below(path: string): { readonly layer: Layer; readonly entry: Entry } | undefined {
    const parents = path.split('/').slice(0, -1)
    for (const layer of this.lower) {
      if (!layer) continue
      const entry = layer.before.get(path)
      if (entry) return entry.kind === 'whiteout' ? undefined : { layer, entry }
      const above = parents.map((_, i) => layer.before.get(parents.slice(0, i + 1).join('/'))?.kind)
      if (above.some(kind => kind === 'opaque' || kind === 'whiteout')) return undefined
    }
    return undefined
  }

  get top(): string {
    return `/proc/self/fd/${this.upper?.fd}`
  }

  /** What the upper directory holds now. */
  upperNow(): Tree {
    return this.upper && this.#open.has(this.upper) ? treeOf(this.top) : this.#upperSeen
  }

  /** What has come into the upper directory, or has become something else, since it was last looked at. */
  takeNew(): readonly (readonly [string, Entry])[] {
    const now = this.upperNow()
    const before = this.#upperSeen
    this.#upperSeen = now
    return [...now].filter(([path, { kind, inode }]) => {
      const was = before.get(path)
      return was?.kind !== kind || was.inode !== inode
    })
  }

  /** A file that is in the upper directory as well as in a layer below, as a list of one; else of none. */
  copyAt(path: string): readonly (readonly [string, Entry])[] {
    const entry = this.#upperSeen.get(path)
    return entry?.kind === 'file' && this.below(path)?.entry.kind === 'file' ? [[path, entry]] : []
  }

  /** Takes note of what in the layers below is not what it was. @param byContents whether every byte is read */
  lookBelow(byContents: boolean): void {
    for (const [i, layer] of this.lower.entries()) {
      if (!layer || !this.#open.has(layer.held)) continue
      for (const path of layer.changed(byContents)) this.spoilt.add(`${path} of the layer ${this.names[i]}`)
    }
  }

  /** The contents of a file of the upper directory; `undefined` where there is none. */
  upperContents(path: string): string | undefined {
    const entry = this.upperNow().get(path)
    const isThere = entry?.kind === 'file' && this.upper && this.#open.has(this.upper)
    return isThere ? contentsOf(this.top, path, entry) : undefined
  }

  /** Whether a file that was copied up has become another than the one below. */
  differs(path: string): boolean {
    const [was, is] = [this.below(path)?.layer.contents.get(path), this.upperContents(path)]
    // Of what was too large to be read it is not known that it is another.
    return was !== undefined && is !== undefined && is !== was
  }

  /** Whether one of its directories was reached by a mount. */
  isHeldBy(mount: number | undefined): boolean {
    return [...this.#open].some(held => held.mount === mount)
  }

  /** Gives up the directories that were reached by a mount, which could not be taken off otherwise; or all of them. */
  release(mount?: number): void {
    for (const held of this.#open)
      if (mount === undefined || held.mount === mount) {
        this.#open.delete(held)
        closeSync(held.fd)
      }
  }
}
