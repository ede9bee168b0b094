/**
 * Asking before a lab is run, and comparing afterwards with what the kernel did.
 */
import { chalk } from '../../lib/lab/colour.ts'
import type { Lab } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import { type Question, wordsFor } from '../labs/question.ts'
import type { Prediction } from './mine/progress.ts'
import { atBothEnds, fits, keyLines, type Page, paragraph, type Size } from './pages/page.ts'

/** Digits that a number may have. */
const LONGEST = 9

/** The questions of a lab while they are being asked. */
export class Quiz {
  readonly lab: Lab
  readonly questions: readonly Question[]
  /** One for each question that has been asked: the answer, or `null` for one that was skipped. */
  readonly answers: (number | null)[] = []
  #typed = ''

  constructor(lab: Lab) {
    this.lab = lab
    this.questions = checkedLab(lab.slug).questions
  }

  get isOver(): boolean {
    return this.answers.length === this.questions.length
  }

  /** Whether any question was answered. */
  get hasAnswers(): boolean {
    return this.answers.some(answer => answer !== null)
  }

  #take(answer: number | null): void {
    this.answers.push(answer)
    this.#typed = ''
  }

  skipAll(): void {
    while (!this.isOver) this.#take(null)
  }

  key(key: string): void {
    const { choices } = this.questions[this.answers.length] ?? {}
    if (key === 's') this.#take(null)
    else if (key === 'escape') this.skipAll()
    else if (choices && /^[1-9]$/.test(key)) {
      if (Number(key) <= choices.length) this.#take(Number(key) - 1)
    } else if (!choices) this.#edit(key)
  }

  #edit(key: string): void {
    if (/^\d$/.test(key)) this.#typed = (this.#typed + key).slice(0, LONGEST)
    else if (key === 'backspace') this.#typed = this.#typed.slice(0, -1)
    else if (key === 'enter' && this.#typed !== '') this.#take(Number(this.#typed))
  }

  /** The page; where the screen has no room for all of it, the answers remain to be seen and what leads to them goes. */
  page(size: Size): Page {
    const page = this.#pageWith(size.columns - 1, true)
    return fits(page, size) ? page : this.#pageWith(size.columns - 1, false)
  }

  #pageWith(width: number, hasLead: boolean): Page {
    const at = this.answers.length
    const question = this.questions[at]
    const answer = question?.choices
      ? question.choices.flatMap((choice, i) => paragraph(choice, width, one => one, `   ${i + 1}  `, chalk.bold))
      : [`   your answer: ${chalk.bold(this.#typed)}${chalk.inverse(' ')}`]
    const keys = question?.choices
      ? ([[`1-${question.choices.length}`, 'answers']] as const)
      : ([['enter', 'answers']] as const)
    return {
      head: [atBothEnds(` Lab ${this.lab.number}: ${this.lab.title}`, ['predict first '], width, chalk.bold), ''],
      body: [
        ...(hasLead ? this.#lead(width) : []),
        ...paragraph(question?.text ?? '', width, chalk.bold, ` ${at + 1} of ${this.questions.length}  `, chalk.dim),
        '',
        ...answer,
      ],
      foot: keyLines([...keys, ['s', 'skips this one'], ['esc', 'skips all'], ['q', 'quit']], width - 1).map(
        line => ` ${line}`,
      ),
    }
  }

  #lead(width: number): string[] {
    const text = 'What will the kernel do? Say it before you see it: then the lab itself runs.'
    return [...paragraph(this.lab.question, width, one => one, ' '), '', ...paragraph(text, width, chalk.dim, ' '), '']
  }

  /**
   * The record of it.
   * @param truths what the kernel did, for each question; nothing where that was not seen
   */
  predictions(truths: readonly unknown[]): Prediction[] {
    return this.questions.map((question, i) => {
      const [answer, truth] = [this.answers[i] ?? null, truths[i]]
      const isSeen = typeof truth === 'number'
      return {
        question: question.name,
        answer: answer === null ? null : wordsFor(question, answer),
        kernel: isSeen ? wordsFor(question, truth) : null,
        isRight: isSeen && answer === truth,
      }
    })
  }
}

function compared(question: Question, { answer, kernel, isRight }: Prediction, width: number): string[] {
  const mark = answer === null || kernel === null ? chalk.dim('·') : isRight ? chalk.green('✔') : chalk.red('✘')
  const [first = '', ...rest] = paragraph(question.text, width - 3, chalk.bold)
  const line = (name: string, text: string) => paragraph(text, width, one => one, `   ${name.padEnd(12)}`, chalk.dim)
  return [
    ` ${mark} ${first}`,
    ...rest.map(each => `   ${each}`),
    ...line('you:', answer ?? 'skipped'),
    ...line('the kernel:', kernel ?? 'not seen here'),
    ...paragraph(question.why, width, one => one, '   '),
    '',
  ]
}

/** The answers beside what the kernel did. @param remark why something was not seen */
export function comparisonPage(lab: Lab, predictions: readonly Prediction[], remark: string, { columns }: Size): Page {
  const width = columns - 1
  const questions = checkedLab(lab.slug).questions
  const lines = predictions.flatMap(one => {
    const question = questions.find(({ name }) => name === one.question)
    return question ? compared(question, one, width) : []
  })
  return {
    head: [
      atBothEnds(` Lab ${lab.number}: ${lab.title}`, ['what you predicted ', 'predicted '], width, chalk.bold),
      '',
    ],
    body: [...lines, ...(remark ? paragraph(remark, width, chalk.yellow, ' ') : [])],
    foot: keyLines(
      [
        ['enter', 'goes on'],
        ['q', 'back'],
      ],
      width - 1,
    ).map(line => ` ${line}`),
  }
}
