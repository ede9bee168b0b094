import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { shimName } from '../machine/packages.mjs'
import { ROOT } from '../machine/root.ts'
import { OUTERMOST } from '../testing/every-node.ts'
import type { Report } from '../testing/fixtures/launched.ts'
import { lendBundles } from '../testing/lend-bundles.ts'
import { NODE_VERSIONS, type NodeVersion, NoSuchNode, nodeFolder } from '../testing/node-versions.ts'
import { bundle } from './bundle.ts'
import { CLONEABLE_FLAGS } from './cloneable.ts'
import { startWords } from './start-words.ts'

const LAUNCHED = 'lib/testing/fixtures/launched.ts'
const ENDING = 'lib/testing/fixtures/ending.ts'
const NPX = ['npx', 'tsx']
const TSX = ['node_modules/.bin/tsx']
const IMPORT = ['node', '--import', 'tsx']
const PLAIN = ['node']
const BOUND = 90_000
const options = { concurrency: 3, skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }

const hasProgram = (name: string) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
const without = (name: string) => !hasProgram(name) && `${name} is not installed`

// Starting a program.

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly child: ChildProcess
  readonly pid: number
  /** When every process that holds the program's output has gone. */
  readonly ended: Promise<Ended>
  /** Waits until it has printed something, or its output has ended, and gives all that it has printed. */
  printed(text: RegExp): Promise<string>
}

interface Circumstances {
  readonly cwd?: string
  readonly version?: NodeVersion | undefined
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  readonly stdout?: number
}

/** The environment of a reader's shell, not of a test. */
async function environment({ version, env }: Circumstances): Promise<NodeJS.ProcessEnv> {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...own } = process.env
  const PATH = [...(version ? [await nodeFolder(version)] : []), own['PATH']].join(delimiter)
  return { ...own, PATH, NO_COLOR: '1', npm_config_update_notifier: 'false', ...env }
}

async function start(command: readonly string[], circumstances: Circumstances = {}): Promise<Started> {
  const { cwd = ROOT, stdin, stdout = 'pipe' } = circumstances
  const env = await environment(circumstances)
  const settings: SpawnOptions = { cwd, env, detached: true, stdio: ['pipe', stdout, 'pipe'] }
  const child = spawn(command[0] as string, command.slice(1), settings)
  if (child.pid === undefined) throw (await once(child, 'error'))[0]
  const { pid } = child
  let [out, err] = ['', '']
  child.stdin?.on('error', () => {})
  if (stdin !== undefined) child.stdin?.end(stdin)
  child.stdout?.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    err += text
  })
  const limit = setTimeout(() => process.kill(-pid, 'SIGKILL'), BOUND)
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(limit)
    return { code, signal, stdout: out, stderr: err.replace(/^npm (warn|notice).*\n/gim, '') }
  })
  async function printed(text: RegExp): Promise<string> {
    while (!text.test(out) && child.stdout?.readable) {
      await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'close')])
    }
    return out
  }
  return { child, pid, ended, printed }
}

async function run(command: readonly string[], circumstances: Circumstances = {}): Promise<Ended> {
  return await (await start(command, { stdin: '', ...circumstances })).ended
}

/** Runs the program that says how it was started. */
async function report(command: readonly string[], circumstances: Circumstances = {}): Promise<Report> {
  const { code, signal, stdout, stderr } = await run([...command, LAUNCHED], circumstances)
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout) as Report
}

/** A test that is skipped where one of its Nodes cannot be had. */
function nodeTest(title: string, body: (t: TestContext) => Promise<void>, skip: string | false = false): void {
  test(title, { skip, timeout: 600_000 }, async t => {
    try {
      await body(t)
    } catch (error) {
      if (!(error instanceof NoSuchNode)) throw error
      t.skip(error.message)
    }
  })
}

/** Whether a process has ended; a zombie has. */
function hasGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await pause(5)) assert.ok(Date.now() < end, `in 60 s not: ${what}`)
}

// Each Node, each way.

const WORDS = ['two words', '', '"', "it's", '--flag', '--help', '-e', '--x=$HOME `id` *', 'ü\n', '--']
const INPUT = Array.from({ length: 20_000 }, (_, i) => `line ${i}`).join('\n')

function stripsTypes(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

function startTime(pid: number): number {
  return Number(
    fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19],
  )
}

/** The descriptors that this process itself would pass on. */
const openHere = fs.readdirSync('/proc/self/fd').flatMap(fd => {
  const link = `/proc/self/fd/${fd}`
  return fs.existsSync(link) ? [fs.readlinkSync(link)] : []
})

