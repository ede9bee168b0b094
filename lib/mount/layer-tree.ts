/**
 * The directory that a layer is unpacked into. Names and links of the archive never lead out of it: each directory on the
 * way to an entry is looked at, and has to be one.
 */
import {
  chmodSync,
  closeSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ReadEntry } from 'tar/read-entry'
import { CannotRun, UsageError } from '../errors.ts'
import { isOurs, machineName, OUR_MACHINE, readElf } from '../machine/elf.ts'
import { knowsFewUsers } from '../machine/self.ts'
import { isWhiteout, makeOpaque, makeWhiteout } from './whiteouts.ts'

/** How the name of a mark begins. */
const WHITEOUT = '.wh.'
/** The mark that makes its directory opaque. Others that begin so are notes of an older union file system. */
const OPAQUE = '.wh..wh..opq'
const NOTE = '.wh..wh.'
const PERMISSIONS = 0o7777

const NEVER = new Date(0)
/** Whether a number fits the 32 bits that the kernel has for an owner. */
const isWord = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1

/** A file of a layer that is being written. */
export interface LayerFile {
  write(chunk: Uint8Array): void
  finish(): void
}

/** What of the archive describes one entry. */
type Entry = Pick<ReadEntry, 'path' | 'type' | 'mode' | 'uid' | 'gid' | 'linkpath' | 'mtime' | 'size'>

/** One tree. */
export class LayerTree {
  readonly #archive: string
  readonly #top: string
  readonly #knowsFewUsers = knowsFewUsers()
  /** Directories, with the time that they get once all is in them. */
  readonly #times: (readonly [string, Date])[] = []
  #open: number | undefined

  /** @param archive its name in errors */
  constructor(archive: string, directory: string) {
    this.#archive = archive
    this.#top = directory
  }

