/**
 * The lab that the reader works on: their file is watched, and checked whenever it is saved.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../lib/errors.ts'
import type { Lab } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import type { Proof } from '../labs/exercise.ts'
import { openTaskNumbers } from '../labs/tasks.ts'
import type { Observation } from '../observer/record.ts'
import type { LabReport } from '../report/report.ts'
import { type Attempt, attempt, type Outcome } from './attempt.ts'
import { type Standing, standing } from './mine/evidence.ts'
import { hangOf } from './mine/hints.ts'
import { copyOf, MINE, shown } from './mine/mine.ts'
import { type FileState, FileWatch } from './mine/watch-file.ts'
import { findTypeErrors } from './type-errors.ts'

/** After how many seconds the status says why a check may take so long. */
const LONG = 6
/** How many errors are shown of a text that does not compile. */
const MOST_ERRORS = 4

const exercisesOf = ({ slug }: Lab) => checkedLab(slug).exercises
/** A time of day; of another day with that. */
function clock(at: Date): string {
  const [day, time] = [at.toLocaleDateString('sv'), at.toLocaleTimeString('sv')]
  return day === new Date().toLocaleDateString('sv') ? time : `${day} ${time}`
}

/** A finished check. */
interface Judged {
  readonly report: LabReport
  /** The text that was judged. */
  readonly source: string
  /** What was seen of each task. */
  readonly proofs: readonly (Proof | null)[]
}

/** What a workbench reports. */
export interface Listener {
  /** What is shown has changed. */
  readonly changed: () => void
  /** A check has given a verdict. */
  readonly judged: (standing: Standing) => void
}

export class Workbench {
  readonly lab: Lab
  types: readonly string[] = []
  /** Who waits for what, if nobody moved any more in the last check. */
  stuck: string | undefined
  readonly #path: string
  readonly #timeout: number
  readonly #listener: Listener
  readonly #watch: FileWatch
  #file: FileState = { kind: 'gone' }
  #judged: Judged | undefined
  /** The errors of a text that does not compile. */
  #errors: readonly string[] = []
  /** When the last check began, and what it took. */
  #checked = ''
  #running: Attempt | undefined
  /** Counts the saves, so that results that belong to an earlier one are ignored. */
  #save = 0
  #since: number | undefined
  #stopTypes = () => {}
  #fault: string | undefined

  constructor(lab: Lab, timeout: number, listener: Listener) {
    this.lab = lab
    this.#path = copyOf(lab)
    this.#timeout = timeout
    this.#listener = listener
    this.#watch = new FileWatch(this.#path, state => void this.#saved(state))
  }

  open(): void {
    this.#watch.start()
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#watch.stop()
    this.#stopTypes()
    this.#save++
    await this.#endRunning()
  }

