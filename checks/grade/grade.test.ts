import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { findLab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { allPids, readProc } from '../../lib/trace/proc.ts'
import { labNamed, studentNamed } from '../ready/names.ts'
import { awaitSo } from '../testing/lab-runs.ts'
import { takeOwnView } from '../testing/own-view.ts'
import { cell } from './files.ts'
import { makeDesk } from './folders.ts'
import { isDoubtful } from './judge-class.ts'
import { type Grades, letterNames } from './marks.ts'
import { findSubmissions, leftOut } from './submissions.ts'

const PROGRAMS = join(ROOT, 'checks')
takeOwnView()
const folder = mkdtempSync(join(tmpdir(), 'grade-test-'))
after(() => rmSync(folder, { recursive: true }))

const COMMAND = [...startWords(ROOT), join(ROOT, 'checks/grade/grade.ts')]
const env = { ...process.env, INIT_CWD: folder, NO_COLOR: '1' }
const grade = (...words: string[]) => spawnSync(process.execPath, [...COMMAND, ...words], { encoding: 'utf8', env })

/** Makes a class: the text of each file by its path, or the specimen that it is a copy of. */
function makeClass(name: string, files: Readonly<Record<string, string | { readonly like: string }>>): string {
  const root = join(folder, name)
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    if (typeof content === 'string') writeFileSync(file, content)
    else copyFileSync(join(PROGRAMS, content.like), file)
    chmodSync(file, 0o755)
  }
  return root
}

const gradesIn = (out: string) => JSON.parse(readFileSync(join(folder, out, 'grades.json'), 'utf8')) as Grades

test('a file name says which lab it is and whose', () => {
  const labs = ['03-newnet.ts', 'lab3.py', 'newnet.c', 'Lab_03.sh', '3.sh', 'lab-3', 'ada_newnet.py', 'memory_oom.c']
  assert.deepEqual(
    labs.map(name => labNamed(name)?.number),
    [3, 3, 3, 3, 3, 3, 3, 5],
  )
  assert.deepEqual(
    ['main.c', 'ada.py', 'newpid-newnet.ts', 'lab34.c', 'ada3.py'].map(name => labNamed(name)),
    [undefined, undefined, undefined, undefined, undefined],
  )
  const names = ['ada-lab3.py', 'Grace Hopper_03-newnet.c', 'ada.py', 'lab3-ada.ts']
  assert.deepEqual(names.map(studentNamed), ['ada', 'Grace Hopper', 'ada', 'ada'])
})

test('every student gets a file of their own, whatever they are called', () => {
  const names = letterNames(['ada', 'Ada', '../../etc/passwd', 'a/b', 'grades', 'new\nline', '…', '-x'])
  assert.equal(new Set(names.map(name => name.toLowerCase())).size, names.length)
  for (const name of names) assert.match(name, /^[^./-][^/\n]*\.txt$/)
  assert.ok(!names.includes('grades.txt'))
})

test('a spreadsheet takes no name for a formula', () => {
  assert.deepEqual(['=1+1', '@x', 'a,"b"', 'new\nline', 3, null].map(cell), [
    "'=1+1",
    "'@x",
    '"a,""b"""',
    'new\\nline',
    '3',
    '',
  ])
})

test('points that were lost beside a program that took the processors, or on a busy machine, are judged again', () => {
  const judged = (from: number, to: number, program: number, fails: boolean) => {
    const failure = { expected: '', seen: '', cause: '' }
    const findings = [
      { title: '', section: '', ...(fails && { failure }) },
      { title: 'machine', section: '' },
    ]
    const time = { checker: 0, program, waiting: 0 }
    return { from, to, verdict: { kind: 'judged', findings, output: '', seconds: 1, time } } as const
  }
  const hog = judged(0, 100, 20, true)
  assert.ok(isDoubtful(1, [hog, judged(50, 150, 0.1, true)]))
  assert.ok(!isDoubtful(1, [hog, judged(50, 150, 0.1, false)]), 'nothing is lost')
  assert.ok(!isDoubtful(1, [hog, judged(101, 150, 0.1, true)]), 'the hog was gone')
  assert.ok(!isDoubtful(0, [hog, judged(50, 150, 0.1, true)]), 'nobody is beside the hog')
  const busy = { from: 0, to: 1, verdict: { kind: 'cannot', reason: 'the machine is too busy: …' } } as const
  assert.ok(isDoubtful(0, [busy]))
})

