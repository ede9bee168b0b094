/**
 * The files of `./fs` as they were before the program ran: what a shell runs from there is one of them, and has not been
 * written to since.
 */
import { type BigIntStats, readdirSync, readFileSync, statSync } from 'node:fs'
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

/**
 * The files that a process has mapped as code, as links to them: `/proc/PID/map_files/…`. None where only root of the
 * machine may follow those, and the checker is somebody else.
 */
function mappedCode(tid: number): string[] {
  // 7f0c4e5a3000-7f0c4e5c9000 r-xp 00001000 08:01 1836 /lib/libc.so
  const lines = (readProc(tid, 'maps') ?? '').split('\n').map(line => line.split(/\s+/))
  const files = lines.flatMap(([range, rights = '', , , inode]) =>
    rights[2] === 'x' && inode !== '0' ? [`/proc/${tid}/map_files/${range?.replace(/\b0+(?=.)/g, '')}`] : [],
  )
  try {
    for (const file of files) statSync(file)
    return files
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return []
    throw error
  }
}

/** The files of one root file system. */
export class OwnFiles {
  readonly #known: ReadonlyMap<string, Known>
  readonly #original: string

  /**
   * @param directory where it is; nothing in it has been touched yet
   * @param original what it is a copy of, which the program cannot reach
   */
  constructor(directory: string, original: string) {
    this.#known = new Map(filesBelow(directory))
    this.#original = original
  }

  /**
   * Whether all the code of a process comes from them: its program, and what is mapped beside it, because a loader that is
   * one of them can load any program there is.
   * @param tid a thread of it
   * @throws Error ENOENT if it is gone
   */
  runBy(tid: number): boolean {
    return this.#has(`/proc/${tid}/exe`) && mappedCode(tid).every(file => this.#has(file))
  }

  #has(file: string): boolean {
    const stat = statSync(file, { bigint: true })
    const known = this.#known.get(identity(stat))
    if (!known) return false
    if (known.changed === stat.ctimeNs) return true
    // Whoever changes its owner or its mode has not changed the program.
    return known.size === stat.size && readFileSync(file).equals(readFileSync(join(this.#original, known.path)))
  }
}
