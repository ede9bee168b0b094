/**
 * A conversation at a program's terminal. What is typed is read by somebody, whom the kernel names; a process that this
 * one then makes ends with the code that was asked for. Nothing else is an answer: no code before the line was read, and
 * none of somebody who was there already.
 */
import { writeSync } from 'node:fs'
import type { Story } from '../observer/story/story.ts'
import type { ContainerMoment } from './container.ts'
import { isOnlyAgain, readAround } from './shell/as-typed.ts'
import { CODES, drawQuestions, type Question } from './shell/lines.ts'
import { type Bustle, Pace } from './shell/pace.ts'

/** Somebody who has read what was typed, whole and from a terminal, and how they lived just then. */
export interface Reader {
  readonly pid: number
  /** Its number in its own PID namespace. */
  readonly number: number
  readonly program: string
  readonly where: ContainerMoment | 'outside'
}

/** What became of one question. */
export interface Asked {
  readonly text: string
  /** Whoever has read it, in the order of their reading: a relay comes before the shell behind it. */
  readonly readers: readonly Reader[]
  /** The reader whose process has answered. */
  readonly answeredBy?: Reader
  /** Why a process that ended with the right code was no answer all the same. */
  readonly flaw?: string
  /** A code in the range of answers that nobody had asked for, with which a process of a reader inside ended. */
  readonly guessed?: number
}

/** What was typed at a program's terminal. */
export interface Typed {
  /** One by one, as far as it was asked; none where nothing could be typed. */
  readonly asked: readonly Asked[]
  /** How many questions there were to be. */
  readonly planned: number
  /** Whether the last of them could still have been answered when all was over. */
  readonly isOpen: boolean
}

/** What can be seen of a process that is about to end. */
export interface LastMoment {
  readonly pid: number
  readonly code: number
  /** Whether its directory is this one of its root. */
  readonly isIn: (directory: string) => boolean
}

/** The flaw of an answer that came when its reader had been given more than the line. */
export const NOT_AS_TYPED = 'when it had also been given what nobody had typed'

/** How much of what a process has read is kept, in characters. */
const KEPT = 4096

type Draft = { -readonly [Key in keyof Asked]: Asked[Key] } & { readers: Reader[] }

/** What is typed at one terminal, line after line. */
export class Conversation implements Typed {
  readonly asked: Draft[] = []
  readonly planned: number
  readonly #questions: readonly Question[] = drawQuestions()
  readonly #master: number
  readonly #pace: Pace
  readonly #story: Story
  /** The end of what each process has read from terminals. */
  readonly #read = new Map<number, string>()
  /** Processes made by a reader for a question, and their children: by whom, and for which. */
  readonly #made = new Map<number, { readonly reader: Reader; readonly question: number }>()
  /** Numbers to which somebody of the present question has sent signal 0. */
  readonly #probed = new Set<number>()
  /** Who was given something else between two questions, such as a command that reads the next one away. */
  readonly #misled = new Set<number>()
  #isTyped = false
  #hasGivenUp = false
  #wasAnsweredOutside = false

  /**
   * @param master the other side of the terminal
   * @param timeout seconds the program may take
   * @param story to which is added who read what, and who answered
   */
  constructor(master: number, bustle: Bustle, timeout: number, story: Story) {
    this.#story = story
    this.planned = this.#questions.length
    this.#master = master
    this.#pace = new Pace(bustle, timeout)
    this.asked.push({ text: this.#questions[0]?.text ?? '', readers: [] })
  }

  get isOpen(): boolean {
    return !this.#hasGivenUp
  }

  get #question(): Question | undefined {
    return this.#hasGivenUp ? undefined : this.#questions[this.asked.length - 1]
  }

  get #present(): Draft {
    return this.asked.at(-1) as Draft
  }