test('odd submissions are named, each with a student and a lab', () => {
  const root = makeClass('odd', {
    'ada/lab2.py': 'x',
    'bob/newpid.c': 'x',
    'bob/lab2.sh': 'x',
    'bob/README.md': 'x',
    'dir/lab2.sh/file': 'x',
    'new\nline/lab2.sh': '',
    'ünï cödé/02-newpid.py': 'x',
    'none/notes.txt': 'x',
    'solo-lab2.py': 'x',
  })
  symlinkSync('../ada/lab2.py', join(root, 'none', 'link-lab2.py'))
  const found = findSubmissions(root, undefined).map(({ student, problem }) => `${student}: ${problem ?? 'ok'}`)
  assert.deepEqual(found, [
    'ada: ok',
    'bob: which of them is it? "lab2.sh" and "newpid.c"',
    'dir: it is a folder, not a program (nor is there a Makefile or package.json in it)',
    'new\nline: the file is empty',
    'none: it is a symbolic link: hand in the file itself',
    'solo: ok',
    'ünï cödé: ok',
  ])
  assert.equal(findSubmissions(root, findLab('lab3'))[0]?.problem?.startsWith('nothing was handed in'), true)
})

test('every folder is a student, whatever it is called, or it is said why not; a backup is no second program', () => {
  const root = makeClass('names', {
    'tim.o/lab2.py': 'x',
    'anna.h/lab2.py': 'x',
    'lee.md/lab2.py': 'x',
    'README and co/lab2.py': 'x',
    'Makefile/lab2.py': 'x',
    'bob/lab2.c': 'x',
    'bob/#lab2.c#': 'x',
    'bob/lab2.c~': 'x',
    'bob/.#lab2.c': 'x',
    '__MACOSX/bob/._lab2.c': 'x',
    '.git/config': 'x',
    'README.md': 'x',
    'old-lab2.py~': 'x',
  })
  const roster = ['bob', 'zoe']
  const found = findSubmissions(root, undefined, roster).map(({ student, problem }) => `${student}: ${problem ?? 'ok'}`)
  const names = ['Makefile', 'README and co', 'anna.h', 'bob', 'lee.md', 'tim.o']
  assert.deepEqual(found, [...names.map(name => `${name}: ok`), 'zoe: nothing was handed in'])
  assert.deepEqual(
    leftOut(root).map(({ name, why }) => `${name}: ${why}`),
    [
      '.git: hidden',
      'README.md: no program',
      '__MACOSX: made by a program and not by a student',
      'old-lab2.py~: a backup',
    ],
  )
})

test('a teacher is told who has handed in nothing, who has not solved it, and in what most fail', () => {
  const like = { like: 'labs/02-newpid/wrong/prints-only.sh' }
  makeClass('overview', {
    'ada/lab2.c': { like: 'labs/02-newpid/right/newpid.c' },
    'bob/lab2.sh': like,
    'cyd/lab2.sh': like,
    'dan/lab1.sh': '#!/bin/sh\r\n',
    '__MACOSX/x': '',
  })
  writeFileSync(join(folder, 'students.txt'), 'ada\r\nbob\r\neve\r\n')
  const { status, stdout, stderr } = grade('overview', '--lab', 'lab2', '--students', 'students.txt', '--out', 'seen')
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^lab 2: not handed in by dan, eve$/m)
  assert.match(stdout, /^lab 2: not solved by bob, cyd$/m)
  assert.match(stdout, /^lab 2: most often it fails in: .* \(2 of 3\); the likely cause: .+$/m)
  assert.match(stdout, /^left out: __MACOSX \(made by a program/m)
  const lines = readFileSync(join(folder, 'seen', 'points.csv'), 'utf8').split('\r\n')
  assert.deepEqual([lines[0], lines[1]], ['student,02-newpid,sum,of', 'ada,10,10,10'])
  assert.equal(gradesIn('seen').overview[0]?.commonest?.count, 2)
})

