/**
 * npm run learn at a terminal, and without one; whatever happens to the file, to the record and to the terminal.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { fork } from '../../lib/clone.ts'
import { bundlePath } from '../../lib/engine/bundle-cache.mjs'
import { execve } from '../../lib/exec.ts'
import { openTerminal, takeTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize, terminalSettings } from '../../lib/lab/terminal.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { kill, setsid, WNOHANG, waitpid } from '../../lib/process.ts'
import { shellCode } from '../../lib/status.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { childrenOf, statusField } from '../../lib/trace/proc.ts'
import { checkedLab } from '../labs/all.ts'
import { putBack } from '../labs/tasks.ts'
import { awaitSo } from '../testing/lab-runs.ts'
import { TerminalUser } from '../testing/terminal-user.ts'

const LEARN = [process.execPath, '--single-threaded', '--v8-pool-size=1', '--enable-source-maps']
const SOURCE = ['lib/engine/start.mjs', 'checks/learn/learn.ts']
const SLUG = '01-fork-vs-clone'
const lab = readFileSync(join(ROOT, 'labs', `${SLUG}.ts`), 'utf8')

/** A reader with a folder of their own. */
class Reader {
  readonly folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
  readonly file = join(this.folder, `${SLUG}.ts`)
  readonly env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', WORKBOOK_MINE: basename(this.folder) }

  constructor() {
    after(() => {
      rmSync(this.folder, { recursive: true })
      rmSync(bundlePath(this.file), { force: true })
    })
  }

  run(...words: string[]) {
    const [program = '', ...rest] = [...LEARN, ...SOURCE, ...words]
    return spawnSync(program, rest, { cwd: ROOT, env: this.env, encoding: 'utf8', timeout: 180_000 })
  }

  /** Sits down at a terminal. */
  sit(words: readonly string[] = [], TERM = 'xterm', [rows, columns] = [50, 160]) {
    const { master, number } = openTerminal('/dev')
    const path = `/dev/pts/${number}`
    const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    setWindowSize(master, { rows: rows as number, columns: columns as number })
    const before = terminalSettings(slave)
    const argv = [...LEARN, ...SOURCE, ...words]
    const pid = fork(() => {
      setsid()
      takeTerminal(path)
      process.chdir(ROOT)
      execve(process.execPath, argv, { ...this.env, TERM })
    })
    return { person: new TerminalUser(master), pid, master, slave, before }
  }

  /** Solves tasks as the lab does. */
  solve(...places: number[]): void {
    const regions = places.map(place => checkedLab(SLUG).exercises[place - 1]?.region ?? '')
    writeFileSync(this.file, putBack(readFileSync(this.file, 'utf8'), lab, SLUG, regions))
  }
}

/** Waits for a process, with a bound, and gives its exit code as a shell would. */
function codeOf(pid: number): number {
  let code: number | undefined
  awaitSo(() => {
    const waited = waitpid(pid, WNOHANG)
    if (waited.pid === pid) code = shellCode(waited)
    return code !== undefined
  })
  return code ?? 0
}

test('a program is run at the terminal, the window changes its size, and another lab is gone to', () => {
  const reader = new Reader()
  const { person, pid, master, slave, before } = reader.sit(['lab1'], 'xterm', [24, 80])
  person.sees(/predict first/)
  person.type('\x1b')
  person.sees(/✘ a forked child works on a copy/)
  setWindowSize(master, { rows: 40, columns: 120 })
  kill(pid, 'SIGWINCH')
  person.sees(/▸· 1\.1 Have the child close the open file and leave the directory\./)
  person.type('n')
  person.sees(/Lab 1 is not done yet/)
  reader.solve(1, 2, 3, 4, 5)
  person.sees(/Lab 1 is done/)
  person.type('r')
  person.sees(/CLONE_VM\|CLONE_VFORK +\d+ +changed by/)
  person.sees(/It ended with exit code 0/)
  person.type('x')
  person.sees(/Lab 1 is done/)
  person.type('l')
  person.sees(/The labs: 1 of \d+ are done/)
  person.type('2')
  person.sees(/Lab 2: A PID namespace/)
  person.type('q')
  person.sees(/npm run learn goes on from here/)
  assert.equal(codeOf(pid), 0)
  assert.deepEqual(terminalSettings(slave), before)
  assert.match(reader.run('--list').stdout, /1 +fork against clone +done \d{4}-\d\d-\d\d +5 of 5/)
})

