/**
 * What is shown to the reader: tasks, hints, the record, the questions, the comparison of two programs.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { widthOf } from '../../lib/lab/layout.ts'
import { findLab, LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { checkedLab } from '../labs/all.ts'
import { EVERY_LAB } from '../labs/claim.ts'
import type { ClaimReport, LabReport } from '../report/report.ts'

const folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
process.env['WORKBOOK_MINE'] = basename(folder)
after(() => rmSync(folder, { recursive: true }))

// The modules below read WORKBOOK_MINE when they are loaded.
const { blankLab, lineOfTask, openTaskNumbers, putBack, regionLines } = await import('../labs/tasks.ts')
const { compareLines, comparePage } = await import('./pages/compare.ts')
const { standing } = await import('./mine/evidence.ts')
const { hintsFor } = await import('./mine/hints.ts')
const { listPage } = await import('./pages/list.ts')
const { mainPage } = await import('./pages/main.ts')
const { copyOf, setAside, writeCopy } = await import('./mine/mine.ts')
const { frame } = await import('./pages/page.ts')
const { parseProgress, readProgress, recordPredictions, recordStart, recordTasks } = await import('./mine/progress.ts')
const { comparisonPage, Quiz } = await import('./quiz.ts')
const { puzzlePage } = await import('./pages/puzzle.ts')
const { keysIn } = await import('./pages/screen.ts')
const { errorsOf } = await import('./type-errors.ts')
const { answerFrom, toReview } = await import('./review.ts')
const { bringBack, keep, keptOf } = await import('./mine/kept.ts')
const { editorAt } = await import('./mine/editor.ts')
const { contractOf } = await import('./mine/make.ts')
const { likeName } = await import('./mine/like-name.ts')

const LAB3 = findLab('lab3')
const { slug } = LAB3
const exercises = checkedLab(slug).exercises
const lab = readFileSync(join(ROOT, 'labs', `${slug}.ts`), 'utf8')
const all = blankLab(lab, slug, exercises)
const TITLES = [...checkedLab(slug).claims, ...EVERY_LAB].map(({ title }) => title)

/** A report in which the first claims hold, one does not, and nothing is known of the rest. */
function reportOf(holding: number, seen = 'something', output = '', end = 'exit code 1'): LabReport {
  const claims = TITLES.map((title, i): ClaimReport => {
    const isEnd = title === EVERY_LAB[0]?.title
    if (i < holding) return { title, section: '', verdict: 'holds' }
    const failure = { expected: 'e', seen: isEnd ? end : i === holding ? seen : 'other', cause: 'c', read: 'r' }
    return { title, section: '', verdict: 'does not hold', ...failure }
  })
  const time = { checker: 0, program: 0, waiting: 0 }
  const { number, title } = LAB3
  return { slug, number, title, program: '', verdict: 'does not hold', seconds: 1, time, output, claims }
}

