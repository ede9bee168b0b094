/**
 * A session with the workbook: which page is shown, and what each key does on it. It draws nothing itself.
 */
import { readFileSync } from 'node:fs'
import { describeError } from '../../lib/errors.ts'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import { isAsked } from './course.ts'
import { Hinting } from './hinting.ts'
import type { Standing } from './mine/evidence.ts'
import { bringBack, keep, keptOf } from './mine/kept.ts'
import { writeContract } from './mine/make.ts'
import { copyOf, shown, writeCopy } from './mine/mine.ts'
import { type Progress, type Read, recordPredictions, recordStart, recordTasks } from './mine/progress.ts'
import { comparePage } from './pages/compare.ts'
import { helpPage } from './pages/help.ts'
import { listPage } from './pages/list.ts'
import { mainPage } from './pages/main.ts'
import { mostScrolled, type Page, type Size } from './pages/page.ts'
import { puzzlePage } from './pages/puzzle.ts'
import { versionsPage } from './pages/versions.ts'
import { ownProgram, type Predicted, Predicting } from './predicting.ts'
import { comparisonPage } from './quiz.ts'
import { Workbench } from './workbench.ts'

/** Where in a file or a chapter: the line of the task to look at, and the section that explains what failed. */
export interface Where {
  readonly line: number
  readonly section?: string
}

/** What a session asks of the code that shows it. */
export interface Stage {
  /** The page has changed; without news only the time in it has. */
  readonly redraw: (isNews: boolean) => void
  /** The reader wants to run their program, to read the chapter, or to edit, at the whole terminal. */
  readonly run: (what: 'program' | 'chapter' | 'editor', lab: Lab, where: Where) => void
  readonly quit: () => void
}

type Shown = 'main' | 'list' | 'predicting' | 'predicted' | 'compare' | 'help' | 'versions' | 'puzzle'

/** How far a key scrolls. */
const STEPS: Readonly<Record<string, number>> = { up: -1, down: 1, 'page-up': -12, 'page-down': 12 }

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
    if (isAsked(lab, this.#progress) || checkedLab(lab.slug).questions.length === 0) this.#work()
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
    this.#keep(at)
    this.#hasJudged = true
    const done = at.tasks.filter(({ state }) => state === 'proved').length
    this.#record(() => recordTasks(this.#lab.slug, done, at.isDone))
    this.#hinting.judged(at, this.#bench?.report, this.#bench?.besides)
  }

  /** Keeps what the reader has got, if it is further than nothing. */
  #keep(at: Standing): void {
    const { source } = this.#bench ?? {}
    try {
      if (source !== undefined) keep(this.#lab, source, at.tasks.filter(({ state }) => state === 'proved').length)
    } catch (error) {
      this.#message = describeError(error)
    }
  }

  /** A key by its name, or as the character that it is. */
  key(key: string): void {
    const isAway = this.#shown !== 'main' && this.#shown !== 'predicting'
    if (key === 'ctrl-c' || key === 'ctrl-d' || (key === 'q' && !isAway)) {
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
    else if (this.#shown === 'versions' && /^[1-9]$/.test(key)) this.#bringBack(Number(key) - 1)
    else if (['enter', 'escape', 'n', 's', 'p', 'l', 'q', 'u', '?'].includes(key)) this.#work()
  }

  #keyOfList(key: string): void {
    const lab = LABS.find(({ number }) => String(number) === key)
    if (lab && lab !== this.#lab) void this.#goTo(lab)
    else if (lab || ['l', 'escape', 'enter', 'q'].includes(key)) this.#work()
  }

  #keyOfMain(key: string, isSure: boolean): void {
    this.#message = ''
    if (key === 'h') this.#message = this.#hinting.ask(this.#bench?.standing, this.#bench?.report, this.#bench?.besides)
    else if (key === 'n') this.#next(isSure)
    else if (key === 'l') this.#show('list')
    else if (key === 'r') this.#stage.run('program', this.#lab, this.#where)
    else if (key === 'c' || key === 'b') this.#stage.run('chapter', this.#lab, this.#where)
    else if (key === 'o') this.#stage.run('editor', this.#lab, this.#where)
    else if (key === '?') this.#show('help')
    else if (key === 'u') this.#show('versions')
    else if (key === 'm') this.#make()
    else if (key === 'enter') this.#hinting.expects()
    else if (key === 's') this.#compare()
    else if (key === 'p') this.#puzzle()
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

  /** The line of the task to look at, and the section of what failed. */
  get #where(): Where {
    const { current, failed } = this.#bench?.standing ?? {}
    return { line: current?.line ?? 1, ...(failed && { section: failed.section }) }
  }

  #bringBack(place: number): void {
    const version = keptOf(this.#lab)[place]
    if (!version) return
    try {
      const aside = bringBack(this.#lab, version)
      this.#message = `The version of ${version.when} is back. What was there is kept as ${shown(aside)}.`
    } catch (error) {
      this.#message = describeError(error)
    }
    this.#work()
  }

  /** A harder task: the lab from an empty file. */
  #make(): void {
    if (!this.#isDone) {
      this.#message = 'When the lab is done, m begins a harder one: the whole of it, from an empty file.'
      return
    }
    try {
      this.#message = `${shown(writeContract(this.#lab))} has what it must do, and nothing else. npm run check ${`lab${this.#lab.number}`} with that path checks it, in any language.`
    } catch (error) {
      this.#message = describeError(error)
    }
  }

  /** The lines of a task in which the reader has failed twice; before that, what they predicted. */
  #puzzle(): void {
    const { current } = this.#bench?.standing ?? {}
    if (current && current.state !== 'proved' && this.#hinting.failures >= 2) this.#show('puzzle')
    else this.#showPredictions()
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
    if (this.#shown === 'help') return helpPage(size)
    const { standing } = this.#bench ?? {}
    if (this.#shown === 'versions') return versionsPage(lab, keptOf(lab), standing?.tasks.length ?? 0, size)
    if (this.#shown === 'puzzle' && standing?.current)
      return puzzlePage(standing.current, readFileSync(ownProgram(lab), 'utf8'), size)
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
    const { problem = [], status = '', standing, report, types = [], stuck } = this.#bench?.now ?? {}
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
      isAsking: this.#hinting.isAsking,
      hasPuzzle: this.#hinting.failures >= 2,
      progress: this.#progress,
      wasDone: this.#isDone,
    }
    return mainPage(view, size)
  }
}
