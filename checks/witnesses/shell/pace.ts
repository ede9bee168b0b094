/**
 * When a line is typed, when it is typed again, and when there is nothing more to be hoped for.
 */

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
/** So many times as long as a look takes it stays away: a program may have many processes. */
const PAUSE = 5
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
/** How often a line is typed before it counts that nobody can move any more, or that it was answered from outside or guessed. */
const TRIES = { stuck: 4, wrong: 2 }
/** The time of one conversation. */
export class Pace {
  readonly #bustle: Bustle
  readonly #longest: number
  /** How long everybody has slept so far, in milliseconds, and when that was last looked at, since the epoch. */
  #slept = 0
  #lookedAt = Date.now()
  #lookAt = 0
  /** For how long nobody has been able to move. */
  #stuck = 0
  /** How often the present line was typed after everybody had slept. */
  #tries = 0
  /** Since when the present line could be answered, and when it is typed again, of the time slept. */
  #since = START
  #nextAt = START
  #patience = PATIENCE
  /** When it is typed again whoever moves, since the epoch, and how long after that once more. */
  #clock = WHILE_BUSY * START
  #clockAt = Date.now() + this.#clock

  /** @param timeout seconds the program may take */
  constructor(bustle: Bustle, timeout: number) {
    this.#bustle = bustle
    this.#longest = timeout * PART * 1000
  }

  /** Another line is to be typed, at once. */
  begin(): void {
    this.#since = this.#nextAt = this.#slept
    this.#patience = PATIENCE
    this.#clock = WHILE_BUSY * PATIENCE
    this.#clockAt = Date.now() + this.#clock
    this.#tries = this.#stuck = 0
  }

  /** Looks at what the program is about. */
  tick(): void {
    const now = Date.now()
    if (this.#slept < this.#since && this.#bustle.isReady()) this.begin()
    if (now < this.#lookAt) return
    const passed = Math.min(now - this.#lookedAt, LONGEST_TICK)
    const state = this.#bustle.state()
    this.#lookedAt = now
    this.#lookAt = now + Math.max(SHORTEST_TICK, PAUSE * (Date.now() - now))
    if (state !== 'busy') this.#slept += passed
    this.#stuck = state === 'stuck' ? this.#stuck + passed : 0
  }

  /** Whether the line is to be typed now. */
  isTime(): boolean {
    return this.#slept >= this.#nextAt || Date.now() >= this.#clockAt
  }

  /** It has been typed. */
  isTyped(): void {
    if (this.#slept >= this.#nextAt) {
      this.#nextAt = this.#slept + this.#patience
      this.#patience *= 2
      this.#tries++
    }
    this.#clock *= 2
    this.#clockAt = Date.now() + this.#clock
  }

  /** Whether nobody will answer the present line any more. */
  isHopeless(wasAnsweredWrongly: boolean): boolean {
    if (this.#stuck > PATIENCE && this.#tries >= TRIES.stuck) return true
    if (wasAnsweredWrongly && this.#tries >= TRIES.wrong) return true
    return this.#slept - this.#since > this.#longest
  }
}