/** A text that stands nowhere else on this machine. */
const MARK = `work of ada ${process.pid} ${Date.now()}`.replaceAll(' ', '-')

/** Everything that could show a neighbour's work, or change it. */
const CHEAT = `#!/bin/sh
cat CLASS/ada/lab2.c > stolen.c
cp -r CLASS/ada /tmp/copy
ls CLASS CLASS/ada OTHERS
umount CLASS; umount -l CLASS
cat /tmp/*/*/copy/lab2.c /tmp/*/*/*/copy/lab2.c /proc/1/root/CLASS/ada/lab2.c >> stolen.c
echo 'int main(void) { return 1; }' > CLASS/ada/lab2.c
unshare -m sh -c 'umount CLASS; cat CLASS/ada/lab2.c' >> stolen.c
echo "FOUND $(grep -rsl MARK /tmp --include=*.c | wc -l)"
echo "STOLEN $(grep -c MARK stolen.c) LINES"
cc -o stolen stolen.c && exec ./stolen
`

/** Takes every PID and the processors for two seconds. */
const BOMB = `#include <time.h>
#include <unistd.h>
int main(void) {
    time_t end = time(NULL) + 2;
    while (time(NULL) < end) fork();
    _exit(0);
}
`

test('a cheat and a fork bomb change no other mark, and get no points', () => {
  const root = makeClass('class', {
    'ada/lab2.c': `${readFileSync(join(PROGRAMS, 'labs/02-newpid/right/newpid.c'), 'utf8')}\n// ${MARK}\n`,
    'bomb/lab2.c': BOMB,
    'cheat/lab2.sh': CHEAT.replaceAll('CLASS', join(folder, 'class'))
      .replace('OTHERS', join(ROOT, 'labs'))
      .replaceAll('MARK', MARK),
    'eve/lab2.c': `#include "${join(folder, 'class', 'ada', 'lab2.c')}"\n`,
    'mal/lab2.ts': `import ${JSON.stringify(join(folder, 'class', 'zoe', 'newpid.ts'))}\n`,
    'zoe/newpid.ts': readFileSync(join(ROOT, 'labs/02-newpid.ts'), 'utf8'),
  })
  const before = readFileSync(join(root, 'ada/lab2.c'), 'utf8')
  // Another grading of the same class, for another lab perhaps, has its copies at the same time.
  const neighbour = join(makeDesk(), '0', 'copy')
  mkdirSync(neighbour, { recursive: true })
  copyFileSync(join(root, 'ada/lab2.c'), join(neighbour, 'lab2.c'))
  const { status, stdout, stderr } = grade('class', '--timeout', '30', '--out', 'grades')
  assert.equal(status, 0, stdout + stderr)
  assert.equal(readFileSync(join(root, 'ada/lab2.c'), 'utf8'), before)
  const { marks, version } = gradesIn('grades')
  const of = Object.fromEntries(marks.map(mark => [mark.student, mark]))
  assert.equal(version, 1)
  assert.deepEqual(
    ['ada', 'zoe', 'bomb', 'cheat', 'eve', 'mal'].map(student => of[student]?.points),
    [10, 10, 0, 0, 0, 0],
    stdout,
  )
  assert.match(of['cheat']?.output ?? '', /^FOUND 0\nSTOLEN 0 LINES$/m)
  assert.doesNotMatch(of['cheat']?.output ?? '', /#include|02-newpid/)
  assert.match(of['eve']?.reason ?? '', /does not compile\n.*No such file/)
  assert.match(of['mal']?.reason ?? '', /may import its own files and \.\.\/lib\/, and nothing else/)
  assert.deepEqual(
    readdirSync(join(folder, 'grades')).sort(),
    ['ada', 'bomb', 'cheat', 'eve', 'mal', 'zoe']
      .map(name => `${name}.txt`)
      .concat('points.csv', 'grades.csv', 'grades.json', 'grades.xml')
      .sort(),
  )
  assert.match(readFileSync(join(folder, 'grades', 'cheat.txt'), 'utf8'), /expected: .*\n(.*\n)*? +seen: /)
  const xml = readFileSync(join(folder, 'grades', 'grades.xml'), 'utf8')
  assert.equal(xml.match(/<testsuite /g)?.length, 6)
  const again = grade('class', '--out', 'grades')
  assert.equal(again.status, 2)
  assert.match(again.stderr, /is there already, and not empty/)
})

test('wrong words are named, and nothing is written', () => {
  assert.match(grade().stderr, /which folder\?/)
  assert.match(grade('nowhere').stderr, /no such folder/)
  assert.match(grade('/').stderr, /holds more than submissions/)
  mkdirSync(join(folder, 'empty'))
  const empty = grade('empty', '--out', 'unmade')
  assert.deepEqual([empty.status, readdirSync(folder).includes('unmade')], [2, false])
})

test('a grading that was killed goes on with what it has not judged', async () => {
  const like = { like: 'labs/02-newpid/right/newpid.c' }
  makeClass('killed', { 'a/lab2.c': like, 'b/lab2.c': like, 'c/lab2.sh': '#!/bin/sh\nsleep 60\n' })
  const child = spawn(process.execPath, [...COMMAND, 'killed', '--out', 'half', '--timeout', '90'], { env })
  let text = ''
  await new Promise<void>(resolve =>
    child.stdout.on('data', data => {
      text += data
      if (/✔ a/.test(text) && /✔ b/.test(text)) resolve()
    }),
  )
  child.kill('SIGKILL')
  await new Promise(resolve => child.once('exit', resolve))
  writeFileSync(join(folder, 'killed/c/lab2.sh'), '#!/bin/sh\nexit 1\n')
  const { status, stdout } = grade('killed', '--out', 'half', '--resume')
  assert.equal(status, 0, stdout)
  assert.match(stdout, /^2 were judged before and are as they were: the rest is judged$/m)
  assert.deepEqual(
    gradesIn('half').marks.map(({ points }) => points),
    [10, 10, 0],
  )
})

test('Ctrl-C keeps what is judged so far and says what is not', async () => {
  // In seconds, and such that nobody else sleeps for as long.
  const long = String(1_000_000 + process.pid)
  makeClass('slow', { 'a/lab1.sh': `#!/bin/sh\nsleep ${long}\n`, 'b/lab1.c': 'int main( {}\n' })
  const child = spawn(process.execPath, [...COMMAND, 'slow', '--out', 'cut'], { env })
  let text = ''
  child.stdout.on('data', data => {
    text += data
  })
  awaitSo(() => allPids().some(pid => readProc(pid, 'cmdline') === `sleep\0${long}\0`))
  child.kill('SIGINT')
  const code = await new Promise(resolve => child.once('exit', resolve))
  assert.equal(code, 130, text)
  const outcomes = gradesIn('cut').marks.map(({ student, outcome, points }) => [student, outcome, points])
  assert.deepEqual(outcomes, [
    ['a', 'not judged', null],
    ['b', 'nothing to judge', 0],
  ])
  assert.match(text, /interrupted: what was judged until then is written/)
  assert.match(grade('slow', '--out', 'cut').stderr, /was interrupted in .*\nhint: --resume/)
  writeFileSync(join(folder, 'slow/a/lab1.sh'), '#!/bin/sh\nexit 0\n')
  const resumed = grade('slow', '--out', 'cut', '--resume')
  assert.equal(resumed.status, 0, resumed.stdout + resumed.stderr)
  assert.deepEqual(
    gradesIn('cut').marks.map(({ outcome }) => outcome),
    ['does not hold', 'nothing to judge'],
  )
  assert.equal(grade('slow', '--out', 'cut', '--resume').status, 2)
})
