/**
 * A session with the workbook: which page is shown, and what each key does on it. It draws nothing itself.
 */
import { readFileSync } from 'node:fs'
import { describeError } from '../../lib/errors.ts'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import { Hinting } from './hinting.ts'
import type { Standing } from './mine/evidence.ts'
import { copyOf, shown, writeCopy } from './mine/mine.ts'
import { type Progress, type Read, recordPredictions, recordStart, recordTasks } from './mine/progress.ts'
import { comparePage } from './pages/compare.ts'
import { listPage } from './pages/list.ts'
import { mainPage } from './pages/main.ts'
import { mostScrolled, type Page, type Size } from './pages/page.ts'
import { ownProgram, type Predicted, Predicting } from './predicting.ts'
import { comparisonPage } from './quiz.ts'
import { Workbench } from './workbench.ts'

/** What a session asks of the code that shows it. */
export interface Stage {
  /** The page has changed; without news only the time in it has. */
  readonly redraw: (isNews: boolean) => void
  /** The reader wants to run their program, or read the chapter, at the whole terminal. */
  readonly run: (what: 'program' | 'chapter', lab: Lab) => void
  readonly quit: () => void
}

type Shown = 'main' | 'list' | 'predicting' | 'predicted' | 'compare'

/** How far a key scrolls. */
const STEPS: Readonly<Record<string, number>> = { up: -1, down: 1, 'page-up': -12, 'page-down': 12 }

/** The lab to go on with: the one worked on last, unless that is done, else the first that is not. */
export function labToGoOn({ current, labs }: Progress): Lab {
  const isOpen = ({ slug }: Lab) => labs[slug]?.done === undefined
  const last = LABS.find(({ slug }) => slug === current)
  return (last && isOpen(last) ? last : (LABS.find(isOpen) ?? last ?? LABS[0])) as Lab
}

export class Session {
  readonly #stage: Stage
  readonly #timeout: number
  readonly #hinting = new Hinting()
  #progress: Progress
  #lab: Lab
  #shown: Shown = 'main'
  #bench: Workbench | undefined
  #predicting: Predicting | undefined
  #remark = ''
  #message: string
  #scrolled = 0
  /** Whether n was pressed although the lab is not done. */
  #isSure = false
  /** Whether a verdict has been shown for this lab: a message from before it has been read by then. */
  #hasJudged = false

  /** @param first the message at the start */
  constructor(lab: Lab, { progress, warning }: Read, timeout: number, stage: Stage, first = '') {
    this.#lab = lab
    this.#progress = progress
    this.#timeout = timeout
    this.#stage = stage
    this.#message = warning ?? first
  }

  /** What is printed at the end. */
  get farewell(): string {
    const { tasks } = this.#bench?.standing ?? {}
    const done = tasks?.filter(({ state }) => state === 'proved').length
    const count = tasks ? `: ${done} of ${tasks.length} tasks proved` : ''
    return `${shown(copyOf(this.#lab))}${count}. npm run learn goes on from here.`
  }

  /** Whether time alone changes what is to be seen. */
  get isBusy(): boolean {
    return (this.#bench?.isChecking ?? false) || (this.#predicting?.isRunning ?? false)
  }

  start(): void {
    void this.#goTo(this.#lab)
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#predicting?.cancel()
    await this.#bench?.close()
  }

  /** Shows a message. */
  say(message: string): void {
    this.#message = message
    this.#stage.redraw(true)
  }

  async #goTo(lab: Lab): Promise<void> {
    if (this.#bench || this.#predicting) await this.close()
    this.#bench = this.#predicting = undefined
    this.#lab = lab
    this.#hasJudged = false
    this.#record(() => recordStart(lab.slug))
    const isAsked = this.#progress.labs[lab.slug]?.predictions !== undefined
    if (isAsked || checkedLab(lab.slug).questions.length === 0) this.#work()
    else this.#predict()
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

  #predict(): void {
    this.#show('predicting')
    this.#predicting = new Predicting(this.#lab, this.#timeout, predicted => this.#take(predicted))
  }

  #take({ predictions, hasAnswers, remark }: Predicted): void {
    this.#predicting = undefined
    this.#remark = remark
    this.#record(() => recordPredictions(this.#lab.slug, predictions))
    if (hasAnswers) this.#show('predicted')
    else this.#work()
    this.#stage.redraw(true)
  }