function checkReport(report: Report, version: string): void {
  const { execArgv, args, stdin, descriptors, forked, nested, shared, program } = report
  assert.deepEqual({ forked, nested, shared }, { forked: 7, nested: 123, shared: 42 })
  assert.equal(report.version, `v${version}`)
  assert.equal(program, join(ROOT, LAUNCHED))
  assert.deepEqual(args, WORDS)
  assert.equal(stdin, INPUT)
  assert.deepEqual(execArgv.slice(0, 3), [...CLONEABLE_FLAGS, '--enable-source-maps'])
  assert.doesNotMatch(execArgv.join(' '), /--import|--loader|loader\.mjs/)
  assert.deepEqual(
    descriptors.filter(path => !openHere.includes(path)),
    [],
  )
}

async function checkStart(way: readonly string[], version: NodeVersion): Promise<void> {
  const { child, pid, ended } = await start([...way, LAUNCHED, ...WORDS], { version })
  const born = startTime(pid)
  child.stdin?.end(INPUT)
  const { code, signal, stdout, stderr } = await ended
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  const seen = JSON.parse(stdout) as Report
  checkReport(seen, version)
  if (way === TSX) assert.equal(seen.ppid, pid)
  if (way !== IMPORT && way !== PLAIN) return
  assert.deepEqual([seen.pid, seen.ppid, seen.startTime], [pid, process.pid, born])
}

suite('a program starts', options, () => {
  for (const version of NODE_VERSIONS) {
    for (const way of [NPX, TSX, IMPORT, PLAIN]) {
      if (way === PLAIN && !stripsTypes(version)) continue
      // npx starts the same tsx, and takes longest.
      if (way === NPX && !OUTERMOST.includes(version)) continue
      nodeTest(`with \`${way.join(' ')}\` on Node ${version}, and its clones work`, () => checkStart(way, version))
    }
  }
})

// One replacement.

/** The processes that executed a Node, in order. */
function becameNode(trace: string): string[] {
  const calls = trace.split('\n').filter(line => /execve\(".*\/node"/.test(line) && !/ = -1 /.test(line))
  return calls.map(line => line.split(/\s/)[0] as string)
}

suite('the replacement', options, () => {
  for (const way of [IMPORT, TSX]) {
    const processes = way === IMPORT ? 1 : 2
    nodeTest(
      `of \`${way.join(' ')}\` is one execve in the process itself`,
      async t => {
        const trace = join(temporary(t), 'trace')
        await bundle(join(ROOT, LAUNCHED)) // So that nothing has to be bundled in what is watched.
        await report(['strace', '-f', '-qq', '-e', 'trace=execve', '-o', trace, ...way])
        const pids = becameNode(fs.readFileSync(trace, 'utf8'))
        // The program's process executed a Node twice; with tsx its starter, itself a Node, came before.
        assert.equal(pids.length, processes + 1)
        assert.equal(new Set(pids).size, processes)
        assert.equal(pids.at(-1), pids.at(-2))
      },
      without('strace'),
    )
  }

  nodeTest(
    'leaves a terminal a terminal, of the size it had',
    async () => {
      for (const way of [TSX, IMPORT]) {
        const { child, printed, ended } = await start(terminal(`stty rows 33 cols 91; ${way.join(' ')} ${LAUNCHED}`))
        const { columns } = JSON.parse(await printed(/\n/)) as Report
        child.stdin?.end()
        assert.equal(columns, 91)
        assert.equal((await ended).code, 0)
      }
    },
    without('script'),
  )

  for (const version of OUTERMOST) {
    nodeTest(`keeps an uncaught error at its TypeScript line on Node ${version}`, async () => {
      const { code, stderr } = await run([...TSX, ENDING, 'fail'], { version })
      const source = fs.readFileSync(join(ROOT, ENDING), 'utf8')
      const line = source.slice(0, source.indexOf('throw new Error')).split('\n').length
      assert.match(stderr, /Error: as it was told/)
      assert.match(stderr, new RegExp(`at \\S*fail \\(.*${ENDING}:${line}:`))
      assert.equal(code, 1)
    })
  }
})

function terminal(command: string): string[] {
  return ['script', '-qec', command, '/dev/null']
}

// Output.

const FLOOD = [
  'first',
  ...Array.from({ length: 20_000 }, (_, i) => `line ${i} of 20000, and some words to make it longer`),
  'last',
  '',
].join('\n')

/** Reads a program's output through a pipe, from the moment at which nothing more goes into it. */
async function throughSlowPipe(t: TestContext, way: readonly string[], version: NodeVersion): Promise<string> {
  const path = join(temporary(t), 'pipe')
  execFileSync('mkfifo', [path])
  const readEnd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  const writeEnd = fs.openSync(path, 'w')
  const { child, ended } = await start([...way, ENDING, 'flood'], { version, stdout: writeEnd })
  fs.closeSync(writeEnd)
  const writer = Number((await once(child.stderr as Socket, 'data'))[0])
  await until(() => /\) S/.test(fs.readFileSync(`/proc/${writer}/stat`, 'utf8')), 'the pipe is full')
  let text = ''
  for await (const chunk of new Socket({ fd: readEnd, writable: false })) text += chunk
  assert.equal((await ended).code, 0)
  return text
}