  /**
   * A process has read from a terminal.
   * @param meet looks at it, if it has now read the question
   */
  hasRead(pid: number, text: string, meet: () => Reader | undefined): void {
    const all = ((this.#read.get(pid) ?? '') + text).slice(-KEPT)
    this.#read.set(pid, all)
    if (!this.#isTyped || !this.#question) return
    const around = readAround(all, this.#question.text)
    if (!around) return
    // It may read it again, as another program by then, and lives as it does then.
    this.#read.set(pid, around.behind)
    const last = this.#questions[Math.max(0, this.asked.length - 2)]
    if (last && all.length < KEPT && !isOnlyAgain(around.before, last.text)) this.#misled.add(pid)
    const reader = meet()
    if (!reader) return
    this.#story.add({ kind: 'read', text: this.#question.text }, pid)
    const { readers } = this.#present
    this.#present.readers = [...readers.filter(each => each.pid !== pid), reader]
  }

  /** A process was born. What a reader makes after it has read is of that question. */
  wasBorn(pid: number, creator: number): void {
    const reader = this.#question && this.#present.readers.findLast(each => each.pid === creator)
    const made = reader ? { reader, question: this.asked.length } : this.#made.get(creator)
    this.#read.delete(pid)
    this.#misled.delete(pid)
    // The number may have been somebody else's.
    if (made) this.#made.set(pid, made)
    else this.#made.delete(pid)
  }

  /** The reader of the present question for whom a process works, if it does. */
  #readerBehind(pid: number): Reader | undefined {
    const made = this.#made.get(pid)
    return made?.question === this.asked.length ? made.reader : undefined
  }

  /** A process has sent signal 0 to a number. */
  hasProbed(pid: number, number: number): void {
    if (this.#readerBehind(pid) || this.#present.readers.some(each => each.pid === pid)) this.#probed.add(number)
  }

  /** A process is about to end by itself. */
  ends({ pid, code, isIn }: LastMoment): void {
    const question = this.#question
    const reader = this.#readerBehind(pid)
    if (!question || !reader) return
    const present = this.#present
    if (code !== question.code(reader)) {
      // Whoever ends with every code there is has not understood which one was wanted. Old lines may be answered twice.
      const isOld = this.#questions.slice(0, this.asked.length).some(each => each.code(reader) === code)
      if (code >= CODES.lowest && code < CODES.highest && !isOld && reader.where !== 'outside') present.guessed ??= code
      return
    }
    const flaw = this.#flawOf(question, reader, isIn)
    this.#story.add({ kind: 'answered', code, ...(flaw !== undefined && { flaw }) }, pid)
    if (flaw !== undefined) {
      present.flaw = flaw
      return
    }
    delete present.flaw
    present.answeredBy = reader
    // Where the reader is outside, somebody behind it may be meant, who has yet to read.
    if (reader.where === 'outside') this.#wasAnsweredOutside = true
    else this.#goToNext()
  }

  #flawOf({ text, directory, probes }: Question, reader: Reader, isIn: LastMoment['isIn']): string | undefined {
    if (this.#misled.has(reader.pid) || !isOnlyAgain(this.#read.get(reader.pid) ?? '', text)) return NOT_AS_TYPED
    if (directory !== undefined && !isIn(directory)) return `not in /${directory}, where it was told to go`
    const missing = (probes?.(reader) ?? []).some(number => !this.#probed.has(number))
    return missing ? 'without the signals 0 that it was told to send' : undefined
  }

  #goToNext(): void {
    const next = this.#questions[this.asked.length]
    if (next) this.asked.push({ text: next.text, readers: [] })
    else this.#hasGivenUp = true
    this.#probed.clear()
    this.#ask()
  }

  #ask(): void {
    this.#isTyped = this.#wasAnsweredOutside = false
    this.#pace.begin()
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    this.#pace.tick()
    if (!this.#pace.isTime()) return
    if (this.#question && this.#pace.isHopeless(this.#wasAnsweredOutside || this.#present.guessed !== undefined)) {
      this.#hasGivenUp = true
      this.#ask()
    }
    // Before anything was typed the program itself may have told the shell something, where to go for instance.
    if (this.asked.length === 1 && !this.#isTyped) this.#read.clear()
    this.#pace.isTyped()
    this.#isTyped = true
    const text = this.#question?.text ?? 'exit 0\n'
    this.#story.add({ kind: 'typed', text })
    try {
      writeSync(this.#master, text)
    } catch {
      // EIO: nobody works at that terminal any more; EAGAIN: nobody reads what was typed.
    }
  }
}
