/**
 * A sitting of every lab, from its empty exercise to its end, on screens of three sizes: what is to be seen on each.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { bundlePath } from '../../lib/engine/bundle-cache.mjs'
import { startWords } from '../../lib/engine/start-words.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { WNOHANG, waitpid } from '../../lib/process.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { checkedLab } from '../labs/all.ts'
import { putBack, regionLines } from '../labs/tasks.ts'
import { joined, type ScreenSize, ScreenUser } from '../testing/screen-user.ts'

/** From a comfortable window to the narrowest that is promised. */
const SIZES: readonly ScreenSize[] = [
  { columns: 100, rows: 35 },
  { columns: 80, rows: 24 },
  { columns: 50, rows: 16 },
]
/** The line that says how much of a page is above, and how much below. */
const ARROWS = /^ +(↑ \d+ lines|↓ \d+ more lines)/
const [UP, DOWN] = ['\x1b[A', '\x1b[B']

/** One mistake in each lab: where, what stands there, and the first words of the hint. */
const MISTAKES: Readonly<Record<string, readonly [region: string, code: string, hint: RegExp]>> = {
  '01-fork-vs-clone': ['changes', '  closeSync(file)', /stays where it is/],
  '02-newpid': ['own-numbers', 'const pid = clone(child, SIGCHLD, getpid())', /has its number where you have yours/],
  '03-newnet': ['own-network', 'const pid = clone(child, SIGCHLD)', /lives in your own network/],
  '04-newns': ['private-mounts', "  mount('none', '/', null, MS_PRIVATE)", /MS_REC takes all those below it along/],
  '05-memory-oom': ['limit', 'group.limitMemory(20 * 1024 * 1024)', /mebibytes/],
  '06-freezer': ['freeze-it', 'group.freeze', /\(\) calls it/],
  '08-layers': [
    'small-layer',
    "const small = { 'etc/hosts': 'x\\n', 'srv/index.html': 'hello\\n' }",
    /removes nothing/,
  ],
  '09-bridge': ['ports', 'setMaster(cables[0], bridge)', /One cable is a port/],
  '07-userns': ['less', '  capset({ effective: 0n, permitted: 0n, inheritable: 0n })', /PR_CAPBSET_DROP/],
}

/** That of a lab; one without a row of its own fails in its first task. */
const mistakeIn = (slug: string) =>
  MISTAKES[slug] ?? ([checkedLab(slug).exercises[0]?.region ?? '', "throw new Error('not yet')", /\w/] as const)

/** A reader at a lab. */
class Reader {
  readonly slug: string
  readonly number: number
  readonly folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
  readonly file: string
  readonly own: string
  readonly user: ScreenUser
  #saves = 0

  constructor({ slug, number }: (typeof LABS)[number]) {
    this.slug = slug
    this.number = number
    this.file = join(this.folder, `${slug}.ts`)
    this.own = readFileSync(join(ROOT, 'labs', `${slug}.ts`), 'utf8')
    const editor = this.#script('editor.sh', 'echo "editor: $*"')
    // Like less, which is told by a variable at which line to begin.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell.
    const pager = this.#script('pager.sh', 'n=${LESS##*+}; tail -n +"${n%g}" | head -n 9')
    // All the other labs are done, so that this one's end is the end of all.
    const labs = Object.fromEntries(LABS.filter(each => each.slug !== slug).map(each => [each.slug, DONE]))
    writeFileSync(join(this.folder, 'progress.json'), JSON.stringify({ version: 1, labs }))
    // Asked for both, a newer Node warns of it on the terminal, in the midst of a page.
    const { NO_COLOR: _noColour, ...inherited } = process.env
    const env = { ...inherited, TERM: 'xterm', FORCE_COLOR: '1', EDITOR: editor, VISUAL: '', PAGER: pager }
    const words = [process.execPath, ...startWords(), 'checks/learn/learn.ts', slug]
    this.user = new ScreenUser(words, ROOT, { ...env, WORKBOOK_MINE: basename(this.folder) }, SIZES[0] as ScreenSize)
    after(() => {
      this.user.close()
      rmSync(this.folder, { recursive: true })
      rmSync(bundlePath(this.file), { force: true })
    })
  }

