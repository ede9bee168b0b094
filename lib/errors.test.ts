/**
 * What a reader sees of an error in their own program: what happened, and their own line, and nothing of ours.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { after } from 'node:test'
import { type Child, clone, fork } from './clone.ts'
import { bundlePath } from './engine/bundle-cache.mjs'
import { SIGCHLD } from './flags.ts'
import { ROOT } from './machine/root.ts'
import { draftPrefix } from './tidy/drafts.ts'

const folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
const written: string[] = []
after(() => {
  rmSync(folder, { recursive: true })
  for (const path of written) rmSync(bundlePath(path), { force: true })
})

const HEAD = [
  "import { closeSync, openSync, writeFileSync } from 'node:fs'",
  "import { clone, fork } from '../lib/clone.ts'",
  "import * as F from '../lib/flags.ts'",
  "import { makeGate } from '../lib/gate.ts'",
  "import { startLab } from '../lib/lab/lab.ts'",
  "import { $ } from '../lib/lab/shell.ts'",
  "import { mount } from '../lib/mount/mount.ts'",
  "import { kill, waitpid } from '../lib/process.ts'",
  "await startLab('01-fork-vs-clone', {})",
  "console.log('before')",
]
/** The first line of a program that is the case's own. */
const FIRST = HEAD.length + 1

/** What a program says at its end. */
function failure(name: string, ...lines: readonly string[]): string {
  const path = join(folder, `${name}.ts`)
  writeFileSync(path, [...HEAD, ...lines, ''].join('\n'))
  written.push(path)
  const argv = ['--import', 'tsx', path]
  const { stderr } = spawnSync(process.execPath, argv, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  return stderr
}

const at = (name: string, line: number, text: string, where = '') =>
  new RegExp(`^    at ${basename(folder)}/${name}\\.ts:${line}:\\d+${where}\n    ${line} \\| ${text}`, 'm')

test('an exception: its message, and the line of the own file, and no frame of lib/ or of Node', () => {
  const said = failure('typo', 'function child(): void {', '  const a = nothing.here', '}', 'waitpid(fork(child))')
  assert.match(said, /^ReferenceError: nothing is not defined\n/)
  assert.match(said, at('typo', FIRST + 1, 'const a = nothing\\.here', ' \\(child\\)'))
  assert.doesNotMatch(said, /node:|\/lib\/|node_modules/)
})

test('a failed call: the call, its errno by name, a hint, and the line', () => {
  const said = failure('call', "kill(4194305, 'SIGKILL')")
  assert.match(said, /^kill\(4194305, SIGKILL\): ESRCH \(No such process\)\nhint: no process has that number/)
  assert.match(said, at('call', FIRST, 'kill\\(4194305'))
})

test('a failed command: as it was typed, its exit code, what it said to either output, and the line', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the program has the template.
  const said = failure('command', "const name = 'a b'", 'await $`echo spoken; exec ls /nowhere ${name}`')
  assert.match(said, /^a command of the program failed \(exit code 2\): echo spoken; exec ls \/nowhere 'a b'\n/)
  assert.match(said, /^ {2}spoken$/m)
  assert.match(said, /^ {2}ls: .*\/nowhere/m)
  assert.match(said, at('command', FIRST + 1, 'await \\$`echo'))
  assert.equal(said.match(/ls: .*a b/g)?.length, 1, said)
})

test('a gate that is used twice says so, and where', () => {
  const said = failure('twice', 'const gate = makeGate()', 'gate.open()', 'gate.open()')
  assert.match(said, /^gate: it cannot be opened here, because this process has already opened it/)
  assert.match(said, at('twice', FIRST + 2, 'gate\\.open\\(\\)'))
})

test('a gate that was used before a fork says so in the child', () => {
  const said = failure('gate-fork', 'const gate = makeGate()', 'gate.open()', 'waitpid(fork(() => gate.wait()))')
  assert.match(
    said,
    /^gate: it cannot be waited for here, because its pipe is closed in this process: it was used before/,
  )
  assert.doesNotMatch(said, /EBADF/)
})

test('what a call is given wrong is said with the line, and so is whatever lacks a right', () => {
  const wrong = failure('wrong', "clone('child' as never, F.SIGCHLD)")
  assert.match(wrong, /^TypeError: clone: the child must be a function, not "child"\n/)
  assert.match(wrong, at('wrong', FIRST, 'clone\\('))
  const full = failure('full', 'for (;;) openSync("/dev/null", "r")')
  assert.match(full, /^Error: EMFILE: .*\nhint: this process has as many descriptors open as it may/)
})

test('root of a user namespace is sent neither to sudo nor to a user namespace', {
  skip: process.getuid?.() !== 0,
}, () => {
  const inside = failure(
    'inside',
    'const child = () => {',
    "  mount('x', '/', 'tmpfs')",
    '}',
    'waitpid(clone(child, F.CLONE_NEWUSER | F.SIGCHLD))',
  )
  assert.match(
    inside,
    /^mount\(.*\): EPERM .*\nhint: mounting is refused here although you are root of a user namespace/,
  )
  assert.doesNotMatch(inside, /sudo|or a user namespace/)
})

// Never called: the compiler is what is asked here. Each line below an expectation must not compile.
export function types(takesNumber: Child<number>, takesNothing: Child<undefined>, mayTake: (n?: number) => void): void {
  clone(takesNothing, SIGCHLD)
  clone(mayTake, SIGCHLD)
  clone(takesNumber, SIGCHLD, 1)
  clone((n: number) => n, SIGCHLD, 1, { cgroup: '/x' })
  clone(() => 0, SIGCHLD, undefined, { cgroup: '/x' })
  fork(takesNumber, 1)
  // @ts-expect-error the child's argument is missing
  clone(takesNumber, SIGCHLD)
  // @ts-expect-error so it is here
  clone((n: number) => n, SIGCHLD)
  // @ts-expect-error and here
  fork(takesNumber)
  // @ts-expect-error it is none that the child takes
  clone(takesNumber, SIGCHLD, 'one')
}
