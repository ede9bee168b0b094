/**
 * Gives hints one at a time, and begins again when the failure is another one.
 */
import type { LabReport } from '../report/report.ts'
import type { Standing } from './mine/evidence.ts'
import { type Besides, hintsFor } from './mine/hints.ts'

export class Hinting {
  #given = 0
  /** The task and the failure that the given hints are for. */
  #subject = ''

  /** How often in a row the same failure has been seen. */
  #failures = 0
  #asks = false

  /** How often in a row a check has failed for the same reason. */
  get failures(): number {
    return this.#failures
  }

  /** Whether the reader is asked what they expect, before they are shown again what happened. */
  get isAsking(): boolean {
    return this.#asks
  }

  /** The reader has thought of it. */
  expects(): void {
    this.#asks = false
  }

  /** A verdict has come: for another task, or another failure, no hint has been given yet. */
  judged(at: Standing, report: LabReport | undefined, besides: Besides = {}): void {
    const subject = [at.current?.number, hintsFor(at, report, besides)[0]].join()
    const isSame = subject === this.#subject && at.failed !== undefined && at.current?.state !== 'open'
    this.#failures = isSame ? this.#failures + 1 : Number(at.failed !== undefined && at.current?.state !== 'open')
    this.#asks = this.#failures === 3
    if (subject !== this.#subject) this.#given = 0
    this.#subject = subject
  }

  /** The reader asks for one more hint. @returns what to say where there is none */
  ask(at: Standing | undefined, report: LabReport | undefined, besides: Besides = {}): string {
    const hints = at ? hintsFor(at, report, besides) : []
    if (hints.length === 0) return 'There is nothing to hint at.'
    if (this.#given >= hints.length) return 'These are all the hints there are; c reads the chapter.'
    this.#given++
    return ''
  }

  /** The hints that were given, and how many there are. */
  shown(at: Standing | undefined, report: LabReport | undefined, besides: Besides = {}) {
    const hints = at ? hintsFor(at, report, besides) : []
    return { hints: hints.slice(0, this.#given), hintCount: hints.length }
  }
}
