import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { clone } from '../../lib/clone.ts'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { startWords } from '../../lib/engine/start-words.ts'
import { CLONE_NEWNET, CLONE_NEWPID, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { widthOf } from '../../lib/lab/layout.ts'
import { openTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize } from '../../lib/lab/terminal.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { getpid, waitpid } from '../../lib/process.ts'
import { keep } from '../../lib/tidy/keeper.ts'
import { takeSnapshot } from './facts.ts'
import { recognise } from './labs.ts'
import { Letters } from './letters.ts'
import { picture } from './picture.ts'

const isRoot = process.getuid?.() === 0
const skip = !isRoot && 'makes namespaces, which takes root'
const WATCH = [...startWords(ROOT), join(ROOT, 'checks/watch/watch.ts')]
const watch = (...words: string[]) => spawnSync(process.execPath, [...WATCH, ...words], { encoding: 'utf8' })
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are
const plain = (line: string) => line.replace(/\x1b\[[0-9;]*m/g, '')

const started: ChildProcess[] = []
after(() => {
  for (const child of started) child.kill('SIGKILL')
})

/** A child in new PID and network namespaces, for as long as `look` takes. */
function withChild<T>(look: (pid: number) => T): T {
  const gate = makeGate()
  const pid = clone(() => gate.wait(), CLONE_NEWPID | CLONE_NEWNET | SIGCHLD)
  try {
    return look(pid)
  } finally {
    gate.open()
    waitpid(pid)
  }
}

test('a lab is recognised by the Node that runs it, and only in this checkout', () => {
  const node = ['node', ...CLONEABLE_FLAGS]
  const lab = (...words: string[]) => recognise(getpid(), words)?.lab?.number
  assert.equal(lab(...node, join(ROOT, 'labs/03-newnet.ts'), '--pace', '1'), 3)
  assert.equal(lab(...node, join(ROOT, 'node_modules/.cache/clone/06-freezer-0123abcd.mjs')), 6)
  assert.equal(lab(...node, join(ROOT, 'mine/02-newpid.ts')), 2)
  assert.equal(lab(...node, '/elsewhere/labs/03-newnet.ts'), undefined)
  assert.equal(lab('node', join(ROOT, 'labs/03-newnet.ts')), undefined, 'that is tsx, which only starts it')
  assert.equal(lab(...node, join(ROOT, 'lib/lab/run-lab.mjs'), 'newpid', '--pace', '1'), 2)
  assert.equal(recognise(getpid(), [...node, join(ROOT, 'checks/check.ts')])?.title, 'npm run check')
})

test(
  'a child is shown with its number inside, and with letters for the namespaces that are not ours alone',
  { skip },
  () =>
    withChild(pid => {
      const view = takeSnapshot(getpid())
      const child = view.processes.find(one => one.pid === pid)
      assert.deepEqual([child?.parent, child?.inside, child?.isCopy], [getpid(), [1], true])
      const letters = new Letters(namespaces())
      const size = { columns: 80, rows: 60 }
      const lines = picture(view, { title: 'this test', state: 'now' }, letters, size).map(plain)
      const line = lines.find(one => one.includes(` ${pid} `)) ?? ''
      assert.match(line, / 1 \w+ .* MB +· +· +· +[AB] +[AB] +· +·/)
      const { net } = child?.namespaces ?? namespaces()
      assert.ok(lines.join('\n').includes(`net:[${net}]`))
      assert.equal(letters.of('net', net), letters.of('net', net), 'the same inode keeps its letter')
    }),
)

test('a lab of a checkout inside this one, or beside it, is not one of this checkout', () => {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.cache', 'watch-'))
  try {
    const other = join(folder, 'other')
    for (const place of ['labs', 'lib/engine']) mkdirSync(join(other, place), { recursive: true })
    const node = ['node', ...CLONEABLE_FLAGS]
    const path = join(other, 'labs/03-newnet.ts')
    assert.equal(recognise(getpid(), [...node, path])?.lab?.number, 3, 'a folder of this checkout')
    writeFileSync(join(other, 'lib/engine/start.mjs'), '')
    assert.equal(recognise(getpid(), [...node, path]), undefined, 'a checkout of its own')
    const child = spawn('sleep', ['60'], { cwd: other })
    started.push(child)
    assert.equal(recognise(child.pid ?? 0, [...node, 'labs/03-newnet.ts']), undefined, 'started from there')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('columns are apart by a space, however long the numbers', () => {
  const view = takeSnapshot(getpid())
  const [one] = view.processes
  assert.ok(one)
  const wide = { ...one, pid: 4194304, inside: [4194303, 1234567], words: ['x'.repeat(200)], rss: 999.9e6, state: 'T' }
  for (const columns of [80, 100, 140, 200]) {
    const size = { columns, rows: 24 }
    const lines = picture({ ...view, processes: [wide] }, { title: '', state: '' }, new Letters(view.own), size).map(
      plain,
    )
    const line = lines.find(each => each.includes('4194304')) ?? ''
    assert.match(line, /x… 4194304 >\S{5} stopped 999\.9 MB +·/)
    assert.ok(widthOf(line) <= columns, line)
  }
})

test('what only helps is named and stands back', { skip }, () => {
  const keeper = keep(() => {})
  const compiler = spawn('sleep', ['60'], { argv0: '/somewhere/bin/esbuild', stdio: 'ignore' })
  started.push(compiler)
  try {
    const helpers = takeSnapshot(getpid()).processes.flatMap(({ helper }) => helper ?? [])
    assert.deepEqual([...new Set(helpers)].sort(), ['esbuild (it compiles)', 'keeper (it cleans up)'])
  } finally {
    keeper.release()
  }
  const view = takeSnapshot(getpid())
  const [one] = view.processes
  assert.ok(one)
  const lines = picture(
    { ...view, processes: [{ ...one, helper: 'esbuild (it compiles)' }] },
    { title: '', state: '' },
    new Letters(view.own),
    { columns: 120, rows: 24 },
  )
  assert.ok(lines.some(line => plain(line).startsWith('esbuild (it compiles) ')))
})

test('the view fits into any terminal', () => {
  const view = takeSnapshot(getpid())
  const [one] = view.processes
  assert.ok(one)
  const many = {
    ...view,
    processes: Array.from({ length: 50 }, (_, i) => ({ ...one, pid: i + 2, depth: Math.min(i, 9) })),
  }
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
    [200, 12],
  ] as const) {
    const lines = picture(
      many,
      { title: 'many', state: 'now' },
      new Letters(view.own),
      { columns, rows },
      'q quits',
    ).map(plain)
    assert.ok(lines.length <= rows, `${lines.length} lines at ${rows}`)
    for (const line of lines) assert.ok(widthOf(line) <= columns, `${widthOf(line)} columns at ${columns}: ${line}`)
    assert.ok(lines.some(line => /… \d+ more processes/.test(line)))
  }
})

test('what a process calls itself cannot move the cursor', () => {
  const view = takeSnapshot(getpid())
  const [one] = view.processes
  assert.ok(one)
  const odd = { ...view, processes: [{ ...one, words: ['\x1b[2Jgone\nnext'] }] }
  const text = picture(odd, { title: '', state: '' }, new Letters(view.own), { columns: 120, rows: 24 }).map(plain)
  assert.ok(text.some(line => line.includes('\\x1b[2Jgone\\nnext')))
})

test('into a pipe it prints one snapshot, and wrong words are named', () => {
  const still = watch('--pid', String(getpid()))
  assert.equal(still.status, 0, still.stderr)
  assert.match(still.stdout, /^process \d+ .*\n\nprocess +PID +inside +state/)
  assert.ok(!still.stdout.includes('\x1b'))
  const json = JSON.parse(watch('--json', '--pid', String(getpid())).stdout)
  assert.deepEqual([json.version, json.root, json.processes[0].pid], [1, getpid(), getpid()])
  const { status, stderr } = watch('--pid', '2147483646')
  assert.deepEqual([status, stderr], [2, '--pid: there is no process 2147483646\n'])
})

/** Reads from a master until the text has come. */
async function readUntil(master: number, isThere: (text: string) => boolean): Promise<string> {
  let text = ''
  const buffer = Buffer.alloc(65536)
  for (const deadline = Date.now() + 60_000; !isThere(text) && Date.now() < deadline; ) {
    try {
      text += buffer.toString('utf8', 0, readSync(master, buffer))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') break
      await pause(20)
    }
  }
  return text
}

for (const [how, end, code] of [
  ['q', (_: ChildProcess, master: number) => writeAll(master, 'q'), 0],
  ['SIGTERM', (child: ChildProcess, _: number) => void child.kill('SIGTERM'), 143],
] as const)
  test(`the terminal is as it was after ${how}`, async () => {
    const { master, number } = openTerminal('/dev/pts')
    setWindowSize(master, { rows: 24, columns: 80 })
    const slave = openSync(`/dev/pts/${number}`, constants.O_RDWR | constants.O_NOCTTY)
    const env = { ...process.env, TERM: 'xterm' }
    const child = spawn(process.execPath, [...WATCH, '--pid', String(getpid())], { stdio: [slave, slave, slave], env })
    started.push(child)
    const ended = new Promise(resolve => child.once('exit', resolve))
    const before = await readUntil(master, text => text.includes('watched for'))
    assert.ok(before.includes('\x1b[?1049h'), before)
    end(child, master)
    const rest = await readUntil(master, text => text.includes('\x1b[?1049l'))
    assert.ok(rest.includes('\x1b[?25h\x1b[?1049l'), rest)
    assert.equal(await ended, code)
    for (const fd of [slave, master]) closeSync(fd)
  })
