/**
 * How a story is shown: its lines, its picture, its JSON; that names in it can do nothing; and what is wrong usage.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { chromium } from 'playwright-core'
import { startWords } from '../../../lib/engine/start-words.ts'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import type { StoryEvent, Told, What } from '../../observer/story/event.ts'
import type { Report } from '../report.ts'
import { concerning } from './concern.ts'
import { fold, linesThatCount, storyLines } from './lines.ts'
import { drawPicture } from './picture.ts'
import { layLines } from './print.ts'

const CHECK = [...startWords(), 'checks/check.ts']
const EVERY_CALL = 'checks/judge/fixtures/every-call.py'
const folder = mkdtempSync(join(tmpdir(), 'story-'))
after(() => rmSync(folder, { recursive: true }))
const executablePath = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map(findProgram).find(Boolean)
const python = { skip: !findProgram('python3') && 'no python3' }

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function check(...words: readonly string[]): Promise<Result> {
  const started = spawn(process.execPath, [...CHECK, ...words], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', INIT_CWD: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  let [stdout, stderr] = ['', '']
  started.stdout.setEncoding('utf8').on('data', text => (stdout += text))
  started.stderr.setEncoding('utf8').on('data', text => (stderr += text))
  return new Promise(resolve => started.on('close', code => resolve({ code, stdout, stderr })))
}

/** A text that is no XML makes a parser throw. */
async function parseXml(text: string): Promise<void> {
  const { code, stderr } = await new Promise<Result>(resolve => {
    const parser = spawn('python3', ['-c', 'import sys, xml.dom.minidom as x; x.parseString(sys.stdin.buffer.read())'])
    let said = ''
    parser.stderr.setEncoding('utf8').on('data', more => (said += more))
    parser.on('close', exit => resolve({ code: exit, stdout: '', stderr: said }))
    parser.stdin.end(text)
  })
  assert.equal(code, 0, stderr)
}

const NAMESPACES = { cgroup: 1, ipc: 2, mnt: 3, net: 4, pid: 5, user: 6, uts: 7 }
const [MAIN, CHILD] = [100, 101]

/** A story of a program that has made a child, which then did all this. */
function story(...acts: readonly What[]): Told {
  const who = (pid: number) => ({ pid, numbers: [pid, pid + 900], program: 'lab.ts' })
  const made: What = {
    kind: 'clone',
    call: 'clone',
    flags: 'CLONE_NEWNET|SIGCHLD',
    makes: ['net'],
    child: CHILD,
    childNumbers: [CHILD, 1001],
    answer: 'done',
  }
  const parts: (readonly [number, What])[] = [
    [MAIN, { kind: 'birth', parent: 1, namespaces: NAMESPACES }],
    [MAIN, made],
    [CHILD, { kind: 'birth', parent: MAIN, namespaces: { ...NAMESPACES, net: 44 } }],
    ...acts.map(what => [CHILD, what] as const),
    [CHILD, { kind: 'exit', code: 0 }],
    [MAIN, { kind: 'exit', code: 0 }],
  ]
  const events: StoryEvent[] = parts.map(([pid, what], i) => ({ order: i + 1, time: i * 10, who: who(pid), what }))
  return { version: 1, events, dropped: 0, namespaces: NAMESPACES, program: MAIN }
}

const texts = (told: Told) => linesThatCount(told).map(({ who, text }) => `${who} ${text}`)
const signal = (number: number): What => ({ kind: 'signal', call: 'kill', signal: 'SIGUSR1', number, answer: 'ESRCH' })

test('processes are called by the numbers that the program itself prints', () => {
  assert.deepEqual(texts(story(signal(7))), [
    '1000 clone(CLONE_NEWNET|SIGCHLD) = 1001',
    '1001 kill(7, SIGUSR1): ESRCH',
    '1001 ends with exit code 0',
    '1000 ends with exit code 0',
  ])
})

