/**
 * One program, one verdict: every kind of program, through the check, npm run learn and a grading.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { findLab } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { compiler } from '../../lib/testing/in-child.ts'
import { attempt } from '../learn/attempt.ts'
import type { LabReport } from '../report/report.ts'
import { takeOwnView } from '../testing/own-view.ts'
import type { Grades } from './marks.ts'

takeOwnView()
const folder = mkdtempSync(join(tmpdir(), 'kinds-test-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true }))
const CLASS = join(folder, 'class')

/** Inside: three children that wait at a gate, which is descriptor 3; whoever is outside is $0. */
const INSIDE = [
  ...['read -r _ <&3 &', 'read -r _ <&3 &', 'read -r _ <&3 &'],
  'kill -KILL $0; kill -KILL 2; wait %1; echo >&3; echo >&3; wait %2 && wait %3; exit 0',
].join(' ')
/** Outside: a gate, made before the namespace, in which mkfifo(1) would take a number. */
const OUTSIDE = `mkfifo gate; exec 3<>gate; rm gate; exec unshare --pid --fork --kill-child bash -c '${INSIDE}' $0`
/** The lab, by whoever has spawnSync. */
const DO = `process.exitCode = spawnSync('bash', ['-c', ${JSON.stringify(OUTSIDE)}, String(process.pid)], { stdio: 'inherit' }).status ?? 1`
const IMPORT = "import { spawnSync } from 'node:child_process'\n"
const REQUIRE = "const { spawnSync } = require('node:child_process')\n"
const INNER = `#!/bin/bash\n${OUTSIDE.replace(/\$0$/, '$1')}\n`
const BY_INNER = (place: string) =>
  `process.exitCode = spawnSync(${place}, [String(process.pid)], { stdio: 'inherit' }).status ?? 1`
const GUARD = 'if (import.meta.url === pathToFileURL(realpathSync(process.argv[1]!)).href) '
const lab2 = (name: string) => readFileSync(join(ROOT, 'checks/labs/02-newpid/right', name), 'utf8')
const FLAGGED = `// cc: -DANSWER=42 -lm\n#if ANSWER != 42\n#error the flags of the head are missing\n#endif\n${lab2('newpid.c')}`

interface Kind {
  /** What is handed in, and its path. */
  readonly files: Readonly<Record<string, string>>
  readonly program: string
  readonly mode?: number
  readonly skip?: string | false
}

const one = (program: string, text: string, more: Readonly<Record<string, string>> = {}): Kind => ({
  files: { [program]: text, ...more },
  program,
})

const python = findProgram('python3') ? {} : { skip: 'no python3' }
const make = findProgram('make') ? {} : { skip: 'no make' }