suite('what a program and its child print', options, () => {
  for (const version of OUTERMOST) {
    for (const way of [IMPORT, TSX]) {
      nodeTest(`goes whole and in order into a slow pipe: ${way.join(' ')}, Node ${version}`, async t => {
        assert.ok((await throughSlowPipe(t, way, version)) === FLOOD)
      })
    }
    nodeTest(`goes whole and in order into a file, Node ${version}`, async t => {
      const path = join(temporary(t), 'file')
      const stdout = fs.openSync(path, 'w')
      await run([...IMPORT, ENDING, 'flood'], { version, stdout })
      fs.closeSync(stdout)
      assert.ok(fs.readFileSync(path, 'utf8') === FLOOD)
    })
  }
})

// Endings.

suite('an exit code', options, () => {
  for (const way of [NPX, TSX, IMPORT]) {
    nodeTest(`of a child and of the program comes through \`${way.join(' ')}\``, async () => {
      for (const code of way === IMPORT ? [0, 1, 128, 255] : [77, 255]) {
        assert.equal((await run([...way, ENDING, 'exit', String(code)])).code, code)
      }
    })
  }
})

/** Starts a program that prints its PID and its child's, and gives both when it has. */
async function startWaiting(command: readonly string[], circumstances: Circumstances = {}) {
  const started = await start(command, circumstances)
  const [program = 0, inner = 0] = (await started.printed(/\n/)).split(/\s/).map(Number)
  if (!program) assert.fail((await started.ended).stderr)
  return { ...started, program, inner }
}

/** The whole tree has to end, the child that is PID 1 in its namespace included. */
async function endsWhole({ program, inner, ended }: Awaited<ReturnType<typeof startWaiting>>): Promise<Ended> {
  const outcome = await ended
  await until(() => hasGone(program) && hasGone(inner), 'the program and its child are gone')
  return outcome
}

suite('a signal', { ...options, concurrency: 2 }, () => {
  for (const version of OUTERMOST) {
    nodeTest(`that ends the program is what its starter sees, Node ${version}`, async () => {
      const direct = await startWaiting([...IMPORT, ENDING, 'wait'], { version })
      process.kill(direct.program, 'SIGTERM')
      assert.equal((await endsWhole(direct)).signal, 'SIGTERM')
      const throughTsx = await startWaiting([...TSX, ENDING, 'wait'], { version })
      process.kill(throughTsx.program, 'SIGTERM')
      assert.equal((await endsWhole(throughTsx)).code, 143)
    })
    nodeTest(`SIGINT to the process group of tsx ends the whole tree, Node ${version}`, async () => {
      const waiting = await startWaiting([...TSX, ENDING, 'wait'], { version })
      process.kill(-waiting.pid, 'SIGINT')
      assert.equal((await endsWhole(waiting)).code, 130)
    })
    for (const [way, signal] of [
      [TSX, 'SIGINT'],
      [TSX, 'SIGTERM'],
      [IMPORT, 'SIGINT'],
    ] as const) {
      nodeTest(`${signal} runs the program's handler to its end: ${way.join(' ')}, Node ${version}`, async () => {
        const waiting = await startWaiting([...way, ENDING, 'handle', signal], { version })
        process.kill(-waiting.pid, signal)
        const { code, stdout } = await waiting.ended
        // tsx sends a signal again if its arrival is not reported within 30 ms; any program under tsx may get it twice.
        assert.match(stdout, way === TSX ? /\nhandled [12]\n$/ : /\nhandled 1\n$/)
        assert.equal(code, 9)
      })
    }
  }

  for (const way of [IMPORT, TSX]) {
    nodeTest(`ends a program that no longer handles it: ${way.join(' ')}`, async () => {
      const waiting = await startWaiting([...way, ENDING, 'handleOnce', 'SIGINT'])
      process.kill(-waiting.pid, 'SIGINT')
      await Promise.race([waiting.printed(/handled/), waiting.ended])
      if (waiting.child.exitCode === null) process.kill(-waiting.pid, 'SIGINT')
      const { code, signal, stdout } = await endsWhole(waiting)
      assert.match(stdout, /handled/)
      assert.deepEqual([code, signal], way === TSX ? [130, null] : [null, 'SIGINT'])
    })
  }

  nodeTest('SIGTERM that ends the program shows as 143 through npx', async () => {
    const waiting = await startWaiting([...NPX, ENDING, 'wait'])
    process.kill(waiting.program, 'SIGTERM')
    assert.equal((await endsWhole(waiting)).code, 143)
  })

  nodeTest(
    'Ctrl-C at a terminal ends the whole tree of `npx tsx`',
    async () => {
      const waiting = await startWaiting(terminal(`npx tsx ${ENDING} wait 2>/dev/null`))
      waiting.child.stdin?.write('\x03')
      assert.notEqual((await endsWhole(waiting)).code, 0)
    },
    without('script'),
  )
})