test('lines that repeat themselves are folded into one with a count, also where several take turns', () => {
  const same = story(...Array.from({ length: 50 }, (_, i) => signal(i)))
  assert.deepEqual(
    storyLines(same, false).map(({ text }) => text),
    [
      'clone(CLONE_NEWNET|SIGCHLD) = 1001',
      'kill(0, SIGUSR1): ESRCH',
      '… the like, 49 times more',
      'ends with exit code 0',
      'ends with exit code 0',
    ],
  )
  const [first, second] = linesThatCount(story(signal(1), { kind: 'chroot', target: 'fs', answer: 'done' })).slice(1, 3)
  assert.ok(first && second)
  const turns = fold(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? first : second)))
  assert.deepEqual(
    turns.map(({ text }) => text),
    ['kill(1, SIGUSR1): ESRCH', 'chroot("fs")', '… these 2 lines, 9 times more'],
  )
  assert.equal(storyLines(same, true).length, 55, 'all leaves nothing out')
})

test('on a narrow terminal no line is too long, and the program has no column', () => {
  const lines = storyLines(story(signal(7), { kind: 'hostname', name: 'x'.repeat(64), answer: 'done' }), false)
  const wide = layLines(lines, Number.POSITIVE_INFINITY)
  assert.equal(wide[1], '  30.0 ms  1001  lab.ts  kill(7, SIGUSR1): ESRCH')
  for (const columns of [20, 40, 80]) {
    const laid = layLines(lines, columns)
    assert.ok(laid.every(line => line.length <= columns && !line.includes('lab.ts')))
  }
  assert.equal(layLines(lines, 80)[1], '  30.0 ms  1001  kill(7, SIGUSR1): ESRCH')
})

test('the lines that a failed claim is about, five at the most', () => {
  const told = story(
    { kind: 'chroot', target: 'fs', answer: 'done' },
    ...Array.from({ length: 9 }, (_, i) => signal(i)),
  )
  const about = (title: string) => concerning(told, { title }).map(({ text }) => text)
  assert.deepEqual(about("its root is ./fs, and not the machine's"), ['chroot("fs")'])
  assert.ok(about('PID 1 kills 2').some(text => text.startsWith('kill(')))
  assert.ok(about('something else entirely').length <= 5)
})

test(
  'a picture is one SVG with a text alternative, in light and dark, and its texts are only texts',
  python,
  async () => {
    const bad = '</text><script>alert(1)</script>&"\'>'
    const told = story({ kind: 'hostname', name: bad, answer: 'done' }, signal(3), {
      kind: 'write',
      group: bad,
      file: bad,
      text: bad,
      answer: bad,
    })
    const picture = drawPicture({ number: 3, title: bad }, told)
    await parseXml(picture)
    assert.match(picture, /^<svg [^>]*role="img">\n<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/)
    assert.match(picture, /prefers-color-scheme:dark/)
    assert.doesNotMatch(picture, /<script|<\/text><s/)
    assert.match(picture, /in a network namespace of its own/)
    assert.match(picture, /clone\(CLONE_NEWNET\|SIGCHLD\) = 1001/)
  },
)

test('a child that goes down from user namespace to user namespace does not fill the legend', () => {
  const events: StoryEvent[] = [...story().events]
  for (let i = 0; i < 30; i++) {
    const who = { pid: 5000 + i, numbers: [5000 + i], program: 'deep' }
    const namespaces = { ...NAMESPACES, user: 9000 + i }
    events.push({ order: events.length + 1, time: 100 + i, who, what: { kind: 'birth', parent: MAIN, namespaces } })
  }
  const picture = drawPicture({ number: 7, title: 'x' }, { ...story(), events })
  const legend = [...picture.matchAll(/>([^<]*in a user namespace of its own[^<]*)</g)].map(([, words]) => words)
  assert.ok(legend.length <= 6, legend.join('; '))
  assert.match(legend.at(-1) ?? '', /^\d+ more in a user namespace of its own, in these colours again$/)
})