  /** A program that does something at the terminal and waits for Enter. */
  #script(name: string, command: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, `#!/bin/sh\n${command}\nread -r _ < /dev/tty\n`)
    chmodSync(path, 0o755)
    return path
  }

  /** Saves the lab as it is, with one region as the reader has written it. */
  save(region?: string, code = ''): void {
    const regions = checkedLab(this.slug).exercises.map(each => each.region)
    const text = putBack(readFileSync(this.file, 'utf8'), this.own, this.slug, regions)
    const lines = region === undefined ? '' : (regionLines(text, region) ?? []).join('\n')
    // A comment makes every save another text.
    const saved = region === undefined ? text : text.replace(lines, () => code)
    writeFileSync(this.file, `${saved}// ${++this.#saves}\n`)
  }

  /**
   * All of a page by scrolling, on each of the screens: nothing is cut, and what a reader needs at once is seen at once.
   * @param atOnce is on the screen before anything is scrolled
   * @param inAll can be reached by scrolling
   */
  async looks(atOnce: readonly RegExp[], inAll: readonly (RegExp | string)[] = []): Promise<void> {
    for (const size of SIZES) {
      await this.user.resize(size)
      const where = `on ${size.columns} by ${size.rows}`
      this.user.isWhole()
      const seen = this.user.lines
      for (const pattern of atOnce)
        assert.match(joined(seen), pattern, `${pattern} not at once ${where}:\n${seen.join('\n')}`)
      const all = await this.#scroll()
      for (const text of inAll)
        assert.ok(
          typeof text === 'string' ? all.replace(/ /g, '').includes(text.replace(/ /g, '')) : text.test(all),
          `${text} is nowhere ${where}:\n${all}`,
        )
    }
  }

  /** Everything of the page, line by line to its end and back. */
  async #scroll(): Promise<string> {
    const { user } = this
    const above = () => Number(/↑ (\d+) lines/.exec(user.lines.join('\n'))?.[1] ?? 0)
    const below = () => Number(/↓ (\d+) more lines/.exec(user.lines.join('\n'))?.[1] ?? 0)
    // What stands below the lines that are scrolled is there once, and at the end.
    const arrows = user.lines.findIndex(line => ARROWS.test(line))
    const seen = [...user.lines.slice(0, arrows < 0 ? undefined : arrows)]
    const foot = arrows < 0 ? [] : user.lines.slice(arrows + 1)
    while (below() > 0) {
      const step = Math.min(below(), Math.max(1, arrows - 4))
      const next = above() + step
      user.type(DOWN.repeat(step))
      await user.until(() => above() === next, `↑ ${next} lines`)
      user.isWhole()
      // The lines that have come in at the end stand above the line with the arrows.
      const mark = user.lines.findIndex(line => ARROWS.test(line))
      seen.push(...user.lines.slice(mark - step, mark))
    }
    user.type(UP.repeat(above()))
    await user.until(() => above() === 0, 'the first line')
    return joined([...seen, ...foot])
  }

  /** Waits for the end of the program. */
  async ends(): Promise<number | null> {
    let code: number | null = null
    await this.user.until(() => {
      const waited = waitpid(this.user.pid, WNOHANG)
      code = waited.code
      return waited.pid !== 0
    }, 'the end')
    return code
  }
}

const DONE = { done: '2026-01-01', tasks: 5, predictions: [] }
const KEYS = [/h hint/, /o open/, /c chapter/, /\? keys/, /q quit/]
const SIGNS = [
  '· not written',
  '○ written',
  '✔ proved',
  '✘ broken',
  '▸ the task',
  '! what your',
  '? a claim that cannot',
]

/** Goes to a page by a key, looks at it, and comes back. */
async function looksInto(reader: Reader, key: string, atOnce: RegExp, inAll: readonly string[] = []): Promise<void> {
  const { user } = reader
  user.type(key)
  // A word of the page before it may look the same.
  await user.until(
    screen => atOnce.test(joined(screen.split('\n'))) && screen.includes('q back'),
    `${atOnce} and q back`,
  )
  await reader.looks([atOnce, /q back/], inAll)
  user.type('q')
  await user.sees(/q quit/)
}

/** Lets a program have the terminal, and comes back by Enter. */
async function runs({ user }: Reader, key: string, pattern: RegExp): Promise<void> {
  user.type(key)
  // A word of the page before it may look the same.
  const isThere = (screen: string) => pattern.test(screen) || pattern.test(joined(screen.split('\n')))
  await user.until(screen => isThere(screen) && !screen.includes('q quit'), String(pattern))
  user.type('\r')
  await user.sees(/q quit/)
}