// Copies of the checkout.

/** A folder with spaces and other characters in its name, removed after the test. */
function temporary(t: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'launch ü '))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Checkout {
  readonly folder: string
  /** The bundles of the program in it, by when they were made. */
  bundles(): Record<string, number>
  /** The shim's path. */
  shim(): string
}

/**
 * A copy of this checkout with packages of this one, but its own cache and shim.
 * @param programs what has been compiled in it
 */
function copyCheckout(t: TestContext, programs: readonly string[] = []): Checkout {
  const folder = temporary(t)
  const cache = join(folder, 'node_modules', '.cache')
  const names = ['lib', 'native', 'labs', 'package.json', 'package-lock.json', 'tsconfig.json']
  execFileSync('cp', ['-a', ...names.map(name => join(ROOT, name)), folder])
  fs.mkdirSync(cache, { recursive: true })
  for (const name of fs.readdirSync(join(ROOT, 'node_modules'))) {
    if (name === '.cache') continue
    fs.symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  lendBundles(folder, programs)
  const bundleFolder = join(cache, 'clone')
  const build = join(folder, 'native', 'build')
  // There may be others beside it, for guests with another processor.
  for (const name of fs.readdirSync(build)) if (name !== shimName()) fs.rmSync(join(build, name))
  return {
    folder,
    bundles() {
      const all = fs.existsSync(bundleFolder) ? fs.readdirSync(bundleFolder) : []
      const names = all.filter(name => name.startsWith(basename(LAUNCHED, '.ts')))
      return Object.fromEntries(names.map(name => [name, fs.statSync(join(bundleFolder, name)).mtimeMs]))
    },
    shim: () => join(build, shimName()),
  }
}

/** For tests that are not about compiling. */
const COMPILED = [LAUNCHED, 'lib/engine/bundle-main.ts']

/** Runs a command that sees `folder` as a file system that cannot be written. */
function readOnly(folder: string, command: readonly string[]): string[] {
  const mounted = join(ROOT, 'lib', 'testing', 'fixtures', 'mounted.ts')
  return [process.execPath, ...startWords(ROOT), mounted, 'read-only', folder, ...command]
}

function works({ forked, nested, shared }: Report): void {
  assert.deepEqual({ forked, nested, shared }, { forked: 7, nested: 123, shared: 42 })
}

suite('the bundle', options, () => {
  nodeTest('is made once, and again when a source changes', async t => {
    const checkout = copyCheckout(t)
    works(await report(IMPORT, { cwd: checkout.folder }))
    const first = checkout.bundles()
    assert.equal(Object.keys(first).length, 1)
    for (const way of [TSX, IMPORT]) works(await report(way, { cwd: checkout.folder }))
    assert.deepEqual(checkout.bundles(), first)
    fs.appendFileSync(join(checkout.folder, 'lib', 'flags.ts'), "\nprocess.argv[2] = 'changed'\n")
    assert.deepEqual((await report(TSX, { cwd: checkout.folder })).args, ['changed'])
    assert.deepEqual(Object.keys(checkout.bundles()), Object.keys(first))
    assert.notDeepEqual(checkout.bundles(), first)
  })

  for (const version of OUTERMOST) {
    nodeTest(`is done without where the cache cannot be written, Node ${version}`, async t => {
      const { folder, bundles } = copyCheckout(t)
      const cache = join(folder, 'node_modules', '.cache')
      for (const way of [TSX, IMPORT]) {
        const seen = await report(readOnly(cache, way), { cwd: folder, version })
        works(seen)
        assert.match(seen.execArgv.join(' '), /tsx/)
      }
      assert.deepEqual(bundles(), {})
    })
  }

  nodeTest('of several first starts at once is whole', async t => {
    const checkout = copyCheckout(t)
    const reports = await Promise.all([TSX, IMPORT, IMPORT].map(way => report(way, { cwd: checkout.folder })))
    for (const seen of reports) works(seen)
    assert.equal(Object.keys(checkout.bundles()).length, 1)
  })

  nodeTest('and the shim, made by root, belong to whom the checkout belongs', async t => {
    const { folder, shim } = copyCheckout(t)
    fs.rmSync(join(folder, 'native', 'build'), { recursive: true })
    fs.rmdirSync(join(folder, 'node_modules', '.cache'))
    execFileSync('chown', ['-hR', '12345:12345', folder])
    works(await report(IMPORT, { cwd: folder }))
    assert.ok(fs.existsSync(shim()))
    assert.equal(execFileSync('find', [folder, '!', '-user', '12345'], { encoding: 'utf8' }), '')
  })
})

/** An error for a reader: a sentence and a hint, no stack trace. */
function isClear({ code, stderr }: Ended, message: RegExp): void {
  assert.match(stderr, message)
  assert.match(stderr, /^.+\nhint: .+\n$/, 'one sentence and one hint, no stack trace')
  assert.equal(code, 77)
}

suite('the shim', options, () => {
  nodeTest('is built on first use when it is missing or older than its source', async t => {
    const { folder, shim } = copyCheckout(t, COMPILED)
    fs.rmSync(join(folder, 'native', 'build'), { recursive: true })
    works(await report(IMPORT, { cwd: folder }))
    const first = fs.statSync(shim()).mtimeMs
    works(await report(IMPORT, { cwd: folder }))
    assert.equal(fs.statSync(shim()).mtimeMs, first)
    fs.utimesSync(shim(), 1e9, 1e9)
    works(await report(IMPORT, { cwd: folder }))
    assert.ok(fs.statSync(shim()).mtimeMs > 1e12)
    assert.equal(fs.readdirSync(join(folder, 'native', 'build')).length, 1)
  })

  for (const program of [LAUNCHED, 'labs/02-newpid.ts', 'native/build.ts']) {
    nodeTest(`that is missing and no compiler: ${program} says which package to install`, async t => {
      const { folder } = copyCheckout(t, [...COMPILED, program])
      fs.rmSync(join(folder, 'native', 'build'), { recursive: true })
      isClear(
        await run([...TSX, program], { cwd: folder, env: { CC: '/proc/no-compiler' } }),
        /hint: npm run setup installs one/,
      )
    })
  }

  for (const version of OUTERMOST) {
    nodeTest(`up to date is enough for a checkout that cannot be written, Node ${version}`, async t => {
      const { folder } = copyCheckout(t)
      works(await report(readOnly(folder, TSX), { cwd: folder, version }))
    })
    nodeTest(`that is missing in a checkout that cannot be written is one clear message, Node ${version}`, async t => {
      const { folder, shim } = copyCheckout(t, COMPILED)
      fs.rmSync(shim())
      const message = /cannot be written \(EROFS\)/
      isClear(await run(readOnly(folder, [...TSX, LAUNCHED]), { cwd: folder, version }), message)
      fs.rmdirSync(join(folder, 'native', 'build'))
      isClear(await run(readOnly(folder, [...TSX, LAUNCHED]), { cwd: folder, version }), message)
    })
  }

  nodeTest(
    'compiles for arm64 with the flags of the build',
    async t => {
      const { folder, shim } = copyCheckout(t)
      fs.rmSync(join(folder, 'native', 'build'), { recursive: true })
      const env = { CC: 'aarch64-linux-gnu-gcc' }
      const { code, stderr } = await run([...IMPORT, 'native/build.ts'], { cwd: folder, env })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      // Elf64_Half e_machine, EM_AARCH64
      assert.equal(fs.readFileSync(shim()).readUInt16LE(18), 183)
    },
    without('aarch64-linux-gnu-gcc'),
  )
})