  async #endRunning(): Promise<void> {
    this.#running?.cancel()
    await this.#running?.outcome.catch(() => {})
  }

  async #saved(state: FileState): Promise<void> {
    const save = ++this.#save
    const began = performance.now()
    const savedAt = state.kind === 'text' ? clock(state.savedAt) : ''
    this.#file = state
    this.#stopTypes()
    this.types = []
    this.#errors = []
    this.stuck = undefined
    this.#since = state.kind === 'text' ? began : undefined
    this.#listener.changed()
    await this.#endRunning()
    if (save !== this.#save || state.kind !== 'text') return
    const outcome = await this.#check()
    if (save !== this.#save) return
    this.#since = undefined
    if (outcome?.kind === 'judged' && hangOf(outcome.report) === undefined) this.stuck = undefined
    this.#checked = `, saved ${savedAt}, checked in ${((performance.now() - began) / 1000).toFixed(1)} s`
    if (outcome?.kind === 'broken') this.#errors = outcome.errors
    if (outcome?.kind === 'judged')
      this.#take({ report: outcome.report, source: state.text, proofs: outcome.read as Judged['proofs'] })
    this.#listener.changed()
  }

  async #check(): Promise<Outcome | undefined> {
    // `null` for a task of which nothing was seen: JSON has no undefined.
    const read = (seen: Observation) => exercisesOf(this.lab).map(({ proof }) => proof?.(seen) ?? null)
    this.#running = attempt(this.lab, this.#path, {
      timeout: this.#timeout,
      read,
      stuck: text => this.#takeStuck(text),
    })
    try {
      this.#fault = undefined
      return await this.#running.outcome
    } catch (error) {
      this.#fault = describeError(error)
      return undefined
    }
  }

  #take(judged: Judged): void {
    this.#judged = judged
    if (this.standing) this.#listener.judged(this.standing)
    this.#stopTypes = findTypeErrors(this.#path, errors => {
      this.types = errors
      this.#listener.changed()
    })
  }

  /** Nobody in the program moves any more: that is told while it still hangs. */
  #takeStuck(text: string): void {
    this.stuck = text
    this.#listener.changed()
  }

  /** Whether a check is under way. */
  get isChecking(): boolean {
    return this.#since !== undefined
  }

  /** The text of the file, the last there was. */
  get source(): string | undefined {
    return this.#file.kind === 'text' ? this.#file.text : this.#judged?.source
  }

  get report(): LabReport | undefined {
    return this.#judged?.report
  }

  /** What is to be shown: while a check hangs, nothing of an earlier one. */
  get now(): Pick<Workbench, 'problem' | 'status' | 'standing' | 'report' | 'types' | 'stuck'> {
    const { problem, status, types, stuck } = this
    if (!this.isChecking || stuck === undefined) return this
    const source = this.source ?? ''
    return { problem, status, types, stuck, report: undefined, standing: standing(this.lab.slug, source, undefined) }
  }

  /** What hints are chosen by, besides the report. */
  get besides(): { readonly source?: string; readonly stuck?: string } {
    const { source, stuck } = this
    return { ...(source !== undefined && { source }), ...(stuck !== undefined && { stuck }) }
  }

  /** Where the reader stands: what was judged, or the open tasks alone as long as nothing was. */
  get standing(): Standing | undefined {
    const source = this.#judged?.source ?? this.source
    if (source === undefined) return undefined
    return standing(this.lab.slug, source, this.report, {
      proofs: this.#judged?.proofs ?? [],
      wrongLines: this.types.flatMap(text => Number(/^line (\d+):/.exec(text)?.[1] ?? [])),
    })
  }

  /** One line: what goes on. */
  get status(): string {
    const file = shown(this.#path)
    if (this.#since !== undefined) {
      const seconds = (performance.now() - this.#since) / 1000
      const long =
        seconds < LONG ? '' : ` of ${this.#timeout}. Does somebody wait for ever? Saving again ends this check`
      return `${file} is being checked: ${seconds.toFixed(1)} s${long}`
    }
    return file + this.#checked
  }

  /** What is wrong with the file itself, in sentences. */
  get problem(): string[] {
    const file = shown(this.#path)
    if (this.#file.kind === 'gone') {
      const [other] = this.#lookalikes()
      const renamed = `${other} looks like it: if you have renamed it, give it back its name`
      return [
        `${file} is not there any more.`,
        `${other === undefined ? 'Save it again in your editor' : renamed}; or w writes a new one, with all its tasks open.`,
      ]
    }
    if (this.#file.kind === 'empty')
      return [`${file} is empty. If it is being saved just now: as soon as there is something in it, it is checked.`]
    if (this.#file.kind === 'unreadable') return [`${file} cannot be read: ${this.#file.reason}.`]
    if (this.#fault !== undefined) return [`The check itself has failed: ${this.#fault}`, 'Save again to try it again.']
    if (this.#errors.length === 0) return []
    return ['This is no program yet, so nothing was run:', ...this.#errors.slice(0, MOST_ERRORS)]
  }

  get isGone(): boolean {
    return this.#file.kind === 'gone'
  }

  /** Other files in mine/ with tasks of this lab. */
  #lookalikes(): string[] {
    try {
      const others = readdirSync(MINE).filter(name => /\.ts$/.test(name) && !/\.\d+\.ts$/.test(name))
      const isOurs = (name: string) => {
        const text = readFileSync(join(MINE, name), 'utf8')
        const startsLab = text.includes(`startLab('${this.lab.slug}'`) || text.includes(`startLab("${this.lab.slug}"`)
        return startsLab || openTaskNumbers(text).some(number => number.startsWith(`${this.lab.number}.`))
      }
      return others.filter(isOurs).map(name => shown(join(MINE, name)))
    } catch {
      // ENOENT, EACCES
      return []
    }
  }
}
