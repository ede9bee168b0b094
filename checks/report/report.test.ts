/**
 * What a check says, and to whom: its views, its exit codes, and that no program can write in its report.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import test from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { widthOf, wrap } from '../../lib/lab/layout.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { harmlessLine, harmlessLines } from '../judge/sanitize.ts'
import type { Report } from './report.ts'

const CHECK = [process.execPath, ...startWords(), 'checks/check.ts']
const FORGER = 'checks/labs/01-fork-vs-clone/wrong/forged-report.c'
/** It fails in one claim. */
const WRONG = 'checks/labs/01-fork-vs-clone/wrong/opened-once.c'
/** A check where another file is mounted over the kernel's log. */
const MOUNTED = [process.execPath, ...startWords(), 'lib/testing/fixtures/mounted.ts']
const NO_LOG = [...MOUNTED, 'bind', '/dev/null', '/dev/kmsg', ...CHECK, 'lab5']
const ESCAPE = '\x1b['
/** What a report may contain only on a terminal. */
const isControl = (character: string) => /[\p{Cc}\p{Cf}\p{Cs}]/u.test(character) && !'\n\t'.includes(character)

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const [file = '', ...args] = words
  const started = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  let [stdout, stderr] = ['', '']
  started.stdout.setEncoding('utf8').on('data', text => (stdout += text))
  started.stderr.setEncoding('utf8').on('data', text => (stderr += text))
  return new Promise(resolve => started.on('close', code => resolve({ code, stdout, stderr })))
}

const check = (...args: string[]) => run([...CHECK, ...args])
const keys = (thing: object | undefined) => Object.keys(thing ?? {}).sort()

async function json(words: readonly string[], code: number): Promise<Report> {
  const { stdout, ...rest } = await run([...words, '--json'])
  assert.deepEqual(rest, { code, stderr: '' })
  const found = JSON.parse(stdout) as Report
  assert.equal(found.version, 1)
  assert.equal(found.summary.exitCode, code)
  return found
}

test('the views', { concurrency: 4 }, async suite => {
  const tests: Record<string, () => Promise<void>> = {
    'JSON of a lab that holds has the documented fields': async () => {
      const { labs, summary } = await json([...CHECK, 'lab1'], 0)
      const [lab] = labs
      assert.deepEqual(keys(lab), [
        'claims',
        'number',
        'output',
        'program',
        'seconds',
        'slug',
        'time',
        'title',
        'verdict',
      ])
      assert.equal(lab?.verdict, 'holds')
      assert.deepEqual(keys(lab?.claims[0]), ['section', 'title', 'verdict'])
      assert.deepEqual(keys(summary), ['claims', 'exitCode', 'seconds', 'time', 'verdict'])
      const { startUp, checker, program, waiting } = summary.time
      assert.ok(Math.min(startUp, checker, program, waiting) >= 0 && startUp > 0 && checker > 0)
      // Each figure is rounded. How long it took to hear of the judge's end is in the whole alone.
      const parts = lab ? lab.time.checker + lab.time.program + lab.time.waiting : 0
      assert.ok(Math.abs(parts - (lab?.seconds ?? 0)) < 0.005)
      assert.ok(startUp + checker + program + waiting <= summary.seconds + 0.005)
    },
    'JSON of a lab that fails says what was expected, what was seen, why and what to read': async () => {
      const { labs, summary } = await json([...CHECK, 'lab1', WRONG], 1)
      const failed = labs[0]?.claims.find(({ verdict }) => verdict === 'does not hold')
      assert.deepEqual(keys(failed), ['cause', 'expected', 'read', 'section', 'seen', 'title', 'verdict'])
      assert.deepEqual([labs[0]?.program, labs[0]?.verdict], [WRONG, 'does not hold'])
      assert.equal(summary.claims['does not hold'], 1)
    },
    'a claim that could not be judged is 77, and says what is missing and what helps': async () => {
      const { labs, summary } = await json(NO_LOG, 77)
      const open = labs[0]?.claims.find(({ verdict }) => verdict === 'cannot be judged')
      assert.deepEqual(keys(open), ['missing', 'remedy', 'section', 'title', 'verdict'])
      assert.deepEqual([summary.verdict, summary.claims['cannot be judged']], ['cannot be judged', 1])
    },
    'for TAP it is a test that was skipped for a reason': async () => {
      const { code, stdout } = await run([...NO_LOG, '--reporter', 'tap'])
      assert.equal(code, 77)
      assert.match(stdout, /^ {4}ok 4 - .*# SKIP cannot be judged here: the kernel's log.*remedy: /m)
    },
    'for JUnit as well': async () => {
      const { code, stdout } = await run([...NO_LOG, '--reporter', 'junit'])
      assert.equal(code, 77)
      assert.match(
        stdout,
        /<skipped type="skipped" message="cannot be judged here: the kernel&apos;s log|<skipped [^>]*kernel's log/,
      )
    },
    'for people it is a line of its own, and counted': async () => {
      const { code, stdout } = await run(NO_LOG)
      assert.equal(code, 77)
      assert.match(stdout, /^ {2}\? cannot be judged here: the kernel's log names .*\n {6}missing: .*\n {6}remedy: /m)
      assert.match(stdout, /^10 claims hold, 1 claim could not be judged \(\d+\.\d s\)\nof .* s: .* start-up, /m)
    },
    'options that do not go together are wrong usage, and nothing is printed': async () => {
      const { code, stdout, stderr } = await check('lab1', '--json', '--reporter', 'tap')
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /choose one/)
    },
  }
  await Promise.all(Object.entries(tests).map(([title, body]) => suite.test(title, body)))
})

test('a program cannot write in its own report', { concurrency: 3 }, async suite => {
  const views = [[], ['--json'], ['--output'], ...['tap', 'junit', 'spec', 'dot'].map(name => ['--reporter', name])]
  const look = async (view: readonly string[]) => {
    const { code, stdout } = await check('lab1', FORGER, ...view)
    assert.equal(code, 1)
    assert.deepEqual([...stdout].filter(isControl), [])
    assert.doesNotMatch(stdout, /^ *(✔ forged|ok 1 - forged|99 claims)/m)
    if (view[0] === '--json') assert.match((JSON.parse(stdout) as Report).labs[0]?.output ?? '', /\\r\\x1b\[2K/)
    if (view[1] === 'junit' && findProgram('python3')) await parseXml(stdout)
  }
  await Promise.all(views.map(view => suite.test(view.join(' ') || 'for people', () => look(view))))
})

test('no name breaks XML or JSON: an interface called a]]>b', {
  skip: !findProgram('python3') && 'no python3',
}, async () => {
  const breaker = 'checks/labs/01-fork-vs-clone/wrong/breaks-xml.sh'
  const junit = await check('lab1', breaker, '--reporter', 'junit')
  assert.equal(junit.code, 1)
  assert.match(junit.stdout, /interface a\]\]\\x3eb/)
  await parseXml(junit.stdout)
  const { labs } = JSON.parse((await check('lab1', breaker, '--json')).stdout) as Report
  assert.match(labs[0]?.claims.map(({ seen }) => seen).join() ?? '', /interface a\]\]\\x3eb/)
})

