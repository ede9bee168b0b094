/**
 * `labs/run`: which Node and which lab it starts, from where, and that it becomes the lab.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { EXIT } from '../../lib/errors.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { readProc } from '../../lib/trace/proc.ts'
import { makeCheckout } from '../testing/checkout.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'
import { recognise } from '../watch/labs.ts'

const isRoot = process.getuid?.() === 0
const folder = mkdtempSync(join(tmpdir(), 'labs-run-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

const checkout = join(folder, 'checkout')
makeCheckout(checkout)
const RUN = join(checkout, 'labs', 'run')
const RECORD = join(checkout, 'node_modules', '.cache', 'clone', 'node')
const NO_NODE = join(folder, 'no-node')
mkdirSync(NO_NODE)
for (const name of ['sh', 'readlink'])
  symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(NO_NODE, name))

/** What the postinstall step of npm ci leaves. */
function record(node: string): void {
  mkdirSync(dirname(RECORD), { recursive: true })
  writeFileSync(RECORD, `${node}\n`)
}

function run(words: readonly string[], settings: { cwd?: string; program?: string; PATH?: string } = {}) {
  const { cwd = '/', program = RUN, PATH = process.env['PATH'] } = settings
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env
  return spawnSync(program, words, { cwd, env: { ...env, PATH, NO_COLOR: '1' }, encoding: 'utf8', timeout: 60_000 })
}
const HELP = /^Lab 2: A PID namespace\n/

suite('labs/run', () => {
  record(process.execPath)

  test('knows a lab by each of its names', () => {
    for (const name of ['2', '02', 'lab2', 'newpid', '02-newpid'])
      assert.match(run([name, '--help']).stdout, HELP, name)
  })

  test('says of an unknown lab what every command says', () => {
    const { status, stderr } = run(['33'])
    const known = LABS.map(({ number, slug }) => `lab${number} (${slug})`).join(', ')
    assert.deepEqual([status, stderr], [EXIT.USAGE, `unknown lab "33"\nhint: the labs are ${known}\n`])
    assert.equal(run([]).status, EXIT.USAGE)
    assert.match(run(['--help']).stdout, /^Usage: \[sudo\] labs\/run LAB/)
  })

  test('starts from any folder, by any name of its own, and through symbolic links', () => {
    const links = join(folder, 'links')
    mkdirSync(links)
    symlinkSync(RUN, join(links, 'absolute'))
    symlinkSync('absolute', join(links, 'relative'))
    symlinkSync(join(checkout, 'labs'), join(links, 'folder'))
    for (const program of ['absolute', 'relative', join('folder', 'run')].map(name => join(links, name)))
      assert.match(run(['2', '--help'], { program }).stdout, HELP, program)
    assert.match(run(['2', '--help'], { cwd: join(checkout, 'labs'), program: './run' }).stdout, HELP)
    const words = ['-c', 'sh run 2 --help']
    assert.match(run(words, { cwd: join(checkout, 'labs'), program: 'sh' }).stdout, HELP)
  })

  test('takes the Node that npm ci was run with, where PATH has none', () => {
    assert.match(run(['2', '--help'], { PATH: NO_NODE }).stdout, HELP)
  })

  test('says so where that Node has gone, and takes the one in PATH; without one it says what to do', () => {
    record('/gone/bin/node')
    const other = run(['2', '--help'])
    assert.match(other.stdout, HELP)
    assert.match(
      other.stderr,
      /^labs\/run: the Node that npm ci was run with has gone \(\/gone\/bin\/node\): this is .+\n$/,
    )
    const none = run(['2', '--help'], { PATH: NO_NODE })
    assert.deepEqual([none.status, none.stdout], [EXIT.CANNOT, ''])
    assert.match(none.stderr, /^labs\/run: the Node .* has gone .*, and PATH has none\nhint: npm ci.*\n$/)
    rmSync(RECORD)
    assert.match(run(['2', '--help'], { PATH: NO_NODE }).stderr, /^labs\/run: PATH has no node.*\nhint: npm ci;.*\n$/)
    record(process.execPath)
  })

  test('passes options and exit codes through', () => {
    const wrong = run(['2', '--no-such'])
    assert.deepEqual([wrong.status, wrong.stderr.split('\n')[0]], [EXIT.USAGE, 'unknown option --no-such'])
    assert.match(run(['1', '--help']).stdout, /^Lab 1: /)
  })

  test('says before npm ci what to type', () => {
    const bare = join(folder, 'bare')
    makeCheckout(bare, 'all')
    const { status, stderr } = run(['1'], { program: join(bare, 'labs', 'run') })
    assert.equal(status, EXIT.CANNOT)
    assert.match(stderr, /^the npm packages: .*missing\n.*\nhint: npm ci\n$/)
  })

  test('npm ci records the Node that it is run with, and only where it has changed', () => {
    const program = join(checkout, 'lib', 'engine', 'record-node.mjs')
    record('/gone/bin/node')
    for (const _ of [1, 2]) assert.equal(spawnSync(process.execPath, [program]).status, 0)
    assert.equal(readFileSync(RECORD, 'utf8'), `${process.execPath}\n`)
  })
})

/** The lab as it waits for the reader: it is paced so slowly that it does not end by itself. */
async function startWaiting(): Promise<{ child: ChildProcess; ended: Promise<unknown[]> }> {
  const child = spawn(RUN, ['2', '--pace', '1000'], { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  child.stderr?.resume()
  const first = await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), ended])
  assert.ok(Buffer.isBuffer(first[0]), 'it has begun')
  return { child, ended }
}

suite('the process of labs/run', { skip: !isRoot && 'makes namespaces, which takes root' }, () => {
  test('becomes the lab: npm run watch sees it there, and a signal ends it as it would end the lab', async () => {
    const { child, ended } = await startWaiting()
    const words = (readProc(child.pid as number, 'cmdline') ?? '').split('\0').slice(0, -1)
    assert.equal(words[0], process.execPath)
    // The watch of this checkout knows only labs of its own.
    const here = words.map(word => word.replace(checkout, dirname(dirname(import.meta.dirname))))
    assert.equal(recognise(child.pid as number, here)?.lab?.slug, '02-newpid')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })

  test('works where an ordinary user may not write the bundles of root', () => {
    const user = new OrdinaryUser()
    try {
      const cache = join(user.checkout, 'node_modules', '.cache')
      rmSync(cache, { recursive: true, force: true })
      mkdirSync(cache)
      const program = join(user.checkout, 'labs', 'run')
      const { status, stdout, stderr } = spawnSync(program, ['1'], { ...user.options, encoding: 'utf8' })
      assert.deepEqual([status, stderr, stdout !== ''], [0, '', true])
    } finally {
      user.end()
    }
  })
})