test('a task is open as long as its call stands in the code, and not in a comment', () => {
  assert.deepEqual(openTaskNumbers(all).sort(), ['3.1', '3.2', '3.3', '3.4', '3.5', '3.6'])
  assert.deepEqual(openTaskNumbers("// openTask('3.1', 'x')\n/* skipTask('3.2', 'x')\n*/ const a = 1"), [])
  assert.deepEqual(openTaskNumbers("const [a] = openTask<[A<B>, ReturnType<typeof f>]>(\n  '2.2',\n  'x')"), ['2.2'])
  const line = lineOfTask(all, '3.2') as number
  assert.match(all.split('\n')[line - 1] ?? '', /^openTask\('3\.2'/)
})

test('one region put back leaves the other tasks open', () => {
  const once = putBack(all, lab, slug, ['ping'])
  assert.equal(openTaskNumbers(once).includes('3.6'), false)
  assert.equal(openTaskNumbers(once).length, 5)
  assert.match(once, /import \{ openTask \} from '\.\.\/lib\/lab\/task\.ts'/)
})

test('the task to look at is the first open one, or one before it whose claim does not hold', () => {
  const first = putBack(all, lab, slug, ['own-network', 'lay-the-pair'])
  assert.equal(standing(slug, first, reportOf(3)).current?.number, '3.3')
  // The veth pair was made, but wrong.
  assert.equal(standing(slug, first, reportOf(1)).current?.number, '3.2')
  const states = standing(slug, first, reportOf(1)).tasks.map(({ state }) => state)
  assert.deepEqual(states, ['proved', 'broken', 'open', 'open', 'open', 'open'])
})

test('of several tasks with one claim it is the one whose hints fit what was seen', () => {
  const seen = 'inside: lo down, veth1 down; outside: lo up, veth0 up 10.0.0.3/24'
  assert.equal(standing(slug, lab, reportOf(3, seen)).current?.number, '3.5')
  assert.equal(standing(slug, lab, reportOf(3, 'no network', 'veth1 is not running after 5 s')).current?.number, '3.3')
})

test('a program that does not end points to the task whose gate it is, however much of it is unknown', () => {
  const text = putBack(all, lab, slug, ['own-network', 'lay-the-pair', 'outer-address', 'open-the-gate'])
  const hangs = { ...reportOf(TITLES.length - EVERY_LAB.length, '', '', 'still running after 12 s, then ended') }
  const at = standing(slug, text, hangs)
  assert.equal(at.current?.number, '3.4')
  assert.match(hintsFor(at, hangs)[0] ?? '', /nobody has opened vethIsUp/)
})

test('hints are chosen by what was seen: the same task, the same claim, another first hint', () => {
  const first = (seen: string, output = '') => {
    const report = reportOf(1, seen, output)
    return hintsFor(standing(slug, lab, report), report)[0] ?? ''
  }
  const hints = [
    first('lo down'),
    first('lo down', 'RTNETLINK answers: File exists'),
    first('lo down', 'a command of the program failed (exit code 255): ip link\n  Error'),
    first('x', 'clone(child, CLONE_NEWNET): EPERM (Operation not permitted)'),
    first('x', 'ioctl(3, SIOCSIFADDR, "veth1"): ENODEV (No such device)'),
    first('x', 'setip: address must be an IPv4 address such as 10.0.0.4, not "10"'),
    first('x', 'gate: it was closed without being opened'),
    first('x'),
  ]
  assert.equal(new Set(hints).size, hints.length, hints.join('\n'))
  assert.equal(hints.at(-1), exercises[1]?.hints[0])
})

test('what cannot have been meant is hinted at first, in whichever task it is, and what has no line left is open', () => {
  const first = (name: string, region: string, code: string) => {
    const source = readFileSync(join(ROOT, 'labs', `${name}.ts`), 'utf8')
    const text = source.replace((regionLines(source, region) ?? []).join('\n'), () => code)
    const claim = { section: '', verdict: 'does not hold', expected: 'e', seen: 's', cause: 'c', read: 'r' } as const
    const claims = [...checkedLab(name).claims, ...EVERY_LAB].map(({ title }): ClaimReport => ({ title, ...claim }))
    const report = { ...reportOf(0), slug: name, claims }
    const at = standing(name, text, report)
    return [at.current?.exercise.region, at.current?.state, hintsFor(at, report, { source: text })[0]].join(' ')
  }
  const cases = [
    ['02-newpid', 'own-numbers', 'const pid = clone(child(1), CLONE_NEWPID)', /^own-numbers broken .*here and now/],
    [
      '02-newpid',
      'three-children',
      '  const all = [startGrandchild, startGrandchild]',
      /broken startGrandchild without \(\)/,
    ],
    ['03-newnet', 'open-the-gate', 'vethIsUp.open', /^open-the-gate broken .*\(\) calls it/],
    [
      '04-newns',
      'five-namespaces',
      'const pid = clone(child, F.CLONE_NEWNS & F.CLONE_NEWPID)',
      /broken Flags are combined/,
    ],
    ['06-freezer', 'freeze-it', 'group.freeze', /^freeze-it broken .*\(\) calls it/],
    ['06-freezer', 'work', '    // sleep(0.1)', /^work open /],
  ] as const
  for (const [name, region, code, pattern] of cases) assert.match(first(name, region, code), pattern)
})

test('while a task is open its hints are its own, whatever the program printed', () => {
  const report = reportOf(0, 'x', 'clone(): EPERM')
  assert.deepEqual(hintsFor(standing(slug, all, report), report), exercises[0]?.hints)
})

test('the record: what is done stays done, also when the file fails later', () => {
  recordStart(slug)
  recordTasks(slug, 6, true)
  const { done, tasks } = recordTasks(slug, 2, false).progress.labs[slug] ?? {}
  assert.match(done ?? '', /^\d{4}-\d\d-\d\d$/)
  assert.equal(tasks, 6)
  recordPredictions(slug, [{ question: 'lo', answer: 'up', kernel: 'down', isRight: false }])
  const text = readFileSync(join(folder, 'progress.json'), 'utf8')
  assert.deepEqual(parseProgress(text).faults, [])
  assert.equal(JSON.parse(text).version, 1)
})

test('a damaged record is kept aside, and what it still says goes on', () => {
  const file = join(folder, 'progress.json')
  const whole = readFileSync(file, 'utf8')
  const damages: [string, RegExp][] = [
    [whole.slice(0, whole.length / 2), /it is no JSON/],
    [whole.replace('"tasks": 6', '"tasks": "six"'), /tasks of 03-newnet is no number/],
    ['[]', /it is no record of labs/],
    [whole.replace('"version": 1', '"version": 99'), /its version is 99/],
    ['', /it is no JSON/],
  ]
  for (const [damaged, message] of damages) {
    writeFileSync(file, damaged)
    const before = readdirSync(folder).length
    const { progress, warning } = readProgress()
    assert.match(warning ?? '', message)
    assert.equal(readdirSync(folder).length, before + 1)
    assert.ok(progress.labs[slug]?.done, `${damaged} lost what was done`)
    assert.equal(readProgress().warning, undefined)
  }
})

test('half a record can be read without having seen the whole', () => {
  const text =
    '{\n "labs": {\n  "01-fork-vs-clone": {\n "done": "2026-11-25",\n "tasks": 5 },\n  "02-newpid": {\n "star'
  assert.deepEqual(parseProgress(text).progress.labs, {
    '01-fork-vs-clone': { done: '2026-11-25', tasks: 5 },
    '02-newpid': {},
  })
})

test('a copy is never written over, and a reset keeps every earlier one', () => {
  assert.equal(writeCopy(LAB3), true)
  writeFileSync(copyOf(LAB3), 'mine')
  assert.equal(writeCopy(LAB3), false)
  const kept = [setAside(copyOf(LAB3))]
  writeFileSync(copyOf(LAB3), 'mine, too')
  kept.push(setAside(copyOf(LAB3)))
  assert.deepEqual(
    kept.map(path => readFileSync(path, 'utf8')),
    ['mine', 'mine, too'],
  )
  assert.deepEqual(
    kept.map(path => basename(path)),
    [`${slug}.1.ts`, `${slug}.2.ts`],
  )
  mkdirSync(copyOf(LAB3))
  assert.equal(writeCopy(LAB3), false)
})

test('each lab asks two or three questions, each with a name of its own and a reason', () => {
  for (const { slug: each } of LABS) {
    const questions = checkedLab(each).questions
    assert.ok(questions.length === 2 || questions.length === 3, each)
    assert.equal(new Set(questions.map(({ name }) => name)).size, questions.length)
    for (const { choices, why } of questions) assert.ok((choices === undefined || choices.length > 1) && why !== '')
  }
})

test('a chapter lists the tasks of its lab as they are', () => {
  for (const { slug: each } of LABS) {
    const chapter = readFileSync(join(ROOT, 'book', `${each}.md`), 'utf8').replaceAll('`', '')
    const [, list = ''] = /^npm run exercise \S+ writes .*\n\n((?:\d\. .*\n)+)/m.exec(chapter) ?? []
    const tasks = checkedLab(each).exercises.map(({ task }, i) => `${i + 1}. ${task}\n`)
    assert.equal(list, tasks.join(''), each)
  }
})

test('answers are compared with what the kernel did, and what was skipped or not seen is neither right nor wrong', () => {
  const quiz = new Quiz(LAB3)
  for (const key of ['7', 'backspace', '1', 'enter', '9', '2', 's']) quiz.key(key)
  assert.deepEqual(quiz.answers, [1, 1, null])
  const shown = quiz.predictions([1, null, 1]).map(({ answer, kernel, isRight }) => [answer, kernel, isRight])
  assert.deepEqual(shown, [
    ['1', '1', true],
    ['no, it is down', null, false],
    [null, '1', false],
  ])
})

test('what was predicted wrong is asked again first, and what could not be seen then is not', () => {
  const one = (question: string, answer: string | null, kernel: string | null, isRight: boolean) => ({
    question,
    answer,
    kernel,
    isRight,
  })
  const [first, second, third] = checkedLab(slug).questions.map(({ name }) => name) as [string, string, string]
  const predictions = [one(first, '1', '1', true), one(second, null, 'x', false), one(third, '1', 'y', false)]
  const order = (list: typeof predictions) =>
    toReview({ labs: { [slug]: { predictions: list } } }).map(({ question }) => question.name)
  assert.deepEqual(order(predictions), [third, second, first])
  assert.deepEqual(order([one(first, '1', null, false)]), [])
  const choice = { name: '', text: '', choices: ['a', 'b'], truth: () => 0, why: '' }
  assert.deepEqual(
    ['2', '3', 'x'].map(typed => answerFrom(choice, typed)),
    ['b', undefined, undefined],
  )
})

test('a version that got further can be brought back, and only so many are kept', () => {
  for (let proved = 0; proved < 14; proved++) keep(LAB3, `version ${proved}`, proved)
  keep(LAB3, 'version 13', 13)
  const kept = keptOf(LAB3)
  assert.deepEqual(kept.map(({ proved }) => proved).slice(0, 2), [13, 12])
  assert.equal(kept.length, 9)
  rmSync(copyOf(LAB3), { recursive: true, force: true })
  writeFileSync(copyOf(LAB3), 'now')
  const aside = bringBack(LAB3, kept[1] as (typeof kept)[number])
  assert.deepEqual([readFileSync(copyOf(LAB3), 'utf8'), readFileSync(aside, 'utf8')], ['version 12', 'now'])
})

test('an editor is started at the line, each in its own way', () => {
  const at = (EDITOR: string) => editorAt('/x.ts', 7, { EDITOR, PATH: process.env['PATH'] })?.words.slice(1)
  assert.deepEqual(at('sh'), ['+7', '/x.ts'])
  assert.deepEqual(at('sh -e'), ['-e', '+7', '/x.ts'])
  assert.equal(at('no-such-editor'), undefined)
  assert.deepEqual(editorAt('/x.ts', 7, { EDITOR: '/opt/my/vim' })?.words, ['/opt/my/vim', '+7', '/x.ts'])
})

test('the contract of every lab is there for those who write it from nothing', () => {
  for (const each of LABS) assert.match(contractOf(each).join(' '), /\w{4}/, each.slug)
})

test('what a misspelt name may have meant', () => {
  const like = (name: string) => likeName(`x\nReferenceError: ${name} is not defined\n`, lab)?.[0] ?? ''
  assert.match(like('setpi'), /Did you mean setip\?/)
  assert.match(like('awaitRuning'), /Did you mean awaitRunning\?/)
  assert.match(like('something'), /Is it imported/)
  assert.equal(likeName('all is well', lab), undefined)
})

test('two programs are compared by their longest common part', () => {
  const stretches = compareLines(['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'd', 'e'])
  assert.deepEqual(
    stretches.map(({ isSame, left, right }) => [isSame, left.join(''), right.join('')]),
    [
      [true, 'a', 'a'],
      [false, 'b', 'x'],
      [true, 'cd', 'cd'],
      [false, '', 'e'],
    ],
  )
  assert.deepEqual(comparePage(LAB3, lab, lab, { columns: 80, rows: 24 }).body, [' They are the same, line for line.'])
})

test('no page is wider than the screen, or higher, however small that is', () => {
  const report = reportOf(3, 'inside: lo down, veth1 down; outside: veth0 up 10.0.0.3/24', 'a line\n'.repeat(20))
  const at = standing(slug, all, report)
  const view = {
    lab: LAB3,
    problem: [],
    status: 's',
    standing: at,
    report,
    types: ['line 1: x'],
    stuck: 'x',
    isAsking: true,
    hasPuzzle: true,
    progress: { labs: {} },
    wasDone: true,
  }
  for (const size of [80, 120, 40, 20].map(columns => ({ columns, rows: Math.ceil(columns / 3.3) }))) {
    const pages = [
      mainPage({ ...view, hints: hintsFor(at, report), hintCount: 3, message: 'm' }, size),
      comparePage(LAB3, all, lab, size),
      new Quiz(LAB3).page(size),
      listPage(readProgress().progress, size),
      comparisonPage(LAB3, [{ question: 'lo', answer: null, kernel: null, isRight: false }], 'remark', size),
      ...at.tasks.map(task => puzzlePage(task, lab, size)),
    ]
    for (const page of pages) {
      const lines = frame(page, size, 3)
      assert.ok(lines.length <= size.rows)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
      for (const line of lines) assert.ok(widthOf(line.replace(/\x1b\[[0-9;]*m/g, '')) <= size.columns, line)
    }
  }
})

test('keys are read one by one, also those that are sequences', () => {
  assert.deepEqual(keysIn('h\x1b[A\x1bOB\x1b[5~\r\x03é'), ['h', 'up', 'down', 'page-up', 'enter', 'ctrl-c', 'é'])
})

test("of the compiler's words only those about the reader's file are shown", () => {
  const printed =
    'mine/03-newnet.ts(57,7): error TS2554: Expected 2 arguments.\nmine/other.ts(1,1): error TS1: x\n  more\n'
  assert.deepEqual(errorsOf(printed, '03-newnet.ts'), ['line 57: Expected 2 arguments.'])
})
