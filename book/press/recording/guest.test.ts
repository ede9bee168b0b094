/**
 * Whatever ends `record --guest`, its virtual machine ends as well.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fork } from '../../../lib/clone.ts'
import { startWords } from '../../../lib/engine/start-words.ts'
import { execve } from '../../../lib/exec.ts'
import { openTerminal, takeTerminal } from '../../../lib/lab/pty.ts'
import { dup2 } from '../../../lib/machine/descriptors.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { until } from '../../../lib/machine/until.ts'
import { kill, setsid, waitpid } from '../../../lib/process.ts'
import { allPids, readProc } from '../../../lib/trace/proc.ts'

const BOUND = 100
const QEMU = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64'
const RECORD = [...startWords(ROOT), join(ROOT, 'book/press/book.ts'), 'record', '--guest', 'v2']

const folder = mkdtempSync(join(tmpdir(), 'guest-test-'))
after(() => rmSync(folder, { recursive: true }))

/** An environment in which this script is the machine. */
function withQemu(script: string): NodeJS.ProcessEnv {
  const file = join(folder, QEMU)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
}

/** Why no guest can be started here: there is no kernel for it. */
function whyNoGuest(): string | false {
  const words = [...startWords(ROOT), join(ROOT, 'buildroot/vm/vm.ts'), '--accel', 'tcg', 'true']
  const options = { env: withQemu('exit 1'), encoding: 'utf8', timeout: BOUND * 1000 } as const
  const { status, stderr } = spawnSync(process.execPath, words, options)
  return status === 77 ? stderr.trim() : false
}

const skip = whyNoGuest()
let count = 0
/** A machine that only sleeps, and a mark in its environment that everything has which belongs to it. */
function makeMachine() {
  const mark = `GUEST_TEST=${process.pid}.${++count}.`
  const marked = () => allPids().filter(pid => readProc(pid, 'environ')?.includes(mark))
  const machines = () => marked().filter(pid => readProc(pid, 'cmdline')?.startsWith('sleep'))
  const said = join(folder, `said-${count}`)
  return {
    /** What is said on its stderr goes there. */
    said: openSync(said, 'a'),
    env: { ...withQemu('exec sleep 2000'), GUEST_TEST: mark.slice('GUEST_TEST='.length) },
    marked,
    comes: () => {
      const isThere = until(() => machines().length === 1, BOUND)
      assert.ok(isThere, 'no machine was started')
    },
    goes: () => {
      const isGone = until(() => marked().length === 0, BOUND)
      assert.ok(isGone, 'something of the machine is still there')
      // A machine that nobody ends is given up after a time, because it does not boot.
      assert.doesNotMatch(readFileSync(said, 'utf8'), /did not boot/)
    },
  }
}

const CODES = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGKILL: null } as const
const runs = [
  { signal: 'SIGTERM', words: [] },
  ...(Object.keys(CODES) as (keyof typeof CODES)[]).map(signal => ({ signal, words: ['--check'] })),
] as const

for (const { signal, words } of runs) {
  test(`${signal} to ${['record', ...words].join(' ')} ends its machine`, { skip }, async () => {
    const { env, said, marked, comes, goes } = makeMachine()
    const child = spawn(process.execPath, [...RECORD, ...words, 'lab1'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'ignore', said],
    })
    const ended = new Promise<number | null>(resolve => child.on('close', resolve))
    comes()
    child.kill(signal)
    const code = await ended
    // Only after SIGKILL, of which nobody hears in time, it may still be there for a moment.
    if (signal === 'SIGKILL') goes()
    else assert.deepEqual(marked(), [])
    assert.equal(code, CODES[signal])
  })
}

test('a terminal that is closed ends the machine of the record in it', { skip }, () => {
  const { env, said, comes, goes } = makeMachine()
  const { master, number } = openTerminal('/dev/pts')
  const pid = fork(() => {
    setsid()
    takeTerminal(`/dev/pts/${number}`)
    dup2(said, 2)
    execve(process.execPath, [process.execPath, ...RECORD, '--check', 'lab1'], env)
  })
  comes()
  closeSync(master)
  goes()
  waitpid(pid)
})

test('SIGKILL to npm ends the machine of the record that it has started', { skip }, () => {
  const { env, said, comes, goes } = makeMachine()
  const npm = spawn('npm', ['run', '-s', 'book', '--', 'record', '--check', '--guest', 'v2', 'lab1'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', said],
  })
  comes()
  kill(npm.pid as number, 'SIGKILL')
  goes()
})
