/**
 * Unpacking a layer of an OCI image: a tar archive, in which an empty file `.wh.NAME` stands for "NAME is removed". What
 * the archive says is not believed: nothing is written outside of the directory, no device is made, and it ends at a bound.
 */
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { Parser } from 'tar/parse'
import type { ReadEntry } from 'tar/read-entry'
import { CannotRun, UsageError } from '../errors.ts'
import { LayerTree } from './layer-tree.ts'

/** How much a layer may hold. */
export interface LayerBounds {
  /** Bytes of all its files together. */
  readonly bytes: number
  readonly entries: number
}

/** What is enough for the root file systems of these labs. */
export const LAYER_BOUNDS: LayerBounds = { bytes: 256_000_000, entries: 100_000 }

/** Packed, it may become a thousand times as much at once. */
const CHUNK = 16_384

/** Puts what is read of an archive into a tree, and counts. */
class Unpacking {
  readonly #archive: string
  readonly #tree: LayerTree
  readonly #bounds: LayerBounds
  #bytes = 0
  #entries = 0
  failure: Error | undefined
  /** Whether the blocks were seen that end an archive: what comes behind them is no part of it, however much it is. */
  isOver = false

  constructor(archive: string, directory: string, bounds: LayerBounds) {
    this.#archive = archive
    this.#tree = new LayerTree(archive, directory)
    this.#bounds = bounds
  }

  /** An exception would not come through the parser: it is kept for {@link unpackLayer}. */
  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error))
  }

  take(entry: ReadEntry): void {
    try {
      if (!this.failure) this.#place(entry)
    } catch (error) {
      this.fail(error)
    }
    // Whatever nobody reads holds up the rest.
    entry.resume()
  }

  #place(entry: ReadEntry): void {
    this.#bytes += entry.size
    this.#entries++
    // By what the header says, before any of it is written.
    if (this.#bytes > this.#bounds.bytes)
      throw new UsageError(
        `${this.#archive} unpacks to more than ${this.#bounds.bytes / 1e6} MB (at ${entry.path}), the bound of a layer here\n` +
          'hint: take a smaller image, such as that of alpine or busybox',
      )
    if (this.#entries > this.#bounds.entries)
      throw new UsageError(
        `${this.#archive} has more than ${this.#bounds.entries} entries, the bound of a layer here\nhint: take a smaller image`,
      )
    const file = this.#tree.place(entry)
    if (!file) return
    entry.on('data', chunk => this.#try(() => file.write(chunk)))
    entry.on('end', () => this.#try(() => file.finish()))
  }

  #try(action: () => void): void {
    try {
      if (!this.failure) action()
    } catch (error) {
      this.fail(error)
    }
  }

  close(): void {
    this.#tree.close()
  }
}

/** What an error of the parser is to a reader. */
const broken = (archive: string, error: Error) =>
  new UsageError(
    `${archive} is no whole tar archive: ${error.message}\nhint: get it again; a layer is a tar file, plain or packed by gzip`,
  )

function feed(fd: number, parser: Parser, unpacking: Unpacking): void {
  const chunk = Buffer.alloc(CHUNK)
  for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
    parser.write(Buffer.from(chunk.subarray(0, size)))
    if (unpacking.failure || unpacking.isOver) return
  }
  parser.end()
}

function open(archive: string): number {
  try {
    if (!statSync(archive).isFile())
      throw new UsageError(`${archive} is no file\nhint: a layer is a tar archive, plain or packed by gzip`)
    return openSync(archive, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UsageError(`the layer ${archive} cannot be read (${code})\nhint: name a tar archive that you may read`)
  }
}

/**
 * Unpacks a layer into a directory, as one of the lower directories of an overlay: `.wh.NAME` becomes a whiteout,
 * `.wh..wh..opq` makes its directory opaque. Owners and permissions are kept as far as the calling process may give them,
 * times are too, extended attributes are not. Synchronous: everything happens in the thread, and so in the mount
 * namespace, of the caller.
 * @param archive a tar file, plain or packed by gzip
 * @param directory an empty directory
 * @param bounds in bytes and entries
 * @throws UsageError (exit code 2) where it is broken, would write outside of the directory, has a device, or is too large;
 *   CannotRun where its programs are for another processor; Error of node:fs (ENOSPC)
 */
export function unpackLayer(archive: string, directory: string, bounds: LayerBounds = LAYER_BOUNDS): void {
  const fd = open(archive)
  const unpacking = new Unpacking(archive, directory, bounds)
  try {
    const parser = new Parser({ strict: true, onReadEntry: entry => unpacking.take(entry) })
    parser.on('error', error => unpacking.fail(broken(archive, error)))
    parser.on('eof', () => {
      unpacking.isOver = true
    })
    feed(fd, parser, unpacking)
  } finally {
    closeSync(fd)
    unpacking.close()
  }
  const { failure } = unpacking
  if (!failure) return
  if ((failure as NodeJS.ErrnoException).code === 'ENOSPC')
    throw new CannotRun(
      `${archive} does not fit into ${directory}\nhint: take a smaller image, or make more room there`,
    )
  throw failure
}

/**
 * Unpacks some layers, each into a new directory below the working one.
 * @param archives the path of each by the name of its directory; `undefined` stands for no layer
 * @returns the names, in their order: with the uppermost layer first they are the lower directories of an overlay
 * @throws as {@link unpackLayer}; Error EEXIST of node:fs
 */
export function unpackLayers(archives: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(archives).flatMap(([name, archive]) => {
    if (archive === undefined) return []
    mkdirSync(name)
    unpackLayer(archive, name)
    return [name]
  })
}
