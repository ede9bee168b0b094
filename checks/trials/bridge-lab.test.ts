/**
 * Lab 9 as a reader runs it: on "this machine", which is a network namespace made for it, nothing is left of it, however
 * it ends; what is to go wrong does; and what is missing is said in a sentence.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after as afterAll } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { cloneExec } from '../../lib/clone-exec.ts'
import { CLONE_NEWNET, CLONE_NEWNS } from '../../lib/flags.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { MS_BIND, MS_PRIVATE, MS_REC, mount } from '../../lib/mount/mount.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { natRules } from '../../lib/net/nat/rules.ts'
import { setUp } from '../../lib/net/rtnetlink/links.ts'
import { changeSetting, setting } from '../../lib/net/settings.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import { awaitSo } from '../testing/lab-runs.ts'

const LAB = [join(ROOT, 'lib/engine/start.mjs'), join(ROOT, 'labs/09-bridge.ts')]
const folder = mkdtempSync(join(tmpdir(), 'bridge-lab-'))
afterAll(() => rmSync(folder, { recursive: true }))
const skip = process.getuid?.() === 0 ? false : 'takes root'
/** For a lab on a machine that is busy, in milliseconds. */
const PATIENCE = 120_000

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...LAB, ...words], {
    encoding: 'utf8',
    timeout: PATIENCE,
  })
  return { status, stdout, stderr }
}

/** Hides programs from whoever runs in this mount namespace. */
function hide(...programs: string[]): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  for (const path of programs.flatMap(name => findProgram(name) ?? [])) mount('/dev/null', path, null, MS_BIND)
}

/** What a machine has of which a lab could leave something. */
const machine = () => ({
  links: interfaceNames().toSorted(),
  rules: natRules(),
  forwards: setting('net.ipv4.ip_forward'),
})

for (const [what, hidden] of [
  ['nft', []],
  ['iptables-nft', ['nft']],
] as const)
  test(`with ${what}, on this machine, nothing is left of it`, {
    skip: skip || (!findProgram(what) && 'not installed'),
  }, () => {
    const { before, seen, after } = inChild(CLONE_NEWNET | CLONE_NEWNS, () => {
      hide(...hidden)
      setUp('lo')
      changeSetting('net.ipv4.ip_forward', '0')
      const before = machine()
      return { before, seen: run('--on-this-machine', '--patience', '60'), after: machine() }
    })
    assert.equal(seen.status, 0, seen.stderr)
    assert.match(seen.stdout, /the world at 203\.0\.113\.7 port 7 answers: I see you at 203\.0\.113\.1\./)
    assert.match(seen.stdout, new RegExp(`machine {2}# ${what} `))
    assert.deepEqual(after, before)
  })

test('killed in the middle, on this machine, it leaves nothing either', { skip }, () => {
  const { before, after } = inChild(CLONE_NEWNET | CLONE_NEWNS, () => {
    changeSetting('net.ipv4.ip_forward', '0')
    const before = machine()
    const [program, ...words] = [process.execPath, ...LAB, '--on-this-machine', '--pace', '0.1']
    const file = join(folder, 'output')
    // It is read before the shell has come to make it.
    writeFileSync(file, '')
    const pid = cloneExec(['sh', '-c', `exec "$@" >${file} 2>&1`, 'sh', program, ...words])
    awaitSo(() => / dnat /.test(readFileSync(file, 'utf8')))
    const during = machine()
    kill(pid, 'SIGKILL')
    waitpid(pid)
    // Its keeper hears of the end and takes back what is left.
    awaitSo(() => isDeepStrictEqual(machine(), before))
    assert.notDeepEqual(during, before)
    return { before, after: machine() }
  })
  assert.deepEqual(after, before)
})

test('what is to go wrong goes wrong, and the lab says so with its exit code', { skip }, () => {
  const { status, stdout } = inChild(CLONE_NEWNET, () => run('--break', 'no-masquerade', '--patience', '0.5'))
  assert.equal(status, 1)
  assert.match(stdout, /the world at 203\.0\.113\.7 port 7: ETIMEDOUT/)
})

test('what is missing, or is no port, is said in a sentence', { skip }, () => {
  const none = inChild(CLONE_NEWNS, () => {
    hide('nft', 'iptables-nft')
    return run()
  })
  assert.equal(none.status, 77)
  assert.match(none.stderr, /^lab 9 needs the program nft \(or iptables-nft\).*\nhint: .*nftables/)
  const wrong = run('--publish', '65536')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /^--publish must be a port from 1 to 65535, not "65536"/)
})
