/**
 * Predicting: the questions of a lab, then a check of the lab's own program, then the answers beside what the kernel
 * did.
 */
import { join } from 'node:path'
import type { Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { checkedLab } from '../labs/all.ts'
import type { Observation } from '../observer/record.ts'
import { type Attempt, attempt } from './attempt.ts'
import type { Prediction } from './mine/progress.ts'
import { type Page, paragraph, type Size } from './pages/page.ts'
import { Quiz } from './quiz.ts'

/** The program that a lab is, in the checkout. */
export const ownProgram = ({ slug }: Lab): string => join(ROOT, 'labs', `${slug}.ts`)

/** The result of the questions and the run. */
export interface Predicted {
  readonly predictions: readonly Prediction[]
  /** Whether anything was answered. */
  readonly hasAnswers: boolean
  /** Why the kernel's part was not seen, if it was not. */
  readonly remark: string
}

export class Predicting {
  readonly #lab: Lab
  readonly #timeout: number
  readonly #quiz: Quiz
  readonly #done: (predicted: Predicted) => void
  #run: Attempt | undefined
  #since = 0
  #isCancelled = false

  /** @param done is called with the result, once */
  constructor(lab: Lab, timeout: number, done: (predicted: Predicted) => void) {
    this.#lab = lab
    this.#timeout = timeout
    this.#quiz = new Quiz(lab)
    this.#done = done
  }

  /** Whether the lab's program runs. */
  get isRunning(): boolean {
    return this.#run !== undefined
  }

  key(key: string): void {
    if (this.isRunning) return
    this.#quiz.key(key)
    if (this.#quiz.isOver) void this.#answer()
  }

  /** Ends what is under way; `done` is then not called any more. */
  async cancel(): Promise<void> {
    this.#isCancelled = true
    this.#run?.cancel()
    await this.#run?.outcome.catch(() => {})
  }

  async #answer(): Promise<void> {
    const { hasAnswers } = this.#quiz
    const { read, remark } = hasAnswers ? await this.#askKernel() : { read: [], remark: '' }
    if (!this.#isCancelled) this.#done({ predictions: this.#quiz.predictions(read), hasAnswers, remark })
  }

  async #askKernel(): Promise<{ readonly read: readonly unknown[]; readonly remark: string }> {
    const { slug } = this.#lab
    this.#since = performance.now()
    // `null` for what could not be seen: JSON has no undefined.
    const read = (seen: Observation) => checkedLab(slug).questions.map(({ truth }) => truth(seen) ?? null)
    this.#run = attempt(this.#lab, ownProgram(this.#lab), { timeout: this.#timeout, read })
    const outcome = await this.#run.outcome.catch(() => undefined)
    if (outcome?.kind !== 'judged') return { read: [], remark: 'The lab could not be run.' }
    const { missing, remedy } = outcome.report
    const why = `The lab cannot be run here: ${missing}${remedy ? ` (${remedy})` : ''}`
    return { read: outcome.read, remark: missing === undefined ? '' : why }
  }

  page(size: Size): Page {
    if (!this.isRunning) return this.#quiz.page(size)
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1)
    const text = `Now labs/${this.#lab.slug}.ts runs, and the kernel is watched: ${seconds} s`
    return { head: [], body: ['', ...paragraph(text, size.columns - 1, one => one, ' ')], foot: [] }
  }
}
