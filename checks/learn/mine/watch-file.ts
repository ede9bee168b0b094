/**
 * Following one file by looking at it again and again: that works on every file system, also on those that report
 * nothing.
 */
import { readFileSync, statSync } from 'node:fs'

/** What stands there. */
export type FileState =
  | { readonly kind: 'text'; readonly text: string; readonly savedAt: Date }
  | { readonly kind: 'gone' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** How often it is looked at, in milliseconds. */
const EVERY = 60
/** A file longer than that is not taken for a program, in bytes. */
const LONGEST = 1_000_000

/** One look: the state of the file, and a mark that changes when the file does. */
function look(path: string): { readonly state: FileState; readonly mark: string } {
  try {
    const { mtime, mtimeMs, size, ino } = statSync(path)
    if (size > LONGEST) return { state: { kind: 'unreadable', reason: `it has ${size} bytes` }, mark: `size ${size}` }
    const text = readFileSync(path, 'utf8')
    // The mark includes the text, because some file systems keep times in whole seconds.
    const mark = `${mtimeMs} ${ino} ${text}`
    return { state: text.trim() === '' ? { kind: 'empty' } : { kind: 'text', text, savedAt: mtime }, mark }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    const isGone = code === 'ENOENT' || code === 'ENOTDIR'
    return { state: isGone ? { kind: 'gone' } : { kind: 'unreadable', reason: code }, mark: code }
  }
}

/** Reports every save of one file, once two looks have found the same, so that an unfinished write is not reported. */
export class FileWatch {
  readonly #path: string
  readonly #tell: (state: FileState) => void
  #timer: NodeJS.Timeout | undefined
  #told: string | undefined
  #seen: string | undefined

  constructor(path: string, tell: (state: FileState) => void) {
    this.#path = path
    this.#tell = tell
  }

  /** Reports at once what is there. */
  start(): void {
    const { state, mark } = look(this.#path)
    this.#told = mark
    this.#seen = mark
    this.#tell(state)
    this.#timer = setInterval(() => this.#look(), EVERY)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { state, mark } = look(this.#path)
    const isSettled = mark === this.#seen
    this.#seen = mark
    if (!isSettled || mark === this.#told) return
    this.#told = mark
    this.#tell(state)
  }
}
