/**
 * The files of `./fs` as they were before the program ran: what a shell runs from there is one of them, and has not been
 * written to since.
 */
import { type BigIntStats, closeSync, constants, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readProc } from '../../../lib/trace/proc.ts'

/** A file as it was. */
interface Known {
  /** Where it is below the root file system. */
  readonly path: string
  readonly changed: bigint
  readonly size: bigint
}

const identity = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`

/** All regular files below a directory, whose paths begin with `below`. */
function filesBelow(directory: string, below = ''): (readonly [string, Known])[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap(entry => {
    const path = join(below, entry.name)
    if (entry.isDirectory()) return filesBelow(directory, path)
    if (!entry.isFile()) return []
    const stat = statSync(join(directory, path), { bigint: true })
    return [[identity(stat), { path, changed: stat.ctimeNs, size: stat.size }] as const]
  })
}

/** A file that a process has mapped as code. */
interface Mapped {
  readonly identity: string
  /** A link to it, `/proc/PID/map_files/…`, which only root of the machine may follow. */
  readonly link: string
}

/** A device as stat(2) has it, from its two numbers in hexadecimal digits. @see makedev(3) */
function deviceOf(text: string): bigint {
  const [major = 0n, minor = 0n] = text.split(':').map(digits => BigInt(`0x${digits}`))
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn)
}

/** The files that a process has mapped as code. */
function mappedCode(tid: number): Mapped[] {
  // 7f0c4e5a3000-7f0c4e5c9000 r-xp 00001000 08:01 1836 /lib/libc.so
  const lines = (readProc(tid, 'maps') ?? '').split('\n').map(line => line.split(/\s+/))
  return lines.flatMap(([range = '', rights = '', , device = '', inode = '0']) =>
    rights[2] === 'x' && inode !== '0'
      ? [
          {
            identity: `${deviceOf(device)}:${inode}`,
            link: `/proc/${tid}/map_files/${range.replace(/\b0+(?=.)/g, '')}`,
          },
        ]
      : [],
  )
}

/** The files of one root file system. */
export class OwnFiles {
  readonly #known: ReadonlyMap<string, Known>
  readonly #original: string
  /** The directory itself, wherever it is moved. */
  readonly #directory: number
  readonly #mayFollow: boolean

  /**
   * @param directory where it is; nothing in it has been touched yet
   * @param original what it is a copy of, which the program cannot reach
   * @param mayFollow whether links to mapped files are followed, if this process may do that
   */
  constructor(directory: string, original: string, mayFollow = true) {
    this.#known = new Map(filesBelow(directory))
    this.#original = original
    this.#directory = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
    this.#mayFollow = mayFollow
  }

  /**
   * Whether all the code of a process comes from them: its program, and what is mapped beside it, because a loader that is
   * one of them can load any program there is.
   * @param tid a thread of it
   * @throws Error ENOENT if it is gone
   */
  runBy(tid: number): boolean {
    return this.#has(`/proc/${tid}/exe`) && mappedCode(tid).every(mapped => this.#hasMapped(mapped))
  }

  /** By its link; and where that may not be followed, by its device and inode, and by what is at its place now. */
  #hasMapped({ identity: wanted, link }: Mapped): boolean {
    try {
      if (this.#mayFollow) return this.#has(link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    }
    const known = this.#known.get(wanted)
    const place = known && join(`/proc/self/fd/${this.#directory}`, known.path)
    const stat = place === undefined ? undefined : statSync(place, { bigint: true, throwIfNoEntry: false })
    return place !== undefined && stat !== undefined && identity(stat) === wanted && this.#has(place)
  }

  #has(file: string): boolean {
    const stat = statSync(file, { bigint: true })
    const known = this.#known.get(identity(stat))
    if (!known) return false
    if (known.changed === stat.ctimeNs) return true
    // Whoever changes its owner or its mode has not changed the program.
    return known.size === stat.size && readFileSync(file).equals(readFileSync(join(this.#original, known.path)))
  }

  /** Gives up the directory. */
  close(): void {
    closeSync(this.#directory)
  }
}