test('whatever happens to the file is said clearly, and nothing is lost', () => {
  const reader = new Reader()
  const { person, pid } = reader.sit(['lab1'])
  person.sees(/predict first/)
  person.type('\x1b')
  person.sees(/0 of 5 tasks proved/)
  person.sees(/✘ a forked child/)
  const text = readFileSync(reader.file, 'utf8')
  writeFileSync(reader.file, `${text}\nconst x = {`)
  person.sees(/This is no program yet, so nothing was run:/)
  person.sees(/:\d+:\d+: Expected identifier but found end of file/)
  writeFileSync(reader.file, '')
  person.sees(/is empty/)
  writeFileSync(reader.file, text)
  person.sees(/✘ a forked child/)
  renameSync(reader.file, join(reader.folder, 'other.ts'))
  person.sees(/is not there any more/)
  person.sees(/other\.ts looks like it/)
  rmSync(join(reader.folder, 'other.ts'))
  person.type('w')
  person.sees(/✘ a forked child/)
  // An endless loop: keys are heard meanwhile, and the next save ends it.
  writeFileSync(reader.file, text.replace('await startLab', 'for (;;);\nawait startLab'))
  person.sees(/is being checked: [1-9]\d*\.\d s/)
  person.type('h')
  person.sees(/hint 1 of/)
  writeFileSync(reader.file, text)
  person.sees(/checked in/)
  // The record is damaged, and a second npm run learn is started in the same folder.
  writeFileSync(join(reader.folder, 'progress.json'), '{"version": 1, "labs": {')
  reader.solve(1)
  // What JSON.parse says of it is longer in newer Nodes, and so the line breaks.
  person.sees(/progress\.json was damaged: [\s\S]*kept/)
  assert.ok(existsSync(join(reader.folder, 'progress.1.json')))
  const second = reader.sit()
  second.person.sees(/another npm run learn is at work here \(process \d+\)/)
  assert.equal(codeOf(second.pid), 2)
  const once = reader.run('--once')
  assert.equal(once.status, 1)
  assert.match(once.stdout, /✘ .*\n[\s\S]* what happened:\n( +[\d.]+ ms {2}.*\n){1,5} +read: /)
  assert.match(once.stdout, /0 of 5 tasks proved[\s\S]*○ 1\.1[\s\S]*▸· 1\.2 Observe a child that is a copy/)
  kill(pid, 'SIGTERM')
  assert.equal(codeOf(pid), 0)
  assert.deepEqual(readdirSync(reader.folder).sort(), [
    `${SLUG}.ts`,
    'progress.1.json',
    'progress.json',
    'tsconfig.json',
  ])
})

test('a closed terminal ends it, also while it checks, and no process is left', () => {
  const reader = new Reader()
  const { person, pid, master, slave } = reader.sit(['lab1'])
  person.sees(/predict first/)
  person.type('\x1b')
  person.sees(/✘ a forked child/)
  writeFileSync(reader.file, readFileSync(reader.file, 'utf8').replace('await startLab', 'for (;;);\nawait startLab'))
  person.sees(/is being checked: [1-9]/)
  const family = childrenOf(pid)
  assert.ok(family.length > 0)
  closeSync(slave)
  closeSync(master)
  codeOf(pid)
  awaitSo(() => family.every(each => (statusField(each, 'State') ?? 'Z').startsWith('Z')))
})

test('SIGKILL leaves the terminal as it was', () => {
  const reader = new Reader()
  const { person, pid, slave, before } = reader.sit()
  person.sees(/predict first/)
  assert.notDeepEqual(terminalSettings(slave), before)
  kill(pid, 'SIGKILL')
  codeOf(pid)
  awaitSo(() => terminalSettings(slave).equals(before))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the cursor is shown, and the other screen left.
  person.sees(/\x1b\[\?25h\x1b\[\?1049l/)
})

test('on a terminal that only prints, pages are printed and keys are lines', () => {
  const reader = new Reader()
  const { person, pid } = reader.sit(['lab1'], 'dumb')
  person.sees(/predict first/)
  person.type('s\n')
  person.sees(/2 of 3/)
  person.type('ss\n')
  person.sees(/✘ a forked child/)
  person.type('h\n')
  person.sees(/hint 1 of 3/)
  assert.equal(person.seen.includes('\x1b['), false)
  person.type('q\n')
  assert.equal(codeOf(pid), 0)
})

test('without a terminal it says how to use it without one', () => {
  const reader = new Reader()
  const { status, stdout, stderr } = reader.run()
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /this needs a terminal\nhint: npm run learn -- --once/)
  assert.equal(reader.run('lab9').status, 2)
  assert.equal(reader.run('--once', '--list').status, 2)
})

const skip = process.getuid?.() !== 0 && 'only root can write for somebody else'

test('what is written under sudo belongs to the user who called sudo', { skip }, () => {
  const reader = new Reader()
  Object.assign(reader.env, { SUDO_UID: '70007', SUDO_GID: '70008' })
  assert.equal(reader.run('--once', 'lab1').status, 1)
  const owners = readdirSync(reader.folder).map(name => statSync(join(reader.folder, name)))
  assert.equal(owners.length, 3)
  for (const { uid, gid } of owners) assert.deepEqual([uid, gid], [70007, 70008])
})
