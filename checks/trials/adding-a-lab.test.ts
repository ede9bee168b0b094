/**
 * The steps by which labs/README.md adds a lab, followed to the letter in a copy of the checkout.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { ROOT } from '../../lib/machine/root.ts'

const README = readFileSync(join(ROOT, 'labs', 'README.md'), 'utf8')
const MOST_STEPS = 7
const TITLE = 'a child lives in a UTS namespace of its own'

/** What a step says of one file: all of it, or what is appended to a list in it. */
interface Block {
  readonly file: string
  readonly list: string | undefined
  readonly text: string
}

/** The blocks whose first line names a file, without the indentation of their step. */
function blocks(): Block[] {
  const found = README.matchAll(/^( *)(`{3,})\w+ (\S+\.\w+)(?: append (\w+))?\n([\s\S]*?)^\1\2$/gm)
  return [...found].map(([, indent = '', , file = '', list, text = '']) => ({
    file,
    list,
    text: text.replace(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** Where something is appended: after the last import or row, or before the line that closes a list. */
function end(lines: readonly string[], list: string): number {
  const heading = lines.findIndex(line => line.toLowerCase().replace(/[#*]/g, '').trim() === `the ${list}`)
  if (heading >= 0) {
    const isRow = (line: string) => /^(\||\d+\. )/.test(line)
    const row = lines.findIndex((line, i) => i > heading && isRow(line))
    return lines.findIndex((line, i) => i > row && !isRow(line))
  }
  if (list === 'import') return lines.findLastIndex(line => line.startsWith('import ')) + 1
  const start = lines.findIndex(line => line.includes(` ${list}`) && /[[{]$/.test(line))
  assert.ok(start >= 0, `no list ${list}`)
  return lines.findIndex((line, i) => i > start && /^[\]}]/.test(line))
}

function follow({ file, list, text }: Block): void {
  const path = join(copy, file)
  mkdirSync(dirname(path), { recursive: true })
  if (list === undefined) writeFileSync(path, text)
  else {
    const lines = readFileSync(path, 'utf8').split('\n')
    lines.splice(end(lines, list), 0, text.trimEnd())
    writeFileSync(path, lines.join('\n'))
  }
  if (text.startsWith('#!')) chmodSync(path, 0o755)
}

const copy = mkdtempSync(join(tmpdir(), 'adding-a-lab-'))
after(() => rmSync(copy, { recursive: true }))

const git = ['-c', `safe.directory=${ROOT}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
const files = execFileSync('git', git, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean)
for (const file of files) cpSync(join(ROOT, file), join(copy, file))
cpSync(join(ROOT, 'native', 'build'), join(copy, 'native', 'build'), { recursive: true })
mkdirSync(join(copy, 'node_modules'))
const packages = readdirSync(join(ROOT, 'node_modules')).filter(name => name !== '.cache')
for (const name of packages) {
  const paths = [join(ROOT, 'node_modules', name), join(copy, 'node_modules', name)]
  // No link to the folder: the stage of a recorded session hides where it would lead. Links to files need one file system.
  if (spawnSync('cp', ['-al', ...paths]).status !== 0) execFileSync('cp', ['-a', ...paths])
}

/** Runs one of the project's commands in the copy. */
function npm(...words: readonly string[]) {
  const { npm_config_user_agent: _, INIT_CWD: __, ...env } = process.env
  const run = spawnSync('npm', ['run', '-s', ...words], { cwd: copy, encoding: 'utf8', timeout: 180_000, env })
  return { ...run, all: `${words.join(' ')}\n${run.stdout}${run.stderr}` }
}

test(`a lab is added in at most ${MOST_STEPS} steps`, () => {
  const steps = README.match(/^\d\. \*\*/gm) ?? []
  assert.ok(steps.length > 0 && steps.length <= MOST_STEPS, `${steps.length} steps`)
  for (const block of blocks()) follow(block)
})

test('the new lab passes the types and the linter', () => {
  spawnSync(join(copy, 'node_modules/.bin/biome'), ['check', '--write', ...blocks().map(({ file }) => file)], {
    cwd: copy,
  })
  for (const words of [['types'], ['lint']]) {
    const { status, all } = npm(...words)
    assert.equal(status, 0, all)
  }
})

test('it runs, and answers to all its names', () => {
  const { status, stdout } = spawnSync('npx', ['tsx', 'labs/99-hostname.ts'], { cwd: copy, encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /^ inside {2}My host name is elsewhere\.$/m)
  assert.match(stdout, /^outside {2}My host name is still (?!elsewhere)/m)
})

test('its check holds for the lab and for the right program, and refuses the wrong one', () => {
  for (const [name, ...program] of [['lab99'], ['hostname', 'checks/labs/99-hostname/right/hostname.sh']] as const) {
    const { status, all } = npm('check', name, ...program)
    assert.equal(status, 0, all)
  }
  const { status, stdout } = npm('check', '99-hostname', 'checks/labs/99-hostname/wrong/prints-only.sh', '--', '--json')
  assert.equal(status, 1)
  const [lab] = JSON.parse(stdout).labs
  const failed = lab.claims.filter(({ verdict }: { verdict: string }) => verdict !== 'holds')
  assert.deepEqual(
    failed.map(({ title }: { title: string }) => title),
    [TITLE],
  )
})

test('its exercise is an open task that the check names, and the solved one holds', () => {
  const written = npm('exercise', 'lab99')
  assert.equal(written.status, 0, written.all)
  const file = join(copy, 'mine', '99-hostname.ts')
  const open = npm('check', 'lab99', 'mine/99-hostname.ts')
  assert.equal(open.status, 1, open.all)
  assert.match(open.all, /99\.1.*Let the child have a host name of its own/)
  const task = /const pid = openTask<number>\([^\n]*\)/
  const text = readFileSync(file, 'utf8')
  assert.match(text, task)
  writeFileSync(file, text.replace(task, 'const pid = clone(child, CLONE_NEWUTS | SIGCHLD)'))
  const solved = npm('check', 'lab99', 'mine/99-hostname.ts')
  assert.equal(solved.status, 0, solved.all)
})

test('its chapter is filled in, built and read', () => {
  for (const words of [
    ['book', '--', 'quote'],
    ['book', '--', 'record', '99-hostname'],
    ['book', '--', 'build'],
  ] as const) {
    const { status, all } = npm(...words)
    assert.equal(status, 0, all)
  }
  const { status, stdout } = npm('book', '--', 'read', 'lab99')
  assert.equal(status, 0)
  assert.match(stdout, /My host name is elsewhere\./)
})
