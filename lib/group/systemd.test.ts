/**
 * What is asked of systemd and what its answer leads to, tried with a fake systemd-run.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { clone } from '../clone.ts'
import { execve } from '../exec.ts'
import { CLONE_NEWUSER, SIGCHLD } from '../flags.ts'
import { makeGate } from '../gate.ts'
import { ROOT } from '../machine/root.ts'
import { waitpid } from '../process.ts'
import { probeUserNamespaces } from '../rights/user-namespaces.ts'
import type { Standing } from '../testing/fixtures/asks.ts'
import { capture } from '../testing/in-child.ts'
import { scopes } from './systemd.ts'

const skip = !probeUserNamespaces().works && 'no user namespaces, to become an ordinary user'
const USER = 70007
const [WRITES, REFUSES] = ['echo "$*" >> "$LOG"', 'echo "Failed to start unit: No." >&2; exit 1']
const STARTS = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
/** systemd-run before version 254. */
const IS_OLD = 'case "$*" in *--expand*) echo "unrecognized option" >&2; exit 1;; esac'

/** Makes a runtime directory in which a manager seems to listen, and a systemd-run that runs these shell commands. */
function pretend(t: TestContext, ...commands: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'systemd-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'systemd', 'private'), { recursive: true })
  const program = join(folder, 'systemd-run')
  writeFileSync(program, ['#!/bin/sh', WRITES, ...commands, ''].join('\n'))
  chmodSync(program, 0o755)
  const log = join(folder, 'log')
  const env: NodeJS.ProcessEnv = { PATH: `${folder}:/usr/bin:/bin`, XDG_RUNTIME_DIR: folder, LOG: log }
  return { env, log: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) }
}

/** Runs the fixture with another user ID, in a user namespace that maps it to ours. */
function asks(env: NodeJS.ProcessEnv, words: readonly string[] = [], user = USER): Standing[] {
  const { code, output } = capture(0, () => {
    const hasUsers = makeGate()
    const pid = clone(() => {
      hasUsers.wait()
      process.chdir(ROOT)
      execve(process.execPath, ['node', '--import', 'tsx', 'lib/testing/fixtures/asks.ts', ...words], env)
    }, CLONE_NEWUSER | SIGCHLD)
    writeFileSync(`/proc/${pid}/uid_map`, `${user} ${process.geteuid?.()} 1`)
    hasUsers.open()
    return waitpid(pid).code ?? 1
  })
  assert.equal(code, 0, output)
  return output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Standing)
}

test('the program goes on as the same process with the same words, once systemd has answered', { skip }, t => {
  const { env, log } = pretend(t, STARTS)
  const words = ['a b', '', '--', '*']
  const [before, anew, after, ...more] = asks(env, words)
  assert.deepEqual([before?.isInScope, anew?.isInScope, after?.isInScope, more.length], [false, true, true, 0])
  assert.deepEqual([before?.isForSystemd, anew?.isForSystemd], [true, false])
  assert.deepEqual([anew?.pid, anew?.args, after?.pid], [before?.pid, words, before?.pid])
  const [tried, taken, ...others] = log()
  assert.match(tried ?? '', /^--user --scope --quiet --collect --property=Delegate=yes -- true$/)
  assert.match(taken ?? '', new RegExp(`--unit=containers-from-clone-${before?.pid} -- /.*node --import tsx `))
  assert.deepEqual(others, [])
})

test('a $ in its words is not to be expanded, where systemd-run can be told so', { skip }, t => {
  for (const [commands, last] of [
    [[STARTS], /--expand-environment=no --unit=/],
    [[IS_OLD, STARTS], /Delegate=yes --unit=/],
  ] as const) {
    const { env, log } = pretend(t, ...commands)
    const [, anew] = asks(env, ['$HOME'])
    assert.deepEqual(anew?.args, ['$HOME'])
    assert.match(log().at(-1) ?? '', last)
  }
})

test('when systemd refuses, the program goes on as it is and knows why', { skip }, t => {
  const { env, log } = pretend(t, REFUSES)
  const [before, after, ...more] = asks(env)
  assert.deepEqual([log().length, more.length, after?.pid, after?.isInScope], [1, 0, before?.pid, false])
  assert.deepEqual(
    [after?.isForSystemd, after?.why?.reason],
    [true, 'systemd has refused one: Failed to start unit: No.'],
  )
})

test('a systemd-run that cannot be started is a refusal, too', { skip }, t => {
  const { env } = pretend(t)
  writeFileSync(join(env['XDG_RUNTIME_DIR'] ?? '', 'systemd-run'), '#!/nowhere/sh\n')
  assert.match(asks(env).at(-1)?.why?.reason ?? '', /^systemd has refused one: .*ENOENT/)
})

test('a group without the controller is distinguished from no group', { skip }, t => {
  const { env } = pretend(t, STARTS)
  const { reason, remedy } = asks(env).at(-1)?.why ?? {}
  assert.equal(reason, 'systemd has given one, but without memory')
  assert.match(remedy ?? '', /systemctl edit user@\.service/)
})

test('neither root nor a user without a manager asks for a group', { skip }, t => {
  const { env, log } = pretend(t, STARTS)
  for (const standing of [...asks(env, [], 0), ...asks({ ...env, XDG_RUNTIME_DIR: '/nonexistent' })])
    assert.deepEqual([standing.isForSystemd, standing.isInScope], [false, false])
  assert.deepEqual(log(), [])
})

test('the groups that systemd has given are found by their names, with and without app.slice', t => {
  const hierarchy = mkdtempSync(join(tmpdir(), 'systemd-test-'))
  t.after(() => rmSync(hierarchy, { recursive: true }))
  const manager = join(hierarchy, 'user.slice', 'user-7.slice', 'user@7.service')
  const ours = [
    join(manager, 'containers-from-clone-1.scope'),
    join(manager, 'app.slice', 'containers-from-clone-22.scope'),
  ]
  const others = ['run-1.scope', 'containers-from-clone-x.scope', 'containers-from-clone-3.service']
  for (const path of [...ours, ...others.map(name => join(manager, 'app.slice', name))])
    mkdirSync(path, { recursive: true })
  assert.deepEqual(scopes(hierarchy), ours)
  assert.deepEqual(scopes('/nonexistent'), [])
})