test('a picture of thousands of processes stays one that can be looked at', () => {
  const events: StoryEvent[] = [...story().events]
  for (let i = 0; i < 3000; i++) {
    const who = { pid: 5000 + i, numbers: [5000 + i, 6000 + i], program: 'bomb' }
    const base = { order: events.length + 1, time: 100 + i, who }
    events.push({ ...base, what: { kind: 'birth', parent: i % 2 ? MAIN : CHILD, namespaces: NAMESPACES } })
  }
  const picture = drawPicture({ number: 1, title: 'x' }, { ...story(), events })
  assert.match(picture, /2\d{3} processes more are not drawn/)
  assert.ok(picture.length < 100_000)
  assert.ok(Number(/width="(\d+)"/.exec(picture)?.[1]) < 4000)
})

const CHROMIUM = { skip: !executablePath && 'chromium is not installed' }
test('the command: lines, JSON and pictures of real programs', { concurrency: 3 }, async suite => {
  const tests: Record<string, () => Promise<void>> = {
    'lines come behind the claims, and say who did what, when and from where': async () => {
      const { code, stdout } = await check('lab2', '--story')
      assert.equal(code, 0)
      const [claims = '', lines = ''] = stdout.split('what happened:\n')
      assert.match(claims, /✔ PID 1 kills 2/)
      assert.match(
        lines,
        /^ +[\d.]+ ms {2}(\d+) +02-newpid\.ts {2}clone\(CLONE_NEWPID\|SIGCHLD\) = (\d+), which is 1 inside {2}\[labs\/02-newpid\.ts:\d+\]$/m,
      )
      assert.match(lines, /^ +[\d.]+ ms {2}\d+\/1 +02-newpid\.ts {2}kill\(2, SIGKILL\), to \d+\/2 {2}\[labs/m)
      assert.doesNotMatch(lines, /makes a thread|is born/)
    },
    '--story all leaves nothing out': async () => {
      const { stdout } = await check('lab2', '--story', 'all')
      assert.match(stdout, /what happened, all of it:[\s\S]*makes a thread[\s\S]*is born/)
    },
    'JSON has the documented fields, and no story where none is asked for': async () => {
      const { labs } = JSON.parse((await check('lab2', '--json', '--story')).stdout) as Report
      const told = labs[0]?.story
      assert.deepEqual(Object.keys(told ?? {}).sort(), ['dropped', 'events', 'namespaces', 'program', 'version'])
      assert.deepEqual([told?.version, told?.dropped], [1, 0])
      const kill = told?.events.find(({ what }) => what.kind === 'signal')
      assert.deepEqual(Object.keys(kill ?? {}).sort(), ['line', 'order', 'time', 'what', 'who'])
      assert.deepEqual(Object.keys(kill?.who ?? {}).sort(), ['numbers', 'pid', 'program'])
      assert.equal(kill?.who?.numbers.length, (told?.events[0]?.who?.numbers.length ?? 0) + 1)
      assert.deepEqual(Object.keys(kill?.what ?? {}).sort(), ['answer', 'call', 'kind', 'number', 'signal'])
      const without = JSON.parse((await check('lab2', '--json')).stdout) as Report
      assert.ok(without.labs[0] && !('story' in without.labs[0]))
    },
    'a picture is written to the file': async () => {
      const file = join(folder, 'lab2.svg')
      const { code, stdout } = await check('lab2', '--story', file)
      assert.deepEqual([code, stdout.includes(`the story is drawn in ${file}`)], [0, true])
      assert.match(readFileSync(file, 'utf8'), /<title>Lab 2, A PID namespace: what happened<\/title>/)
    },
  }
  await Promise.all(Object.entries(tests).map(([title, body]) => suite.test(title, body)))
})

test('the picture of the README shows what a run of lab 2 is today, but for its numbers and times', async () => {
  const file = join(folder, 'readme.svg')
  assert.equal((await check('lab2', '--story', file)).code, 0)
  const said = (path: string) =>
    [...readFileSync(path, 'utf8').matchAll(/<text class="s[tls]"[^>]*>(.*)<\/text>/g)]
      .map(([, text = '']) => text.replace(/\d[\d.]*/g, '0'))
      // Where time is marked, and how long a pause was, depends on the machine.
      .filter(text => !/^0 m?s( pass)?$/.test(text))
  const redraw = 'npm run check lab2 -- --story book/pictures/02-story.svg draws it anew'
  assert.deepEqual(said(file), said(join(ROOT, 'book', 'pictures', '02-story.svg')), redraw)
})

test('names of a program do nothing in its story: in lines, JSON and a picture', python, async () => {
  const file = join(folder, 'hostile.svg')
  const [lines, json, drawn] = await Promise.all([
    check('lab3', EVERY_CALL, '--story', 'all'),
    check('lab3', EVERY_CALL, '--story', '--json'),
    check('lab3', EVERY_CALL, '--story', file),
  ])
  for (const { stdout, code } of [lines, json, drawn]) {
    assert.equal(code, 1)
    assert.deepEqual(
      [...stdout].filter(each => /[\p{Cc}\p{Cf}\p{Cs}]/u.test(each) && each !== '\n'),
      [],
    )
    assert.doesNotMatch(stdout, /\]\]>/)
  }
  assert.match(lines.stdout, /sethostname\("a\\n\\x1b\[31m<script>\]\]\\x3e&""\)/)
  const told = (JSON.parse(json.stdout) as Report).labs[0]?.story
  assert.ok(told?.events.some(({ what }) => what.kind === 'hostname' && what.name.startsWith('a\\n\\x1b[31m<script>')))
  assert.ok(told?.events.some(({ who }) => who?.program.includes('<script')))
  await parseXml(readFileSync(file, 'utf8'))
})

test('a picture in a browser: it parses, nothing in it runs, and it has its colours', CHROMIUM, async () => {
  const file = join(folder, 'browser.svg')
  const { code } = await check('lab3', EVERY_CALL, '--story', file)
  assert.equal(code, 1)
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
  try {
    const grounds = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme })
      await page.goto(`file://${file}`)
      const found = await page.evaluate(() => ({
        name: document.documentElement.nodeName,
        errors: document.querySelectorAll('parsererror, script').length,
        ground: getComputedStyle(document.querySelector('rect') as Element).fill,
        outside: [...document.querySelectorAll('text')].filter(
          each => each.getBBox().x + each.getBBox().width > Number(document.documentElement.getAttribute('width')),
        ).length,
      }))
      assert.deepEqual([found.name, found.errors, found.outside], ['svg', 0, 0])
      grounds.push(found.ground)
    }
    assert.notEqual(grounds[0], grounds[1])
  } finally {
    await browser.close()
  }
})

test('wrong usage is a sentence, exit code 2, and nothing is run', async () => {
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [
      ['lab2', '--story', 'everything'],
      /--story must be alone, or all, or a file that ends in \.svg, not "everything"/,
    ],
    [['--story', 'x.svg'], /--story x\.svg is the picture of one lab\nhint: name the lab/],
    [['lab2', '--story', join(folder, 'no', 'x.svg')], /x\.svg cannot be written: .*ENOENT.*\nhint: /],
    [['lab2', '--story', '/proc/x.svg'], /\/proc\/x\.svg cannot be written/],
    [['lab2', '--story', '--reporter', 'tap'], /--story and --reporter are two views: choose one/],
    [['lab2', '--story', `${folder}/a-folder.svg`], /EISDIR/],
  ]
  mkdirSync(join(folder, 'a-folder.svg'))
  for (const [words, message] of wrong) {
    const { code, stdout, stderr } = await check(...words)
    assert.deepEqual([code, stdout], [2, ''], words.join(' '))
    assert.match(stderr, message)
  }
})
