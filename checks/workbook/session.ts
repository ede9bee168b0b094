/**
 * A sitting with the workbook: which page is shown, and what each key does on it. It draws nothing itself.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../lib/errors.ts'
import { LABS, type Lab } from '../../lib/manifest.ts'
import { ROOT } from '../../lib/root.ts'
import { truths } from '../questions.ts'
import { type Attempt, attempt } from './attempt.ts'
import { comparePage } from './compare.ts'
import type { Standing } from './evidence.ts'
import { hintsFor } from './hints.ts'
import { listPage } from './list-page.ts'
import { mainPage } from './main-page.ts'
import { copyOf, shown, writeCopy } from './mine.ts'
import { mostScrolled, type Page, paragraph, type Size } from './page.ts'
import { type Progress, type Read, recordPredictions, recordStart, recordTasks } from './progress.ts'
import { comparisonPage, Quiz } from './quiz.ts'
import { Workbench } from './workbench.ts'

/** What a session asks of whoever shows it. */
export interface Stage {
  /** Something has changed; or only the time has gone on. */
  readonly redraw: (isNews: boolean) => void
  /** The reader wants to run their program, or read the chapter, at the whole terminal. */
  readonly run: (what: 'program' | 'chapter', lab: Lab) => void
  readonly quit: () => void
}

type Shown = 'main' | 'list' | 'quiz' | 'truth' | 'predictions' | 'compare'

const ownProgram = ({ slug }: Lab) => join(ROOT, 'labs', `${slug}.ts`)

/** The lab to go on with: the one worked on last, unless that is done, else the first that is not. */
export function labToGoOn({ current, labs }: Progress): Lab {
  const isOpen = ({ slug }: Lab) => labs[slug]?.done === undefined
  const last = LABS.find(({ slug }) => slug === current)
  return (last && isOpen(last) ? last : (LABS.find(isOpen) ?? last ?? LABS[0])) as Lab
}

export class Session {
  readonly #stage: Stage
  readonly #timeout: number
  #progress: Progress
  #lab: Lab
  #shown: Shown = 'main'
  #bench: Workbench | undefined
  #quiz: Quiz | undefined
  #truth: Attempt | undefined
  #truthSince = 0
  /** Why the kernel's answers were not seen. */
  #remark = ''
  #message: string
  #scrolled = 0
  #hintsShown = 0
  /** What the hints that are shown are for. */
  #hintsFor = ''
  #isSure = false
  /** Whether a verdict has been shown since the lab was gone to: what was said before it has been read by then. */
  #judgedBefore = false

  /** @param first what has to be said at the start */
  constructor(lab: Lab, { progress, warning }: Read, timeout: number, stage: Stage, first = '') {
    this.#lab = lab
    this.#progress = progress
    this.#timeout = timeout
    this.#stage = stage
    this.#message = warning ?? first
  }

  get lab(): Lab {
    return this.#lab
  }

  /** What to say when all is over. */
  get farewell(): string {
    const at = this.#bench?.standing
    const done = at?.tasks.filter(({ state }) => state === 'done').length
    const tasks = at && done !== undefined ? `: ${done} of ${at.tasks.length} tasks done` : ''
    return `${shown(copyOf(this.#lab))}${tasks}. npm run learn goes on from here.`
  }

  /** Whether time alone changes what is to be seen. */
  get isBusy(): boolean {
    return (this.#bench?.isChecking ?? false) || this.#truth !== undefined
  }

  start(): void {
    void this.#goTo(this.#lab)
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#truth?.cancel()
    await this.#truth?.outcome.catch(() => {})
    await this.#bench?.close()
  }

  async #goTo(lab: Lab): Promise<void> {
    if (this.#bench || this.#truth) await this.close()
    this.#bench = undefined
    this.#lab = lab
    this.#scrolled = this.#hintsShown = 0
    this.#judgedBefore = false
    this.#record(() => recordStart(lab.slug))
    if (this.#progress.labs[lab.slug]?.predictions) this.#work()
    else this.#ask()
    this.#stage.redraw(true)
  }

  #record(write: () => Read): void {
    try {
      const { progress, warning } = write()
      this.#progress = progress
      if (warning !== undefined) this.#message = warning
    } catch (error) {
      this.#message = describeError(error)
    }
  }

  #ask(): void {
    this.#quiz = new Quiz(this.#lab)
    this.#shown = 'quiz'
  }

