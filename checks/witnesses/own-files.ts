/**
 * The files of `./fs` as they were before the program ran: what a shell runs from there is one of them, and has not been
 * written to since.
 */
import { type BigIntStats, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A file as it was. */
interface Known {
  /** Where it is below the root file system. */
  readonly path: string
  readonly changed: bigint
}

const identity = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`

/** All regular files below a directory, whose paths begin with `below`. */
function filesBelow(directory: string, below = ''): (readonly [string, Known])[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap(entry => {
    const path = join(below, entry.name)
    if (entry.isDirectory()) return filesBelow(directory, path)
    if (!entry.isFile()) return []
    const stat = statSync(join(directory, path), { bigint: true })
    return [[identity(stat), { path, changed: stat.ctimeNs }] as const]
  })
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
   * Whether a file, `/proc/PID/exe`, is one of them.
   * @throws Error ENOENT if it is gone
   */
  has(file: string): boolean {
    const stat = statSync(file, { bigint: true })
    const known = this.#known.get(identity(stat))
    if (!known) return false
    // Whoever changes its owner or its mode has not changed the program.
    return known.changed === stat.ctimeNs || readFileSync(file).equals(readFileSync(join(this.#original, known.path)))
  }
}