async function parseXml(text: string): Promise<void> {
  const { code, stderr } = await run([
    'python3',
    '-c',
    'import sys, xml.dom.minidom as x; x.parseString(sys.argv[1])',
    text,
  ])
  assert.equal(code, 0, stderr)
}

const hasScript = findProgram('script') ? {} : { skip: 'script(1) is not installed' }

test('on a terminal', { concurrency: 3, ...hasScript }, async suite => {
  const onTerminal = (columns: number, program: string, env: NodeJS.ProcessEnv = {}) => {
    const line = `stty cols ${columns} rows 24; ${CHECK.join(' ')} lab1 ${program}`
    return run(['script', '-qec', line, '/dev/null'], { TERM: 'xterm', ...env })
  }
  const narrow = [80, 40, 20].map(columns =>
    suite.test(`of ${columns} columns no line is longer`, async () => {
      const { stdout } = await onTerminal(columns, WRONG)
      assert.ok(stdout.includes(`\r${ESCAPE}2K  waiting for`))
      for (const line of stdout.replaceAll(`${ESCAPE}2K`, '').split(/\r\n|\r/))
        assert.ok(widthOf(line) <= columns, line)
    }),
  )
  const dumb = suite.test('that only prints there is no line that is drawn again', async () => {
    const { stdout } = await onTerminal(80, WRONG, { TERM: 'dumb' })
    assert.ok(!stdout.includes(ESCAPE) && !stdout.includes('waiting for'))
  })
  const colour = suite.test('there is colour, unless NO_COLOR asks for none', async () => {
    assert.ok((await onTerminal(80, WRONG, { NO_COLOR: '', CI: undefined })).stdout.includes(`${ESCAPE}31m✘`))
    assert.ok(!(await onTerminal(80, WRONG)).stdout.includes(`${ESCAPE}3`))
  })
  await Promise.all([...narrow, dumb, colour])
})

test('lines are broken between words, and a long word where the line ends', () => {
  assert.equal(wrap('  one two three', 4, 10), '  one two\n   three')
  assert.equal(wrap('a:    b c', 2, 7), 'a:    b\n  c')
  assert.equal(wrap('abcdefghij', 2, 6), 'abcd\n  efgh\n  ij')
  assert.equal(wrap('漢字漢字 x', 0, 6), '漢字漢\n字 x')
  for (let width = 4; width < 60; width++)
    for (const line of wrap(
      '      cause:     a_rather_long_word_that_fits_nowhere, 漢字漢字漢字 and others',
      17,
      width,
    ).split('\n'))
      assert.ok(widthOf(line) <= width, `${width}: ${line}`)
})

test('what is no visible character is shown as an escape', () => {
  assert.equal(harmlessLine('a\x1b[2K\r\n\t\u202e\ud800\x9b漢'), 'a\\x1b[2K\\r\\n\\t\\u{202e}\\u{d800}\\x9b漢')
  assert.equal(harmlessLines('a\r\nb\tc\rd\n'), 'a\nb    c\\rd\n')
})
