/**
 * Giving hints one at a time, and from the beginning when something else is the matter.
 */
import type { LabReport } from '../report/report.ts'
import type { Standing } from './mine/evidence.ts'
import { hintsFor } from './mine/hints.ts'

export class Hinting {
  #given = 0
  /** What those that were given are for. */
  #subject = ''

  /** A verdict has come: of another task, or of another failure, nothing has been asked yet. */
  judged(at: Standing, report: LabReport | undefined): void {
    const subject = [at.current?.number, hintsFor(at, report)[0]].join()
    if (subject !== this.#subject) this.#given = 0
    this.#subject = subject
  }

  /** Somebody wants one more. @returns what to say where there is none */
  ask(at: Standing | undefined, report: LabReport | undefined): string {
    const hints = at ? hintsFor(at, report) : []
    if (hints.length === 0) return 'There is nothing to hint at.'
    if (this.#given >= hints.length) return 'These are all the hints there are; c reads the chapter.'
    this.#given++
    return ''
  }

  /** Those that were given, and how many there are. */
  shown(at: Standing | undefined, report: LabReport | undefined) {
    const hints = at ? hintsFor(at, report) : []
    return { hints: hints.slice(0, this.#given), hintCount: hints.length }
  }
}
