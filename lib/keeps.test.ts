/**
 * What Node has set up that a child, and the Node that replaces this one, keep; what is refused with a sentence; and
 * what makes no difference. On every Node.
 */
import assert from 'node:assert/strict'
import { fork as forkNode } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { CLONEABLE_FLAGS } from './engine/cloneable.ts'
import { startWords } from './engine/start-words.ts'
import { pipe } from './gate.ts'
import { writeAll } from './machine/output.ts'
import { ROOT } from './machine/root.ts'
import { type Ended, everyNode, OUTERMOST, runCompiled, runNode } from './testing/every-node.ts'

const options = { concurrency: 2, skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }
const KEEPS = 'lib/testing/fixtures/keeps.ts'

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'keeps-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const parsed = ({ code, output }: Ended) => {
  assert.equal(code, 0, output)
  return JSON.parse(output.slice(output.indexOf('{'))) as Record<string, unknown>
}

suite('a child', options, () => {
  everyNode("is process.pid, has its parent's process.ppid, and a WebAssembly trap is an error in it", async node => {
    const seen = parsed(await runCompiled(KEEPS, [], { node }))
    const out = 'RuntimeError: memory access out of bounds'
    assert.deepEqual(seen['trap'], [out, out, out, out])
    assert.deepEqual(seen['pids'], [true, true, true, [true, seen['parent']]])
    assert.deepEqual(seen['inside'], [[true, 0], 1, 1])
    assert.deepEqual([seen['after'], seen['killed'], seen['segfault']], [true, 'SIGKILL', 'SIGSEGV'])
    assert.deepEqual(seen['lock'], { same: true, fresh: true, whole: true })
  })

  everyNode("takes no pipe for libuv's lock that only looks like it", async node => {
    // Both ends of a pipe with one byte in it, as make hands a jobserver down.
    const { readEnd, writeEnd } = pipe()
    writeAll(writeEnd, '+')
    const seen = parsed(await runCompiled(KEEPS, [], { node, descriptors: [readEnd, writeEnd] }))
    for (const fd of [readEnd, writeEnd]) closeSync(fd)
    const { '3': reading, '4': writing } = seen['open'] as Record<string, string>
    assert.match(reading ?? '', /^pipe:/)
    assert.equal(reading, writing)
    assert.notEqual(seen['lockPipe'], reading)
    assert.deepEqual(seen['openInChild'], seen['open'])
    assert.deepEqual(seen['lock'], { same: true, fresh: true, whole: true })
  })
})

suite('the replacement keeps', options, () => {
  everyNode('descriptors above 2, and what can be read from them', async (node, t) => {
    const file = join(temporary(t), 'file')
    writeFileSync(file, 'what it holds')
    const fd = openSync(file, 'r')
    const seen = parsed(await runNode([KEEPS, 'read'], { node, descriptors: [fd, fd] }))
    closeSync(fd)
    assert.deepEqual(
      [seen['open'], seen['text']],
      [{ ...(seen['open'] as object), '3': file, '4': file }, 'what it holds'],
    )
  })

  everyNode('the channel of child_process.fork(), and refuses where a message would be lost', async node => {
    const env = { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined }
    const start = (words: string[], execArgv: string[]) =>
      forkNode(join(ROOT, 'lib/testing/fixtures/channel.ts'), words, { execPath: node, execArgv, env, silent: true })
    for (const execArgv of [
      ['--import', 'tsx'],
      [...CLONEABLE_FLAGS, '--import', 'tsx'],
    ]) {
      const child = start([], execArgv)
      const closed = once(child, 'close')
      assert.deepEqual(await once(child, 'message'), ['ready', undefined])
      child.send('hello')
      assert.deepEqual(await once(child, 'message'), ['hello 7', undefined])
      assert.deepEqual(await closed, [0, null])
    }
    const late = start(['late'], ['--import', 'tsx'])
    let said = ''
    late.stderr?.on('data', text => {
      said += text
    })
    const closed = once(late, 'close')
    await once(late, 'message')
    late.send('hello')
    assert.deepEqual(await closed, [2, null])
    assert.match(
      said,
      /^this program was started by child_process\.fork\(\) and has been sent a message .*\nhint: .*\n$/,
    )
  })
})

const PROGRAM =
  "import { fork } from './lib/clone.ts'; import { waitpid } from './lib/process.ts'; " +
  'console.log("code", waitpid(fork(() => 3)).code)'

