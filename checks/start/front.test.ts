/**
 * Every command of package.json where it cannot start, and where it fails through no fault of its user: what it prints,
 * and with which exit code.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { EXIT } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { makeCheckout } from '../testing/checkout.ts'

const isRoot = process.getuid?.() === 0
const folder = mkdtempSync(join(tmpdir(), 'front-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
/** These start where nothing else does, and have tests of their own; postinstall is a part of npm ci. */
const ABLE = ['start', 'doctor', 'setup', 'postinstall']
const COMMANDS = Object.keys(scripts).filter(name => !ABLE.includes(name) && !name.startsWith('test'))

function checkout(name: string, lacking: readonly string[] | 'all' = []): string {
  const path = join(folder, name)
  makeCheckout(path, lacking)
  return path
}

/** Runs the words of a shell in a checkout, as npm does, with nothing on standard input. */
function shell(cwd: string, script: string, env: NodeJS.ProcessEnv = {}) {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...own } = process.env
  const settings = { cwd, env: { ...own, NO_COLOR: '1', ...env }, input: '', timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { ...settings, encoding: 'utf8' })
  return { status, stdout, stderr, all: stdout + stderr }
}
const command = (name: string) => scripts[name] as string

/** A sentence with its remedy, and no stack. */
function isSentence({ status, all }: ReturnType<typeof shell>, remedy: RegExp, code: number, what: string): void {
  assert.equal(status, code, `${what}: ${all}`)
  assert.match(all, remedy, what)
  assert.doesNotMatch(all, /^\s+at .*:\d+/m, what)
  assert.ok(all.trimEnd().split('\n').length <= 4, `${what}: ${all}`)
}

suite('before npm ci', () => {
  const bare = checkout('bare', 'all')
  for (const name of COMMANDS)
    test(`npm run ${name} says what to type`, () =>
      isSentence(shell(bare, command(name)), /\nhint: npm ci\n/, EXIT.CANNOT, name))

  test('and where Node is too old, or this is no Linux, that comes first', () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`
    const mac = `Object.defineProperty(process, 'platform', { value: 'darwin' })`
    for (const [pretence, expected] of [
      [old, /✘ Node: 18\.20\.4\n.*20\.19 or later\n/],
      [mac, /✘ Linux: darwin\n.*macOS/],
    ] as const) {
      const file = join(folder, 'pretend.cjs')
      writeFileSync(file, pretence)
      const pretending = command('check').replace('node ', `node --require ${file} `)
      isSentence(shell(bare, pretending), expected, EXIT.CANNOT, pretence)
    }
  })
})

suite('where npm ci was interrupted', () => {
  for (const [name, lacking] of [
    ['koffi', ['koffi']],
    ['the packages of the book', ['marked', 'minisearch']],
  ] as const) {
    test(`${name} is missing`, () => {
      const broken = checkout(`without ${name}`, lacking)
      for (const one of ['check', 'learn', 'clean', 'book'])
        if (name !== 'the packages of the book' || one === 'book')
          isSentence(shell(broken, command(one)), /missing\n.*\nhint: npm ci\n/, EXIT.CANNOT, `${one} without ${name}`)
    })
  }

  test('without tsx every command still starts from its bundle', () => {
    const broken = checkout('without tsx', ['tsx'])
    const { status, stdout, stderr } = shell(broken, `${command('check')} --help`)
    assert.equal(status, EXIT.HOLDS, stdout + stderr)
  })

  test("esbuild's program is missing", () => {
    const broken = checkout('without esbuild', ['esbuild', '@esbuild', 'tsx'])
    for (const name of ['esbuild', 'tsx'])
      cpSync(join(ROOT, 'node_modules', name), join(broken, 'node_modules', name), { recursive: true })
    for (const one of ['check', 'watch', 'book'])
      isSentence(shell(broken, command(one)), /@esbuild\/.*\n.*\nhint: .*npm ci\n/, EXIT.CANNOT, one)
  })

  test('native/ is not built: it is built now, and without a compiler that is one sentence', () => {
    const broken = checkout('without native')
    rmSync(join(broken, 'native', 'build'), { recursive: true })
    const without = shell(broken, `${command('clean')} --dry-run`, { CC: '/nowhere/cc' })
    isSentence(without, /no C compiler found.*\nhint: npm run setup/, EXIT.CANNOT, 'clean')
    assert.notEqual(shell(broken, `${command('exercise')} --help`).status, EXIT.CANNOT)
    assert.ok(existsSync(join(broken, 'native', 'build')))
  })
})

/** A command with something mounted for it alone. */
const MOUNTED = [process.execPath, ...startWords(ROOT), join(ROOT, 'lib', 'testing', 'fixtures', 'mounted.ts')]
  .map(word => `'${word}'`)
  .join(' ')

suite('a fault of ours is 70', {
  skip: !isRoot && 'mounts a disk that is full, which takes root',
}, () => {
  const own = checkout('full')
  /** A disk of one page, over a folder of the checkout. */
  const withFull = (path: string, script: string) =>
    shell(own, `mkdir -p ${path} && exec ${MOUNTED} tmpfs ${path} size=4k sh -c '${script}'`)

  test('the disk under mine/ is full', () => {
    const full = withFull('mine', `${command('exercise')} lab3`)
    isSentence(full, /the disk is full \(ENOSPC\)\nhint: /, EXIT.FAULT, 'exercise')
    const learning = withFull('mine', `${command('learn')} --once lab3`)
    assert.equal(learning.status, EXIT.FAULT, learning.all)
  })

  test('a cache on a full disk, or one that cannot be written, costs time and nothing else', () => {
    const full = withFull('node_modules/.cache', `${command('clean')} --dry-run`)
    assert.deepEqual([full.status, full.stderr], [0, ''])
    const readOnly = shell(own, `exec ${MOUNTED} tmpfs node_modules/.cache ro sh -c '${command('clean')} --dry-run'`)
    assert.deepEqual([readOnly.status, readOnly.stderr], [0, ''])
  })

  test('a program of ours that throws', () => {
    const program = join(own, 'checks', 'throws.ts')
    const front = command('check').replace(/ checks\/.*/, '')
    for (const text of ["throw new Error('ours')\n", "setImmediate(() => { throw new Error('ours') })\n"]) {
      writeFileSync(
        program,
        `import { runTool } from '../lib/lab/lab.ts'\nawait runTool(async () => {\n${text}})\nexport {}\n`,
      )
      const { status, stderr } = shell(own, `${front} checks/throws.ts`)
      assert.deepEqual([status, /Error: ours\n\s+at .*throws\.ts:3/.test(stderr)], [EXIT.FAULT, true], stderr)
    }
    writeFileSync(program, "throw new Error('ours')\n")
    assert.equal(shell(own, `${front} checks/throws.ts`).status, EXIT.FAULT)
  })
})
