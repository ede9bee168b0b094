/**
 * A file that keeps what is known of the programs in each place, a line of JSON each, so that a run that was interrupted
 * goes on where it was.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../lib/machine/root.ts'
import type { Result } from './judge-all.ts'
import { SPECIMENS, type Specimen } from './table.ts'

interface Line extends Result {
  readonly place: string
  /** Of the program's text and of what the table says of it: whatever has changed since is not known. */
  readonly digest: string
}

function digest({ path, refusedBy }: Specimen): string {
  const text = readFileSync(join(ROOT, 'checks', path), 'utf8')
  return createHash('sha256')
    .update(JSON.stringify([text, refusedBy]))
    .digest('hex')
    .slice(0, 16)
}

const isUpToDate = (line: Line) =>
  SPECIMENS.some(specimen => specimen.path === line.path && digest(specimen) === line.digest)

/** What is known of the programs of one place. */
export class Known {
  readonly #place: string
  readonly #file: string | undefined
  readonly #results = new Map<string, Result>()

  /** @param file where it is kept; without one, for this run alone */
  constructor(place: string, file: string | undefined) {
    this.#place = place
    this.#file = file
    const text = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
    const lines = text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Line]))
    for (const line of lines) if (line.place === place && isUpToDate(line)) this.#results.set(line.path, line)
  }

  /** Whether a program got the verdict that the table names. Any other is worth another try. */
  isAsNamed(path: string): boolean {
    return this.#results.get(path)?.kind === 'as named'
  }

  add(result: Result): void {
    this.#results.set(result.path, result)
    const specimen = SPECIMENS.find(({ path }) => path === result.path)
    if (this.#file === undefined || !specimen) return
    const line: Line = { place: this.#place, ...result, digest: digest(specimen) }
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  results(): readonly Result[] {
    return [...this.#results.values()]
  }
}