suite('a program without a file', options, () => {
  everyNode('is refused with a sentence, by -e, with words behind it, and on standard input', async node => {
    const ways: [string[], string][] = [
      [['--input-type=module', '-e', PROGRAM], ''],
      [['--input-type=module', '-e', PROGRAM, 'word'], ''],
      [['--input-type=module'], PROGRAM],
      [['--input-type=module', '-', 'word'], PROGRAM],
    ]
    for (const [words, input] of ways) {
      const { code, output } = await runNode(words, { node, input })
      assert.match(output, /this process cannot be cloned: .*\(with -e, or from standard input\)/)
      assert.equal(code, 1)
      const cloneable = [...CLONEABLE_FLAGS, '--import', 'tsx']
      assert.equal((await runNode(words, { node, input, options: cloneable })).output, 'code 3\n')
    }
  })
})

/** Runs lab 2 with something in front of it. */
const lab = (running: Parameters<typeof runNode>[1]) => runNode(['labs/02-newpid.ts'], running)
const preload = (text: string) => ['--import', `data:text/javascript,${text}`, '--import', 'tsx']

suite('one sentence', options, () => {
  const engines = {
    'this is Bun': "Object.defineProperty(process.versions, 'bun', { value: '1.3.0' })",
    'this is Deno': "Object.defineProperty(process.versions, 'deno', { value: '2.9.0' })",
    'this is ts-node': "process[Symbol.for('ts-node.register.instance')] = {}",
  }
  for (const [sentence, text] of Object.entries(engines))
    test(`and exit code 2, and not a crash: ${sentence}`, async () => {
      const { code, output } = await lab({ options: preload(text) })
      assert.match(output, new RegExp(`^${sentence}.*\\nhint: npx tsx \\S+/labs/02-newpid\\.ts\\n$`))
      assert.equal(code, 2)
    })

  test('and exit code 77 on a kernel that is too old, of a lab and of any program that may clone', async () => {
    const before = ['unshare', '-nm', 'setarch', '--uname-2.6']
    for (const program of ['labs/02-newpid.ts', 'lib/testing/fixtures/guest.ts']) {
      const { code, output } = await runNode([program], { before })
      assert.match(output, /^this is Linux 2\.6\..* need 5\.10 or later\nhint: .+\n$/)
      assert.equal(code, 77)
    }
  })

  test('and exit code 77 without /proc', async () => {
    const mounted = join(import.meta.dirname, 'testing', 'fixtures', 'mounted.ts')
    const before = [process.execPath, ...startWords(ROOT), mounted, 'tmpfs', '/proc', '']
    for (const way of [
      ['--import', 'tsx'],
      [...CLONEABLE_FLAGS, '--import', 'tsx'],
    ]) {
      const { code, output } = await lab({ before, options: way, node: 'node' })
      assert.equal(
        output,
        'there is no /proc here, and clone() looks there for the threads of this process\nhint: mount -t proc proc /proc\n',
      )
      assert.equal(code, 77)
    }
    // Started by its whole path, as labs/run and npm start it.
    for (const words of [
      ['lib/engine/start.mjs', 'labs/02-newpid.ts'],
      ['lib/engine/start.mjs', 'checks/check.ts', 'lab2'],
      ['checks/doctor/start.cjs', 'doctor'],
    ]) {
      const { code, output } = await runNode(words, { before, options: CLONEABLE_FLAGS })
      assert.match(output, /^✘ \/proc: not mounted\n {2}cause: .*\n {2}remedy: {2}mount -t proc proc \/proc\n$/)
      assert.equal(code, 77)
    }
  })
})

suite('nothing is changed', options, () => {
  const circumstances = {
    '--frozen-intrinsics': ['--frozen-intrinsics', '--no-warnings', '--import', 'tsx'],
    'a console that throws': preload(
      "for (const name of Object.keys(console)) console[name] = () => { throw new Error('patched') }",
    ),
    'an Error.prepareStackTrace of somebody else': preload('Error.prepareStackTrace = (error, sites) => sites'),
    'a process.stdout.write that throws': preload("process.stdout.write = () => { throw new Error('patched') }"),
    'an Error.stackTraceLimit of 0': preload('Error.stackTraceLimit = 0'),
  }
  for (const [title, flags] of Object.entries(circumstances))
    everyNode(
      `by ${title}`,
      async node => {
        const { code, output } = await runNode(['lib/testing/fixtures/guest.ts'], { node, options: flags })
        assert.equal(code, 0, output)
        assert.match(output, /^returns 4\nfork 4\n[\s\S]*^the parent lives, 200000$/m)
      },
      OUTERMOST,
    )
})
