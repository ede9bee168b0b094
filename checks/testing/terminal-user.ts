/**
 * For tests: a user at a terminal.
 */
import assert from 'node:assert/strict'
import { readSync, writeSync } from 'node:fs'
import { until } from '../../lib/machine/until.ts'

/** A user at a terminal: what they type, and what they see. */
export class TerminalUser {
  seen = ''
  readonly #master: number

  constructor(master: number) {
    this.#master = master
  }

  type(text: string): void {
    writeSync(this.#master, text)
  }

  /** Waits until a text has appeared, and forgets what came before it and itself. */
  sees(pattern: RegExp): void {
    const comes = until(() => {
      this.#read()
      return pattern.test(this.seen)
    }, 60)
    assert.ok(comes, `${pattern} is not in ${JSON.stringify(this.seen)}`)
    this.seen = this.seen.replace(new RegExp(`[^]*?${pattern.source}`), '')
  }

  #read(): void {
    try {
      const buffer = Buffer.alloc(65536)
      this.seen += buffer.toString('utf8', 0, readSync(this.#master, buffer))
    } catch (error) {
      assert.match((error as NodeJS.ErrnoException).code ?? '', /^(EAGAIN|EIO)$/)
    }
  }
}
