/**
 * What has been judged so far, written at once: a grading that is interrupted, or killed, goes on from there.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Mark } from './marks.ts'
import type { Submission } from './submissions.ts'

/** The file, beside the grades. */
const NAME = 'judged.jsonl'

/** All that is read of a submission, into a hash. */
function digestTree(path: string, into: ReturnType<typeof createHash>): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  into.update(`${path}\0${found?.mode ?? 'gone'}\0`)
  if (found?.isDirectory()) for (const name of readdirSync(path).sort()) digestTree(join(path, name), into)
  else if (found?.isFile()) into.update(readFileSync(path))
}

/** What a mark is for: who, which lab, and exactly what was handed in. */
function keyOf({ student, lab, source, program, problem }: Submission): string {
  const hash = createHash('sha256').update(JSON.stringify([student, lab.slug, program ?? null, problem ?? null]))
  try {
    digestTree(source, hash)
  } catch {
    // EACCES: then it is what could be read that counts.
  }
  return hash.digest('hex')
}

/** The journal of one folder of grades. */
export class Journal {
  readonly #file: string
  readonly #known = new Map<string, Mark>()

  constructor(out: string) {
    this.#file = join(out, NAME)
    // A line that was torn by a kill is ended, so that the next does not go on in it.
    appendFileSync(this.#file, '\n')
    for (const line of readFileSync(this.#file, 'utf8').split('\n').filter(Boolean)) {
      try {
        const { key, mark } = JSON.parse(line) as { readonly key: string; readonly mark: Mark }
        this.#known.set(key, mark)
      } catch {
        // The last line of a process that was killed while it wrote it.
      }
    }
  }

  /** The mark that a submission has got, if what was handed in is still the same. */
  find(submission: Submission): Mark | undefined {
    return this.#known.size === 0 ? undefined : this.#known.get(keyOf(submission))
  }

  /** Writes down a mark that is final. */
  note(submission: Submission, mark: Mark): void {
    if (mark.unjudged > 0 || mark.outcome === 'nothing to judge') return
    appendFileSync(this.#file, `${JSON.stringify({ key: keyOf(submission), mark })}\n`)
  }

  /** Nothing is open any more. */
  finish(): void {
    rmSync(this.#file, { force: true })
  }
}

/** Whether a folder holds grades that are not finished. */
export const isUnfinished = (out: string): boolean => existsSync(join(out, NAME))