/** Everything that is asked before the lab is run, and the answers beside what the kernel did. */
async function predicts(reader: Reader): Promise<void> {
  const { user } = reader
  const { questions } = checkedLab(reader.slug)
  for (const [at, question] of questions.entries()) {
    await user.sees(new RegExp(`${at + 1} of ${questions.length} `))
    const choices = question.choices ?? []
    await reader.looks(
      [/s skips this one/, ...(choices.length > 0 ? [/ 1 \S.* 2 \S/] : [/your answer: /])],
      [question.text, ...choices],
    )
    user.type(question.choices ? '1' : '1\r')
  }
  // Beside a long title there is no room for more.
  await user.sees(/predicted/)
  await user.sees(/enter goes on/)
  await reader.looks(
    [/you: /, /the kernel: /, /enter goes on/],
    questions.flatMap(({ text, why }) => [text, why]),
  )
  user.type('\r')
}

/** The labs in which the same mistake is saved three times: what is offered then is no other in the rest. */
const TRIED_AGAIN = [1, 4]

/** The same mistake twice more: the lines of the task are offered, and then the reader is asked. */
async function failsAgain(reader: Reader, task: RegExp, text: string): Promise<void> {
  const { user } = reader
  const [region, code] = mistakeIn(reader.slug)
  reader.save(region, code)
  await user.sees(/p its lines/)
  await looksInto(reader, 'p', /It is done in/, [text])
  reader.save(region, code)
  await user.sees(/Three times the same/)
  await reader.looks([task, /Three times the same/, /Enter shows/, /what do you expect/, ...KEYS])
  user.type('\r')
  await user.until(screen => !screen.includes('Three times'), 'what happened')
}

for (const lab of LABS)
  test(`a sitting of lab ${lab.number}, from the empty exercise to the end`, async () => {
    const reader = new Reader(lab)
    const { user, slug } = reader
    const { exercises, claims } = checkedLab(slug)
    const [region, mistake, hint] = mistakeIn(slug)
    const place = exercises.findIndex(each => each.region === region)
    const head = new RegExp(`Lab ${lab.number} of ${LABS.length}: ${lab.title} `)
    await predicts(reader)

    await user.sees(/checked in/)
    const tally = (proved: string) => new RegExp(` ${proved} of ${exercises.length}\\b`)
    const [first] = exercises
    await reader.looks(
      [head, tally('0'), /·{3}|▸· /, new RegExp(`${lab.number}\\.1 `), /✘ /, ...KEYS],
      [first?.task ?? '', 'what happened:'],
    )

    reader.save(region, mistake)
    const task = new RegExp(`✘[✔○]* +${lab.number}\\.${place + 1} `)
    await user.sees(task)
    user.type('h')
    await user.sees(/hint 1 of \d/)
    await reader.looks([head, tally('\\d'), task, /\(line \d+\)/, /hint 1 of \d/, ...KEYS], [hint, /✘ \w/])
    await looksInto(reader, '?', /Keys and signs/, SIGNS)
    await looksInto(
      reader,
      'l',
      /The labs: /,
      LABS.map(({ title }) => title),
    )
    user.type('m')
    await user.sees(/m begins a harder one/)
    await reader.looks([/m begins a harder one/, ...KEYS])
    await runs(reader, 'o', new RegExp(`editor: \\+\\d+ .*${slug}\\.ts`))
    const sections = claims.map(({ section }) => section.replaceAll('-', '[ -]'))
    await runs(reader, 'c', new RegExp(`^[# ]*(${sections.join('|')})`, 'im'))

    if (TRIED_AGAIN.includes(lab.number)) await failsAgain(reader, task, exercises[place]?.task ?? '')

    reader.save()
    await user.sees(new RegExp(`Lab ${lab.number} is done`))
    const known = checkedLab(slug)
      .questions.slice(0, 3)
      .map(({ why }) => why)
    await reader.looks(
      [
        head,
        // How long a child has slept cannot be judged on a machine that is too busy; what it did wrong can.
        tally('\\d'),
        /✔{3}|✔ /,
        new RegExp(`Lab ${lab.number} is done`),
        /s compare/,
        /m make/,
      ],
      [...known, 'Together your programs are a container:', 'What comes next:'],
    )
    await looksInto(reader, 'u', /earlier versions of your file/, [`${exercises.length} of ${exercises.length} tasks`])
    await looksInto(reader, 's', /yours/)
    user.type('m')
    await user.sees(/has what it must do/)
    await reader.looks([/has what it must do, and nothing else/])
    user.type('n')
    await user.sees(lab.number < LABS.length ? new RegExp(`Lab ${lab.number + 1}`) : /all the others are done/)
    user.type('q')
    await user.sees(/tasks proved\. npm run learn/)
    assert.equal(await reader.ends(), 0)
  })
