/**
 * Packing a directory as a layer of an OCI image: a tar archive, in which whiteouts and opaque directories of overlay
 * become files whose names begin with `.wh.`.
 */
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, rmSync, type Stats, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Header } from 'tar/header'
import { Pax } from 'tar/pax'
import { knowsFewUsers } from '../machine/self.ts'
import { type LayerEntry, layerEntries } from './whiteouts.ts'

const BLOCK = 512
/** The user who stands for all those that a user namespace does not know, /proc/sys/kernel/overflowuid. */
const NOBODY = 65_534

/** What a header says of one entry. */
type Fields = NonNullable<ConstructorParameters<typeof Pax>[0]>

/** An archive that is being written. */
class Archive {
  readonly #file: string
  readonly #fd: number
  /** Files with several names, by device and inode: the first name has the bytes. */
  readonly #names = new Map<string, string>()
  readonly #knowsFewUsers = knowsFewUsers()

  constructor(file: string) {
    this.#file = file
    this.#fd = openSync(file, 'w')
  }

  add(fields: Fields, contents: Uint8Array = Buffer.alloc(0)): void {
    const all = { ...fields, size: contents.length }
    const header = Buffer.alloc(BLOCK)
    // What has no room in the block, such as a long name, comes before it in one of its own.
    if (new Header(all).encode(header, 0)) this.#write(new Pax(all).encode())
    this.#write(header)
    this.#write(contents)
    this.#write(Buffer.alloc((BLOCK - (contents.length % BLOCK)) % BLOCK))
  }

  /** @returns whether it is something that a layer can have */
  addEntry(directory: string, { path, kind, stat }: LayerEntry): boolean {
    const place = join(directory, path)
    const fields = { ...this.#describe(stat), path }
    if (kind === 'whiteout') this.add({ ...fields, type: 'File', mode: 0o644, path: hidden(path) })
    else if (kind === 'link') this.add({ ...fields, type: 'SymbolicLink', linkpath: readlinkSync(place) })
    else if (kind === 'file') this.#addFile(place, fields, stat)
    else if (kind === 'other') return false
    else {
      this.add({ ...fields, type: 'Directory', path: `${path}/` })
      if (kind === 'opaque directory') this.add({ ...fields, type: 'File', mode: 0o644, path: `${path}/.wh..wh..opq` })
    }
    return true
  }

  #addFile(place: string, fields: Fields & { path: string }, stat: Stats): void {
    const key = `${stat.dev}:${stat.ino}`
    const first = stat.nlink > 1 ? this.#names.get(key) : undefined
    this.#names.set(key, first ?? fields.path)
    if (first === undefined) this.add({ ...fields, type: 'File' }, readFileSync(place))
    else this.add({ ...fields, type: 'Link', linkpath: first })
  }

  #describe({ mode, uid, gid, mtime }: Stats): Fields {
    const known = (id: number) => (this.#knowsFewUsers && id === NOBODY ? 0 : id)
    return { mode: mode & 0o7777, uid: known(uid), gid: known(gid), mtime }
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
  }

  /** Two empty blocks end an archive. */
  finish(): void {
    this.#write(Buffer.alloc(2 * BLOCK))
  }

  /** @param isWhole whether all is in it; half an archive is removed, unless what is written to is no file */
  close(isWhole: boolean): void {
    if (!isWhole && fstatSync(this.#fd).isFile()) rmSync(this.#file, { force: true })
    closeSync(this.#fd)
  }
}

/** `etc/motd` → `etc/.wh.motd`. */
const hidden = (path: string) => path.replace(/[^/]+$/, name => `.wh.${name}`)

function write(file: string, fill: (archive: Archive) => void): void {
  const archive = new Archive(file)
  let isWhole = false
  try {
    fill(archive)
    archive.finish()
    isWhole = true
  } finally {
    archive.close(isWhole)
  }
}

/**
 * Packs a directory as a layer: the upper directory of an overlay that is not mounted just now, or a whole root file system.
 * Whiteouts become `.wh.NAME`, opaque directories get a `.wh..wh..opq`. Devices, pipes and sockets are left out.
 * @param directory what is packed; names in the archive begin below it
 * @param file the archive, which is written anew; after a failure it is gone
 * @returns the paths that were left out
 * @throws Error ENOENT, EACCES, ENOSPC of node:fs
 */
export function packLayer(directory: string, file: string): string[] {
  const leftOut: string[] = []
  write(file, archive => {
    for (const entry of layerEntries(directory)) if (!archive.addEntry(directory, entry)) leftOut.push(entry.path)
  })
  return leftOut
}

/**
 * Writes a layer of a few text files, as they stand in an archive: `{ 'etc/motd': 'hello\n', 'etc/.wh.issue': '' }`.
 * @param file the archive, which is written anew
 * @param texts by path, in their order
 * @param directories what else is in it: empty directories, on which something can be mounted
 * @throws Error EACCES, ENOSPC of node:fs
 */
export function writeLayer(
  file: string,
  texts: Readonly<Record<string, string>>,
  directories: readonly string[] = [],
): void {
  const common = { uid: 0, gid: 0, mtime: new Date() }
  write(file, archive => {
    for (const name of directories) archive.add({ ...common, path: `${name}/`, type: 'Directory', mode: 0o755 })
    for (const [path, text] of Object.entries(texts))
      archive.add({ ...common, path, type: 'File', mode: 0o644 }, Buffer.from(text))
  })
}