const KINDS: Readonly<Record<string, Kind>> = {
  'a copy of the lab': one('lab2.ts', readFileSync(join(ROOT, 'labs/02-newpid.ts'), 'utf8')),
  'TypeScript with import.meta.url': one(
    'lab2.ts',
    `${IMPORT}import { fileURLToPath } from 'node:url'\nconst inner: string = fileURLToPath(new URL('./inner.sh', import.meta.url))\n${BY_INNER('inner')}\n`,
    { 'inner.sh': INNER },
  ),
  'TypeScript with a main guard': one(
    'lab2.ts',
    `${IMPORT}import { realpathSync } from 'node:fs'\nimport { pathToFileURL } from 'node:url'\n${GUARD}${DO}\n`,
  ),
  'TypeScript with an await at its top': one(
    'lab2.ts',
    `await Promise.resolve()\nconst { spawnSync } = await import('node:child_process')\n${DO}\n`,
  ),
  'TypeScript of two files': one('lab2.ts', "import { go } from './go.ts'\ngo()\n", {
    'go.ts': `${IMPORT}export const go = (): void => { ${DO} }\n`,
  }),
  mts: one('lab2.mts', `${IMPORT}${DO}\n`),
  cts: one('lab2.cts', `import cp = require('node:child_process')\nconst { spawnSync } = cp\n${DO}\n`),
  'cts with a main guard': one('lab2.cts', `${IMPORT}if (require.main === module) ${DO}\n`),
  'an ES module in js': one('lab2.js', `${IMPORT}${DO}\n`),
  'CommonJS in js': one(
    'lab2.js',
    `${REQUIRE}const path = require('path')\nif (require.main !== module) throw new Error('not main')\n${BY_INNER("path.join(__dirname, 'inner.sh')")}\n`,
    { 'inner.sh': INNER },
  ),
  mjs: one('lab2.mjs', `${IMPORT}${DO}\n`),
  cjs: one('lab2.cjs', `#!/usr/bin/env node\n${REQUIRE}sloppy = 1\n${DO}\n`),
  'a first line': one('lab2', `#!/bin/bash\n${OUTSIDE.replace(/\$0$/, '$$$$')}\n`),
  'a shell script without its executable bit': {
    ...one('lab2.sh', `#!/bin/bash -e\n${OUTSIDE.replace(/\$0$/, '$$$$')}\n`),
    mode: 0o644,
  },
  'C with flags in its head': one('lab2.c', FLAGGED),
  Python: { ...one('lab2.py', lab2('newpid.py')), ...python },
  'Python without a first line': {
    ...one('lab2.py', lab2('newpid.py').replace(/^#!.*\n/, '')),
    mode: 0o644,
    ...python,
  },
  'a folder with a Makefile': {
    files: { 'lab2/Makefile': 'lab2: main.c\n\tcc -std=gnu11 -DANSWER=42 -o $@ $<\n', 'lab2/main.c': FLAGGED },
    program: 'lab2',
    ...make,
  },
  'a folder with a package.json': {
    files: {
      'lab2/package.json': '{ "type": "module", "main": "src/main.js" }',
      'lab2/src/main.js': `${IMPORT}${DO}\n`,
    },
    program: 'lab2',
  },
  'a program': { files: {}, program: 'lab2' },
}

/** A student for each kind. */
const students = Object.entries(KINDS).map(([title, kind], i) => {
  const student = `s${String(i).padStart(2, '0')}`
  const path = join(CLASS, student, kind.program)
  for (const [name, text] of Object.entries(kind.files)) {
    const file = join(CLASS, student, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, kind.mode ?? 0o755)
  }
  if (Object.keys(kind.files).length === 0) {
    mkdirSync(join(CLASS, student), { recursive: true })
    execFileSync(compiler(), ['-o', path, join(ROOT, 'checks/labs/02-newpid/right/newpid.c')])
  }
  return { title, student, path, skip: kind.skip ?? false }
})

const env = { ...process.env, INIT_CWD: folder, NO_COLOR: '1' }
const START = startWords(ROOT)

function run(...words: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [...START, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', part => (text += part))
  return new Promise(resolve => child.on('close', code => resolve({ code, text })))
}

const failedIn = ({ claims, missing }: LabReport) => [
  ...(missing === undefined ? [] : [missing]),
  ...claims.filter(({ verdict }) => verdict !== 'holds').map(({ title, seen }) => `${title}: ${seen}`),
]

test('a check, npm run learn and a grading say the same of every kind of program', { concurrency: 3 }, async suite => {
  const graded = run(join(ROOT, 'checks/grade/grade.ts'), 'class', '--quiet', '--timeout', '60', '--out', 'grades')
  const marks = graded.then(({ code, text }) => {
    assert.ok(code !== null && code < 70, text)
    const { marks: all } = JSON.parse(readFileSync(join(folder, 'grades/grades.json'), 'utf8')) as Grades
    return new Map(all.map(mark => [mark.student, mark]))
  })
  await Promise.all(
    students.map(({ title, student, path, skip }) =>
      suite.test(title, { skip }, async () => {
        const check = await run(join(ROOT, 'checks/check.ts'), 'lab2', path, '--timeout', '60')
        assert.equal(check.code, 0, check.text)
        const learnt = await attempt(findLab('lab2'), path, { timeout: 60 }).outcome
        if (learnt?.kind !== 'judged') assert.fail(JSON.stringify(learnt))
        assert.deepEqual(failedIn(learnt.report), [])
        const mark = (await marks).get(student)
        assert.deepEqual([mark?.points, mark?.of], [10, 10], JSON.stringify(mark, null, 1))
      }),
    ),
  )
})

test('a program that is not one is refused in the same words, and for nothing else', async () => {
  const wrong: Readonly<Record<string, readonly [text: string, said: RegExp]>> = {
    'lab2.ts': ['const x: = 1\n', /does not compile\n.*lab2\.ts:1:10: Unexpected "="/],
    'lab2.c': ['int main( {}\n', /does not compile\n.*lab2\.c:1:/],
    'lab2.sh': ['#!/bin/sh\r\nexit 0\r\n', /its lines end as those of Windows/],
    'lab2.py': ['', /it is empty|the file is empty/],
  }
  const place = join(folder, 'wrong')
  for (const [name, [text]] of Object.entries(wrong)) {
    mkdirSync(join(place, name.replace('.', '-')), { recursive: true })
    writeFileSync(join(place, name.replace('.', '-'), name), text)
  }
  cpSync(join(place, 'lab2-c'), join(place, 'evil'), { recursive: true })
  writeFileSync(join(place, 'evil/lab2.c'), '// cc: -wrapper /bin/sh,-c,id\nint main(void) { return 0; }\n')
  await run(join(ROOT, 'checks/grade/grade.ts'), 'wrong', '--quiet', '--out', 'wrong-grades')
  const { marks } = JSON.parse(readFileSync(join(folder, 'wrong-grades/grades.json'), 'utf8')) as Grades
  for (const [name, [, said]] of Object.entries(wrong)) {
    const student = name.replace('.', '-')
    const { code, text } = await run(join(ROOT, 'checks/check.ts'), 'lab2', join(place, student, name))
    assert.equal(code, 2, text)
    assert.match(text, said)
    assert.match(marks.find(mark => mark.student === student)?.reason ?? '', said)
  }
  assert.match(marks.find(({ student }) => student === 'evil')?.reason ?? '', /its head asks for -wrapper/)
})
