/**
 * A session at a terminal: on a screen that is drawn again, or, on a terminal that only prints, as one page after the
 * other.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { describeError, UsageError } from '../../lib/errors.ts'
import type { Lab } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { knowsFewUsers } from '../../lib/machine/self.ts'
import { describeEnd } from '../../lib/status.ts'
import { commandFor } from '../ready/ready.ts'
import { type Display, DrawnDisplay, PrintedDisplay } from './displays.ts'
import { editorAt } from './mine/editor.ts'
import { copyOf, shown } from './mine/mine.ts'
import type { Read } from './mine/progress.ts'
import { canDraw } from './pages/screen.ts'
import { runAtTerminal } from './run-at-terminal.ts'
import { Session, type Stage, type Where } from './session.ts'

/** How often the time is drawn while something is under way, in milliseconds. */
const TICK = 250
/** Clears the screen for a program that gets the terminal. */
const CLEAR = '\x1b[2J\x1b[H'
const NO_ROOT = 'You are not root here: your program is checked, and run by r, in a user namespace in which you are.'

/** The commands behind the two keys that run something. */
async function wordsFor(what: What, lab: Lab, { line, section }: Where): Promise<readonly string[]> {
  if (what === 'program') return commandFor(copyOf(lab))
  if (what === 'editor') {
    const editor = editorAt(copyOf(lab), line)
    if (editor) return editor.words
    throw new UsageError('no editor was found: set $EDITOR, as in EDITOR=nano npm run learn')
  }
  const tsx = createRequire(import.meta.url).resolve('tsx')
  return [
    process.execPath,
    '--import',
    tsx,
    join(ROOT, 'book', 'press', 'book.ts'),
    'read',
    lab.slug,
    ...(section === undefined ? [] : [section]),
  ]
}

/** Why there is no chapter to read, if there is none. */
function missingChapter({ slug, manPages }: Lab): string | undefined {
  const chapter = join(ROOT, 'book', `${slug}.md`)
  if (existsSync(chapter)) return undefined
  return `${shown(chapter)} is not there. Read labs/${slug}.ts, and ${manPages.join(', ')}.`
}

/** Whether a chapter is shown by a program that waits for its reader. */
function hasPager(): boolean {
  const [name = ''] = (process.env['PAGER'] || 'less').split(' ')
  return basename(name) !== 'cat' && (name.includes('/') || findProgram(name) !== undefined)
}

/** What a key runs. */
type What = Parameters<Stage['run']>[0]

/** One session at one terminal. */
class Sitting {
  readonly session: Session
  readonly front: Display
  readonly isOver: Promise<void>
  #end = () => {}
  #isRunning = false

  constructor(lab: Lab, read: Read, timeout: number) {
    this.isOver = new Promise(resolve => {
      this.#end = resolve
    })
    const stage: Stage = {
      redraw: isNews => this.front.show(isNews),
      run: (what, which, where) => void this.#run(what, which, where),
      quit: this.#end,
    }
    this.session = new Session(lab, read, timeout, stage, knowsFewUsers() ? NO_ROOT : '')
    const drawn = () => new DrawnDisplay(this.session, () => this.#suspend())
    this.front = canDraw() ? drawn() : new PrintedDisplay(this.session, this.#end)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#end)
    for (const event of ['end', 'error', 'close']) process.stdin.on(event, () => this.#isRunning || this.#end())
  }

  async #run(what: What, lab: Lab, where: Where): Promise<void> {
    if (this.#isRunning) return
    const missing = what === 'chapter' ? missingChapter(lab) : undefined
    if (missing !== undefined) {
      this.session.say(missing)
      return
    }
    this.#isRunning = true
    try {
      const words = await wordsFor(what, lab, where)
      const isBeside = what === 'editor' && editorAt(copyOf(lab), where.line)?.takesTerminal === false
      if (isBeside) this.#startBeside(words)
      else await this.#giveTerminal(what, words)
    } catch (error) {
      this.session.say(describeError(error))
    }
    this.#isRunning = false
    this.front.enter()
  }

  /** Starts an editor that has a window of its own. */
  #startBeside([program = '', ...words]: readonly string[]): void {
    const editor = spawn(program, words, { detached: true, stdio: 'ignore' })
    editor.on('error', error => this.session.say(describeError(error)))
    editor.unref()
  }

  async #giveTerminal(what: What, words: readonly string[]): Promise<void> {
    this.front.leave()
    if (canDraw()) process.stdout.write(CLEAR)
    const status = await runAtTerminal(words, ROOT)
    if (!status) this.#end()
    // What a pager shows stands there until the reader leaves it; without one the chapter would be gone at once.
    else if (what === 'chapter' && status.code === 0) await (hasPager() ? undefined : this.front.pause('That was all.'))
    else if (what === 'program' || status.code !== 0) await this.front.pause(`It ${describeEnd(status)}.`)
  }

  #suspend(): void {
    this.front.leave()
    process.once('SIGCONT', () => this.front.enter())
    // To the whole process group, as the terminal would send it.
    process.kill(0, 'SIGTSTP')
  }
}

/** Shows a session until the reader quits. */
export async function sit(lab: Lab, read: Read, timeout: number): Promise<never> {
  const { session, front, isOver } = new Sitting(lab, read, timeout)
  const timer = setInterval(() => session.isBusy && front.show(false), TICK)
  session.start()
  front.enter()
  await isOver
  clearInterval(timer)
  front.leave()
  await session.close()
  console.log(session.farewell)
  return process.exit()
}