  /** Compares the answers with what the lab's own program has the kernel do. */
  async #answer(quiz: Quiz): Promise<void> {
    this.#remark = ''
    let read: readonly unknown[] = []
    if (quiz.hasAnswers) {
      this.#shown = 'truth'
      this.#truthSince = performance.now()
      const { slug } = this.#lab
      this.#truth = attempt(this.#lab, ownProgram(this.#lab), {
        timeout: this.#timeout,
        read: seen => truths(slug, seen),
      })
      this.#stage.redraw(true)
      const outcome = await this.#truth.outcome.catch(() => undefined)
      if (this.#quiz !== quiz) return
      this.#truth = undefined
      if (outcome?.kind === 'judged') {
        read = outcome.read
        const { missing, remedy } = outcome.report
        if (missing !== undefined)
          this.#remark = `The lab cannot be run here: ${missing}${remedy ? ` (${remedy})` : ''}`
      }
    }
    this.#quiz = undefined
    this.#record(() => recordPredictions(quiz.lab.slug, quiz.predictions(read)))
    if (quiz.hasAnswers) this.#shown = 'predictions'
    else this.#work()
    this.#stage.redraw(true)
  }

  /** Goes to the reader's file. */
  #work(): void {
    this.#shown = 'main'
    this.#scrolled = 0
    if (this.#bench) return
    try {
      if (writeCopy(this.#lab)) this.#message = `${shown(copyOf(this.#lab))} is written: open it in your editor.`
    } catch (error) {
      this.#message = describeError(error)
    }
    this.#bench = new Workbench(this.#lab, this.#timeout, {
      changed: () => this.#stage.redraw(true),
      judged: at => this.#judged(at),
    })
    this.#bench.open()
  }

  #judged(at: Standing): void {
    const done = at.tasks.filter(({ state }) => state === 'done').length
    if (this.#judgedBefore) this.#message = ''
    this.#judgedBefore = true
    this.#record(() => recordTasks(this.#lab.slug, done, at.isDone))
    // Of others than those that were shown nothing has been asked for yet.
    const key = [at.current?.number, hintsFor(at, this.#bench?.report)[0]].join()
    if (key !== this.#hintsFor) this.#hintsShown = 0
    this.#hintsFor = key
  }

  /** A key by its name, or as the character that it is. */
  key(key: string): void {
    if (key === 'ctrl-c' || key === 'ctrl-d' || key === 'q') {
      this.#stage.quit()
      return
    }
    if (!this.#scroll(key)) this.#keyOf(key)
    this.#stage.redraw(true)
  }

  #scroll(key: string): boolean {
    const step = { up: -1, down: 1, 'page-up': -12, 'page-down': 12 }[key]
    if (step === undefined) return false
    this.#scrolled = Math.max(0, this.#scrolled + step)
    return true
  }

  #keyOf(key: string): void {
    const wasSure = this.#isSure
    this.#isSure = false
    if (this.#shown === 'main') this.#message = ''
    if (this.#shown === 'quiz') this.#keyOfQuiz(key)
    else if (this.#shown === 'list') this.#keyOfList(key)
    else if (this.#shown === 'predictions' || this.#shown === 'compare') this.#back(key)
    else if (this.#shown === 'main') this.#keyOfMain(key, wasSure)
  }

  #back(key: string): void {
    if (['enter', 'escape', 'n', 's', 'p', 'l'].includes(key)) this.#work()
  }

  #keyOfQuiz(key: string): void {
    const quiz = this.#quiz
    quiz?.key(key)
    if (quiz?.isOver) void this.#answer(quiz)
  }

  #keyOfList(key: string): void {
    const lab = LABS.find(({ number }) => String(number) === key)
    if (lab && lab !== this.#lab) void this.#goTo(lab)
    else if (['l', 'escape', 'enter', String(this.#lab.number)].includes(key)) this.#work()
  }

  #keyOfMain(key: string, isSure: boolean): void {
    if (key === 'h') this.#hint()
    else if (key === 'n') this.#next(isSure)
    else if (key === 'l') this.#show('list')
    else if (key === 'r') this.#stage.run('program', this.#lab)
    else if (key === 'c' || key === 'b') this.#stage.run('chapter', this.#lab)
    else if (key === 's') this.#compare()
    else if (key === 'p') this.#predict()
    else if (key === 'w' && this.#bench?.isGone) this.#record(() => this.#writeAnew())
  }

  #show(page: Shown): void {
    this.#shown = page
    this.#scrolled = 0
  }

  #writeAnew(): Read {
    writeCopy(this.#lab)
    return { progress: this.#progress }
  }

  #hint(): void {
    const at = this.#bench?.standing
    const hints = at ? hintsFor(at, this.#bench?.report) : []
    if (hints.length === 0) this.#message = 'There is nothing to hint at.'
    else if (this.#hintsShown >= hints.length) this.#message = 'These are all the hints there are; c reads the chapter.'
    else this.#hintsShown++
  }

  #next(isSure: boolean): void {
    const { labs } = this.#progress
    const isDone = labs[this.#lab.slug]?.done !== undefined
    const later = LABS.find(({ number }) => number === this.#lab.number + 1)
    const open = LABS.find(({ slug }) => slug !== this.#lab.slug && labs[slug]?.done === undefined)
    const next = later ?? open
    if (!next) this.#message = 'This was the last lab, and all the others are done.'
    else if (isDone || isSure) void this.#goTo(next)
    else {
      this.#isSure = true
      this.#message = `Lab ${this.#lab.number} is not done yet. n once more goes on to lab ${next.number} all the same.`
    }
  }

  #compare(): void {
    const isDone = this.#bench?.standing?.isDone || this.#progress.labs[this.#lab.slug]?.done !== undefined
    if (isDone) this.#show('compare')
    else this.#message = 'When the lab is done, its own program is shown beside yours. Until then there are hints: h.'
  }

  #predict(): void {
    const predictions = this.#progress.labs[this.#lab.slug]?.predictions
    if (predictions?.some(({ answer }) => answer !== null)) this.#show('predictions')
    else this.#ask()
  }

  /** What is to be seen. */
  page(size: Size): Page {
    if (this.#shown === 'quiz' && this.#quiz) return this.#quiz.page(size)
    if (this.#shown === 'truth') return this.#truthPage(size)
    if (this.#shown === 'list') return listPage(this.#progress, size)
    if (this.#shown === 'compare')
      return comparePage(this.#lab, this.#bench?.source ?? '', readFileSync(ownProgram(this.#lab), 'utf8'), size)
    if (this.#shown === 'predictions') {
      const predictions = this.#progress.labs[this.#lab.slug]?.predictions ?? []
      return comparisonPage(this.#lab, predictions, this.#remark, size)
    }
    return this.#mainPage(size)
  }

  /** How far the page is scrolled; never further than it goes. */
  scrolled(page: Page, size: Size): number {
    this.#scrolled = Math.min(this.#scrolled, mostScrolled(page, size))
    return this.#scrolled
  }

  #truthPage({ columns }: Size): Page {
    const seconds = ((performance.now() - this.#truthSince) / 1000).toFixed(1)
    const text = `Now labs/${this.#lab.slug}.ts runs, and the kernel is watched: ${seconds} s`
    return { head: [], body: ['', ...paragraph(text, columns - 1, one => one, ' ')], foot: [] }
  }

  #mainPage(size: Size): Page {
    const bench = this.#bench
    const at = bench?.standing
    const hints = at ? hintsFor(at, bench?.report) : []
    return mainPage(
      {
        lab: this.#lab,
        problem: bench?.problem ?? [],
        status: bench?.status ?? '',
        standing: at,
        report: bench?.report,
        types: bench?.types ?? [],
        hints: hints.slice(0, this.#hintsShown),
        hintCount: hints.length,
        message: this.#message,
        wasDone: this.#progress.labs[this.#lab.slug]?.done !== undefined,
      },
      size,
    )
  }

  /** Something that has to be said. */
  say(message: string): void {
    this.#message = message
    this.#stage.redraw(true)
  }
}