  /** Goes to the reader's file. */
  #work(): void {
    this.#show('main')
    if (this.#bench) return
    this.#writeCopy()
    this.#bench = new Workbench(this.#lab, this.#timeout, {
      changed: () => this.#stage.redraw(true),
      judged: at => this.#judged(at),
    })
    this.#bench.open()
  }

  #writeCopy(): void {
    try {
      if (writeCopy(this.#lab)) this.#message = `${shown(copyOf(this.#lab))} is written: open it in your editor.`
    } catch (error) {
      this.#message = describeError(error)
    }
  }

  #judged(at: Standing): void {
    if (this.#hasJudged) this.#message = ''
    this.#hasJudged = true
    const done = at.tasks.filter(({ state }) => state === 'proved').length
    this.#record(() => recordTasks(this.#lab.slug, done, at.isDone))
    this.#hinting.judged(at, this.#bench?.report, this.#bench?.besides)
  }

  /** A key by its name, or as the character that it is. */
  key(key: string): void {
    if (key === 'ctrl-c' || key === 'ctrl-d' || key === 'q') {
      this.#stage.quit()
      return
    }
    const step = STEPS[key]
    if (step === undefined) this.#keyOf(key)
    else this.#scrolled = Math.max(0, this.#scrolled + step)
    this.#stage.redraw(true)
  }

  #keyOf(key: string): void {
    const wasSure = this.#isSure
    this.#isSure = false
    if (this.#shown === 'main') this.#keyOfMain(key, wasSure)
    else if (this.#shown === 'list') this.#keyOfList(key)
    else if (this.#shown === 'predicting') this.#predicting?.key(key)
    else if (['enter', 'escape', 'n', 's', 'p', 'l'].includes(key)) this.#work()
  }

  #keyOfList(key: string): void {
    const lab = LABS.find(({ number }) => String(number) === key)
    if (lab && lab !== this.#lab) void this.#goTo(lab)
    else if (lab || ['l', 'escape', 'enter'].includes(key)) this.#work()
  }

  #keyOfMain(key: string, isSure: boolean): void {
    this.#message = ''
    if (key === 'h') this.#message = this.#hinting.ask(this.#bench?.standing, this.#bench?.report, this.#bench?.besides)
    else if (key === 'n') this.#next(isSure)
    else if (key === 'l') this.#show('list')
    else if (key === 'r') this.#stage.run('program', this.#lab)
    else if (key === 'c' || key === 'b') this.#stage.run('chapter', this.#lab)
    else if (key === 's') this.#compare()
    else if (key === 'p') this.#showPredictions()
    else if (key === 'w' && this.#bench?.isGone) this.#writeCopy()
  }

  #show(page: Shown): void {
    this.#shown = page
    this.#scrolled = 0
  }

  get #isDone(): boolean {
    return this.#progress.labs[this.#lab.slug]?.done !== undefined
  }

  #next(isSure: boolean): void {
    const later = LABS.find(({ number }) => number === this.#lab.number + 1)
    const next = later ?? LABS.find(({ slug }) => slug !== this.#lab.slug && !this.#progress.labs[slug]?.done)
    if (!next) this.#message = 'This was the last lab, and all the others are done.'
    else if (this.#isDone || isSure) void this.#goTo(next)
    else {
      this.#isSure = true
      this.#message = `Lab ${this.#lab.number} is not done yet. n once more goes on to lab ${next.number} all the same.`
    }
  }

  #compare(): void {
    if (this.#isDone) this.#show('compare')
    else this.#message = 'When the lab is done, its own program is shown beside yours. Until then there are hints: h.'
  }

  #showPredictions(): void {
    const { predictions } = this.#progress.labs[this.#lab.slug] ?? {}
    if (predictions?.some(({ answer }) => answer !== null)) this.#show('predicted')
    else if (checkedLab(this.#lab.slug).questions.length > 0) this.#predict()
    else this.#message = 'This lab asks nothing beforehand.'
  }

  /** What is to be seen. */
  page(size: Size): Page {
    const lab = this.#lab
    if (this.#shown === 'predicting' && this.#predicting) return this.#predicting.page(size)
    if (this.#shown === 'list') return listPage(this.#progress, size)
    if (this.#shown === 'compare')
      return comparePage(lab, this.#bench?.source ?? '', readFileSync(ownProgram(lab), 'utf8'), size)
    if (this.#shown === 'predicted')
      return comparisonPage(lab, this.#progress.labs[lab.slug]?.predictions ?? [], this.#remark, size)
    return this.#mainPage(size)
  }

  /** How far the page is scrolled; never further than it goes. */
  scrolled(page: Page, size: Size): number {
    this.#scrolled = Math.min(this.#scrolled, mostScrolled(page, size))
    return this.#scrolled
  }

  #mainPage(size: Size): Page {
    const { problem = [], status = '', standing, report, types = [], stuck } = this.#bench ?? {}
    const view = {
      lab: this.#lab,
      problem,
      status,
      standing,
      report,
      types,
      stuck,
      ...this.#hinting.shown(standing, report, this.#bench?.besides),
      message: this.#message,
      wasDone: this.#isDone,
    }
    return mainPage(view, size)
  }
}
