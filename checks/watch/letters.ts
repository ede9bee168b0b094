/**
 * A letter and a colour for each namespace. They stay the same while the picture is watched: an inode that comes again
 * is the same namespace, or another one that has got its number.
 */
import { chalk } from '../../lib/lab/colour.ts'
import type { NamespaceKind, Namespaces } from '../../lib/namespaces.ts'
import { KINDS, type Process } from './facts.ts'

const COLOURS = [chalk.cyan, chalk.yellow, chalk.magenta, chalk.green, chalk.blueBright, chalk.redBright] as const
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A namespace that is not the watcher's own. */
export interface Lettered {
  readonly kind: NamespaceKind
  readonly inode: number
  readonly letter: string
  readonly paint: (text: string) => string
}

export class Letters {
  readonly #known = new Map<string, Lettered>()
  readonly #own: Namespaces

  /** @param own the watcher's own namespaces, which get no letter */
  constructor(own: Namespaces) {
    this.#own = own
  }

  /** The letter and colour of a namespace; `undefined` for one of the watcher's own. */
  of(kind: NamespaceKind, inode: number): Lettered | undefined {
    if (this.#own[kind] === inode) return undefined
    const key = `${kind}:${inode}`
    const number = this.#known.size
    const made = () => ({
      kind,
      inode,
      letter: LETTERS[number % LETTERS.length] ?? '?',
      paint: COLOURS[number % COLOURS.length] ?? chalk.cyan,
    })
    const found = this.#known.get(key) ?? made()
    this.#known.set(key, found)
    return found
  }

  /** The namespaces that these processes live in, in the order of their letters. */
  legend(processes: readonly Process[]): Lettered[] {
    const all = processes.flatMap(({ namespaces }) =>
      namespaces ? KINDS.flatMap(kind => this.of(kind, namespaces[kind]) ?? []) : [],
    )
    return [...this.#known.values()].filter(one => all.includes(one))
  }
}
