/**
 * A conversation at a program's terminal. What is typed is read by somebody, whom the kernel names; a process that this
 * one then makes ends with the code that was asked for. Nothing else is an answer: no code before the line was read, and
 * none of somebody who was there already.
 */
import { writeSync } from 'node:fs'
import type { ContainerMoment } from './container.ts'
import { CODES, drawQuestions, type Question } from './lines.ts'

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
}

/** What can be seen of a process that is about to end. */
export interface LastMoment {
  readonly pid: number
  readonly code: number
  /** Whether its directory is this one of its root. */
  readonly isIn: (directory: string) => boolean
}

/** What is known of the program between two looks. */
export interface Bustle {
  /** Whether somebody runs a program in a container. */
  readonly isReady: () => boolean
  /** `busy`: somebody runs or wants to. `waiting`: all sleep, some for a time. `stuck`: nobody wakes up by themselves. */
  readonly state: () => 'busy' | 'waiting' | 'stuck'
}

/**
 * All times in here pass only while everybody in the program sleeps, and by so much at a look: where a processor is hard
 * to get, a shell that has not come up yet must not find a queue of lines with an exit at its end.
 */
const LONGEST_TICK = 100
/** How often it is looked at, in milliseconds: much happens meanwhile that is no reason to look. */
const SHORTEST_TICK = 20
/**
 * How long a line may go unanswered before it is typed again, in milliseconds, because who starts a shell may have
 * dropped it; then twice as long, and so on, because a slow shell answers every one of them.
 */
const PATIENCE = 500
/** How long nothing is typed while nobody is in a container yet, in milliseconds. */
const START = 1500
/**
 * So many times as long pass on the clock before a line is typed again although somebody moves: they may have dropped it
 * and go on with something else for ever. Nobody is given up by that.
 */
const WHILE_BUSY = 6
/** The part of the program's time that one line may take while somebody may still wake up. */
const PART = 0.75
/** How often a line is typed before it counts that nobody can move any more, or that it was answered from outside. */
const TRIES = { stuck: 4, outside: 2 }
/** How much of what a process has read is kept, in characters. */
const KEPT = 4096

type Draft = { -readonly [Key in keyof Asked]: Asked[Key] } & { readers: Reader[] }

/** What is typed at one terminal, line after line. */
export class Conversation implements Typed {
  readonly asked: Draft[] = []
  readonly planned: number
  readonly #questions: readonly Question[] = drawQuestions()
  readonly #master: number
  readonly #bustle: Bustle
  readonly #longest: number
  /** The end of what each process has read from terminals. */
  readonly #read = new Map<number, string>()
  /** Processes made by a reader for a question, and their children: by whom, and for which. */
  readonly #made = new Map<number, { readonly reader: Reader; readonly question: number }>()
  /** Numbers to which somebody of the present question has sent signal 0. */
  readonly #probed = new Set<number>()
  #isTyped = false
  #tries = 0
  #hasGivenUp = false
  #wasAnsweredOutside = false
  /** How long everybody has slept so far, in milliseconds, and when that was last looked at, since the epoch. */
  #slept = 0
  #lookedAt = Date.now()
  /** For how long nobody has been able to move. */
  #stuck = 0
  /** Since when the present line could be answered, and when it is typed again, of the time slept. */
  #since = START
  #nextAt = START
  #patience = PATIENCE
  /** When it is typed again whoever moves, since the epoch, and how long after that once more. */
  #clockAt = Date.now() + WHILE_BUSY * START
  #clock = WHILE_BUSY * START

  /**
   * @param master the other side of the terminal
   * @param timeout seconds the program may take
   */
  constructor(master: number, bustle: Bustle, timeout: number) {
    this.planned = this.#questions.length
    this.#master = master
    this.#bustle = bustle
    this.#longest = timeout * PART * 1000
    this.asked.push({ text: this.#questions[0]?.text ?? '', readers: [] })
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
    const all = ((this.#read.get(pid) ?? '') + text.replaceAll('\r', '\n')).slice(-KEPT)
    this.#read.set(pid, all)
    const { readers } = this.#present
    if (!this.#isTyped || !this.#question || !all.includes(this.#question.text)) return
    if (readers.some(each => each.pid === pid)) return
    const reader = meet()
    if (reader) readers.push(reader)
  }

  /** A process was born. What a reader makes after it has read is of that question. */
  wasBorn(pid: number, creator: number): void {
    const reader = this.#question && this.#present.readers.findLast(each => each.pid === creator)
    const made = reader ? { reader, question: this.asked.length } : this.#made.get(creator)
    this.#read.delete(pid)
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

  #flawOf({ directory, probes }: Question, reader: Reader, isIn: LastMoment['isIn']): string | undefined {
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
    this.#since = this.#nextAt = this.#slept
    this.#patience = PATIENCE
    this.#isTyped = this.#wasAnsweredOutside = false
    this.#tries = this.#stuck = 0
    this.#clock = WHILE_BUSY * PATIENCE
    this.#clockAt = Date.now() + this.#clock
  }

  /** Whether nothing more is to be hoped for the present question. */
  #isHopeless(): boolean {
    if (this.#stuck > PATIENCE && this.#tries >= TRIES.stuck) return true
    if (this.#wasAnsweredOutside && this.#tries >= TRIES.outside) return true
    return this.#slept - this.#since > this.#longest
  }

  /** Types the next line, or the last one again, if it is time. */
  goOn(): void {
    this.#passTime()
    if (this.#slept < this.#since && this.#bustle.isReady()) this.#ask()
    if (this.#slept >= this.#nextAt) this.#typeInTime()
    else if (Date.now() >= this.#clockAt) this.#type()
  }

  /** Everybody has slept for long enough. */
  #typeInTime(): void {
    if (this.#question && this.#isHopeless()) {
      this.#hasGivenUp = true
      this.#ask()
    }
    this.#nextAt = this.#slept + this.#patience
    this.#patience *= 2
    this.#tries++
    this.#type()
  }

  #passTime(): void {
    const now = Date.now()
    if (now - this.#lookedAt < SHORTEST_TICK) return
    const passed = Math.min(now - this.#lookedAt, LONGEST_TICK)
    const state = this.#bustle.state()
    this.#lookedAt = now
    if (state !== 'busy') this.#slept += passed
    this.#stuck = state === 'stuck' ? this.#stuck + passed : 0
  }

  #type(): void {
    this.#clock *= 2
    this.#clockAt = Date.now() + this.#clock
    this.#isTyped = true
    try {
      writeSync(this.#master, this.#question?.text ?? 'exit 0\n')
    } catch {
      // EIO: nobody works at that terminal any more; EAGAIN: nobody reads what was typed.
    }
  }
}