  #refuse(path: string, why: string): UsageError {
    return new UsageError(
      `${this.#archive} is refused: ${path} ${why}\nhint: no tool that makes images writes that; get the archive from elsewhere`,
    )
  }

  /** The words of a path in the archive. @throws UsageError if it is absolute or leads upwards */
  #wordsOf(path: string): string[] {
    if (path.startsWith('/') || path.includes('\0')) throw this.#refuse(path, 'is an absolute path')
    const words = path.split('/').filter(word => word !== '' && word !== '.')
    if (words.includes('..')) throw this.#refuse(path, 'leads out of the layer')
    return words
  }

  /** The place of a path in the directory, with the directories above it. @throws UsageError if one of them is a link */
  #placeFor(path: string): string {
    const words = this.#wordsOf(path)
    let here = this.#top
    for (const word of words.slice(0, -1)) {
      here = join(here, word)
      const stat = lstatSync(here, { throwIfNoEntry: false })
      if (stat && !stat.isDirectory() && !isWhiteout(here, stat))
        throw this.#refuse(path, `goes through ${word}, which is no directory of this layer`)
      this.#ensureDirectory(path, here)
    }
    return words.length === 0 ? this.#top : join(here, words.at(-1) as string)
  }

  /**
   * Makes what an entry says.
   * @returns takes the bytes of a file
   * @throws UsageError where it would lead out, or is something that no layer may have
   */
  place(entry: Entry): LayerFile | undefined {
    const { mode = 0, uid = 0, gid = 0, mtime = NEVER } = entry
    // A header may say them as text, and as any text.
    if (![mode, uid, gid].every(isWord) || Number.isNaN(mtime.getTime()))
      throw this.#refuse(entry.path, 'has an owner, permissions or a time that are no numbers')
    const place = this.#placeFor(entry.path)
    const name = basename(entry.path)
    if (name.startsWith(WHITEOUT) && entry.type !== 'Directory') this.#mark(entry.path, place, name)
    else if (entry.type === 'Directory' || entry.type === 'GNUDumpDir') this.#makeDirectory(entry, place)
    else if (place === this.#top) throw this.#refuse(entry.path, 'is not a directory')
    else return this.#makeOther(entry, place)
    return undefined
  }

  #mark(path: string, place: string, name: string): void {
    const hidden = name.slice(WHITEOUT.length)
    if (name === OPAQUE) makeOpaque(dirname(place))
    else if (name.startsWith(NOTE)) return
    else if (['', '.', '..'].includes(hidden)) throw this.#refuse(path, 'removes no name')
    else {
      this.#hideBelow(join(dirname(place), hidden))
    }
  }

  /**
   * Hides what lower layers have of a name. What this layer itself has of it stays, whichever of the two comes first in
   * the archive: a file hides the same as a whiteout does, a directory when it is opaque.
   */
  #hideBelow(place: string): void {
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat?.isDirectory()) makeOpaque(place)
    else if (!stat) makeWhiteout(place)
  }

  /** Makes a directory where there is none yet. Where a whiteout of this layer is, it becomes an opaque one. */
  #ensureDirectory(path: string, place: string): void {
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat?.isDirectory()) return
    this.#clear(path, place)
    mkdirSync(place, 0o755)
    if (stat && isWhiteout(place, stat)) makeOpaque(place)
  }

  #makeDirectory(entry: Entry, place: string): void {
    this.#ensureDirectory(entry.path, place)
    this.#describe(entry, place)
    if (entry.mtime) this.#times.push([place, entry.mtime])
  }

  /** Removes what an earlier entry of that name has made: of two the later one counts. */
  #clear(path: string, place: string): void {
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat?.isDirectory()) throw this.#refuse(path, 'stands for a directory and for something else')
    if (stat) rmSync(place)
  }

  #makeOther(entry: Entry, place: string): LayerFile | undefined {
    const { type, path, linkpath = '' } = entry
    this.#clear(path, place)
    if (type === 'SymbolicLink') {
      this.#checkLink(path, linkpath)
      symlinkSync(linkpath, place)
      this.#describe(entry, place)
    } else if (type === 'Link') this.#makeHardLink(path, linkpath, place)
    else if (type === 'File' || type === 'OldFile' || type === 'ContiguousFile') return this.#makeFile(entry, place)
    else throw this.#refuse(path, `is a ${type}: a layer here has files, directories and links alone`)
    return undefined
  }

  /** An absolute link begins at the root of whoever follows it. A relative one must not climb above the top of the tree. */
  #checkLink(path: string, target: string): void {
    if (target === '' || target.includes('\0')) throw this.#refuse(path, 'is a link to nothing')
    if (target.startsWith('/')) return
    let depth = this.#wordsOf(path).length - 1
    for (const word of target.split('/')) {
      if (word === '..') depth--
      else if (word !== '' && word !== '.') depth++
      if (depth < 0) throw this.#refuse(path, `is a link out of the layer, to ${target}`)
    }
  }

  #makeHardLink(path: string, target: string, place: string): void {
    const source = this.#placeFor(target)
    if (!lstatSync(source, { throwIfNoEntry: false })?.isFile())
      throw this.#refuse(path, `is a hard link to ${target}, which is no file of this layer`)
    linkSync(source, place)
  }

  #makeFile(entry: Entry, place: string): LayerFile {
    // Exclusively: whatever is there is not written to.
    const fd = openSync(place, 'wx', 0o600)
    this.#open = fd
    return {
      write: chunk => {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at)
      },
      finish: () => {
        this.#closeFile()
        this.#describe(entry, place)
        this.#checkProcessor(entry, place)
      },
    }
  }

  /** Owner, permissions and time. The owner first: a change of it takes set-user-ID bits away. */
  #describe({ type, mode = 0o644, uid = 0, gid = 0, mtime }: Entry, place: string): void {
    if (process.geteuid?.() === 0) this.#give(place, uid, gid)
    if (type !== 'SymbolicLink') chmodSync(place, mode & PERMISSIONS)
    if (mtime && type !== 'Directory') lutimesSync(place, mtime, mtime)
  }

  /** A user namespace knows few users: what belongs to another one becomes root's. */
  #give(place: string, uid: number, gid: number): void {
    try {
      lchownSync(place, uid, gid)
    } catch (error) {
      if (!this.#knowsFewUsers || (error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    }
  }

  #checkProcessor({ path, mode = 0, size }: Entry, place: string): void {
    if ((mode & 0o111) === 0 || size === 0) return
    const elf = readElf(place)
    if (elf && !isOurs(elf))
      throw new CannotRun(
        `${this.#archive} is for another processor: its ${path} is for ${machineName(elf.machine)}, and this machine is ${OUR_MACHINE}\n` +
          `hint: get the image for ${OUR_MACHINE} (docker pull --platform), or start it in npm run vm -- --arch`,
      )
  }

  #closeFile(): void {
    if (this.#open !== undefined) closeSync(this.#open)
    this.#open = undefined
  }

  /** Closes a file that was being written, and gives directories their times. */
  close(): void {
    this.#closeFile()
    for (const [place, time] of this.#times.splice(0).reverse()) lutimesSync(place, time, time)
  }
}
