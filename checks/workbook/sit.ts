/**
 * A sitting at a terminal: a screen that is drawn again, or, on a terminal that only prints, one page after the other.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { describeError } from '../../lib/errors.ts'
import type { Lab } from '../../lib/manifest.ts'
import { ROOT } from '../../lib/root.ts'
import { describeStatus } from '../../lib/status.ts'
import { knowsFewUsers } from '../../lib/users.ts'
import { commandFor } from '../command.ts'
import { copyOf, shown } from './mine.ts'
import { frame } from './page.ts'
import type { Read } from './progress.ts'
import { runAtTerminal } from './run-at-terminal.ts'
import { canDraw, Screen } from './screen.ts'
import { Session } from './session.ts'

/** How often the time is drawn while something is under way, in milliseconds. */
const TICK = 250
/** For whoever takes the terminal: what stood there before is above it. */
const CLEAR = '\x1b[2J\x1b[H'
const NO_ROOT = 'You are not root here: your program is checked, and run by r, in a user namespace in which you are.'

/** How a session is shown, and how it hears of keys. */
interface Front {
  enter(): void
  /** Gives the terminal to a program. */
  leave(): void
  show(isNews: boolean): void
  /** Waits for a key, with the terminal as it is. */
  pause(text: string): Promise<void>
}

/** A screen that is drawn again. */
class DrawnFront implements Front {
  readonly #session: Session
  readonly #screen: Screen
  #onKey: ((key: string) => void) | undefined

  constructor(session: Session, suspend: () => void) {
    this.#session = session
    this.#screen = new Screen(
      key => {
        if (this.#onKey) this.#onKey(key)
        else if (key === 'ctrl-z') suspend()
        else session.key(key)
      },
      () => this.show(),
    )
  }

  enter(): void {
    this.#screen.enter()
    this.show()
  }

  leave(): void {
    this.#screen.leave()
  }

  show(): void {
    if (!this.#screen.isEntered || this.#onKey) return
    const size = this.#screen.size()
    const page = this.#session.page(size)
    this.#screen.draw(frame(page, size, this.#session.scrolled(page, size)))
  }

  async pause(text: string): Promise<void> {
    process.stdout.write(`\n${text} Any key goes back.`)
    await new Promise<void>(resolve => {
      this.#onKey = () => resolve()
      this.#screen.listen()
    })
    this.#onKey = undefined
    this.#screen.leave()
  }
}

/** One page after the other, and keys that are typed as lines. */
class PrintedFront implements Front {
  readonly #session: Session
  readonly #quit: () => void
  #lines: Interface | undefined
  #printed = ''

  constructor(session: Session, quit: () => void) {
    this.#session = session
    this.#quit = quit
  }

  enter(): void {
    this.#lines = createInterface({ input: process.stdin, terminal: false })
    this.#lines.on('line', line => this.#take(line.trim()))
    this.#lines.on('close', () => this.#lines && this.#quit())
    this.show(true)
  }

  leave(): void {
    const lines = this.#lines
    this.#lines = undefined
    lines?.close()
    process.stdin.pause()
  }

  #take(line: string): void {
    for (const key of line) this.#session.key(key)
    // A number that was typed is an answer, and an empty line goes on.
    if (/^\d*$/.test(line)) this.#session.key('enter')
  }

  show(isNews: boolean): void {
    if (!isNews || !this.#lines || this.#session.isBusy) return
    const { head, body, foot } = this.#session.page({ columns: process.stdout.columns || 80, rows: Infinity })
    const text = [...head, ...body, ...foot].join('\n')
    if (text === this.#printed) return
    this.#printed = text
    process.stdout.write(`\n${text}\n> `)
  }

  async pause(): Promise<void> {}
}

/** The commands behind the two keys that run something. */
async function wordsFor(what: 'program' | 'chapter', lab: Lab): Promise<readonly string[]> {
  if (what === 'program') return commandFor(copyOf(lab))
  const tsx = createRequire(import.meta.url).resolve('tsx')
  return [process.execPath, '--import', tsx, join(ROOT, 'book', 'press', 'book.ts'), 'read', lab.slug]
}

/** Why there is no chapter to read, if there is none. */
function missingChapter({ slug, manPages }: Lab): string | undefined {
  const chapter = join(ROOT, 'book', `${slug}.md`)
  if (existsSync(chapter)) return undefined
  return `${shown(chapter)} is not there. Read labs/${slug}.ts, and ${manPages.join(', ')}.`
}

/** Shows the session until the reader quits. */
export async function sit(lab: Lab, read: Read, timeout: number): Promise<void> {
  let end = () => {}
  const isOver = new Promise<void>(resolve => {
    end = resolve
  })
  let isRunning = false
  const run = async (what: 'program' | 'chapter', which: Lab) => {
    const missing = what === 'chapter' ? missingChapter(which) : undefined
    if (missing !== undefined || isRunning) {
      if (missing !== undefined) session.say(missing)
      return
    }
    isRunning = true
    try {
      const words = await wordsFor(what, which)
      front.leave()
      if (canDraw()) process.stdout.write(CLEAR)
      const status = await runAtTerminal(words, ROOT)
      if (!status) end()
      else if (what === 'program' || status.code !== 0) await front.pause(`It ended with ${describeStatus(status)}.`)
    } catch (error) {
      session.say(describeError(error))
    }
    isRunning = false
    front.enter()
  }
  const stage = {
    redraw: (isNews: boolean) => front.show(isNews),
    run: (...args: Parameters<typeof run>) => void run(...args),
    quit: () => end(),
  }
  const session = new Session(lab, read, timeout, stage, knowsFewUsers() ? NO_ROOT : '')
  const suspend = () => {
    front.leave()
    process.once('SIGCONT', () => front.enter())
    // To everybody of our group, as the terminal would send it.
    process.kill(0, 'SIGTSTP')
  }
  const front: Front = canDraw() ? new DrawnFront(session, suspend) : new PrintedFront(session, () => end())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end())
  for (const event of ['end', 'error', 'close']) process.stdin.on(event, () => isRunning || end())
  const timer = setInterval(() => session.isBusy && front.show(false), TICK)
  session.start()
  front.enter()
  await isOver
  clearInterval(timer)
  front.leave()
  await session.close()
  console.log(session.farewell)
  process.exit()
}
