/**
 * What sudo lets root try is tried where it wants no password, and where it wants one nobody is asked. Users, sudo's
 * policy and its way to ask are those of a mount namespace of the test's own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { CLONE_NEWNS } from '../../lib/flags.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { MS_BIND, MS_PRIVATE, MS_REC, mount } from '../../lib/mount/mount.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import { readableCheckout, readableNode } from '../../lib/testing/readable-checkout.ts'
import type { Finding } from './find/finding.ts'

const skip =
  process.getuid?.() !== 0
    ? 'makes namespaces, which takes root'
    : (!findProgram('sudo') || !findProgram('setpriv')) && 'no sudo, or no setpriv'
const folder = mkdtempSync(join(tmpdir(), 'by-sudo-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true }))

const USER = 64999
const PAM = ['auth', 'account', 'session'].map(kind => `${kind} required pam_permit.so\n`).join('')

function cover(path: string, text: string, mode: number): void {
  const file = join(folder, path.replaceAll('/', '-'))
  writeFileSync(file, text, { mode })
  mount(file, path, null, MS_BIND)
}

/** The findings of the doctor as a user whom sudo knows. @param rule what its policy says of that user */
function findings(rule: string, before: readonly string[] = []): Finding[] {
  return inChild(CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    cover('/etc/passwd', `${readFileSync('/etc/passwd', 'utf8')}asker:x:${USER}:${USER}::/:/bin/sh\n`, 0o644)
    cover('/etc/sudoers', `root ALL=(ALL) ALL\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\n${rule}\n`, 0o440)
    cover('/etc/pam.d/sudo', PAM, 0o644)
    const user = ['setpriv', '--reuid', String(USER), '--regid', String(USER), '--clear-groups']
    const doctor = [
      readableNode(),
      ...CLONEABLE_FLAGS,
      join(readableCheckout(), 'checks/doctor/start.cjs'),
      'doctor',
      '--json',
    ]
    const [program = '', ...words] = [...before, ...user, ...doctor]
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env
    const { stdout, stderr } = spawnSync(program, words, { cwd: '/', encoding: 'utf8', env })
    assert.match(stdout, /^\{/, stderr)
    return (JSON.parse(stdout) as { findings: Finding[] }).findings
  })
}

const one = (all: readonly Finding[], wanted: string) => all.find(({ id }) => id === wanted)

test('sudo that wants no password: root tries, and is said to be there', { skip }, () => {
  const all = findings('asker ALL=(ALL) NOPASSWD: ALL')
  assert.deepEqual(
    [one(all, 'root')?.state, one(all, 'root')?.seen],
    ['good', 'sudo makes you root, and asks for no password'],
  )
  assert.deepEqual(
    [one(all, 'root-judging')?.state, one(all, 'root-judging')?.seen],
    ['good', 'it was tried, and works'],
  )
})

test('what root cannot do is seen by doing it as root', { skip }, () => {
  const before = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin']
  assert.equal(one(findings('asker ALL=(ALL) NOPASSWD: ALL', before), 'root')?.seen, 'stripped of its powers')
  const raw = ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']
  assert.match(one(findings('asker ALL=(ALL) NOPASSWD: ALL', raw), 'root-judging')?.cause ?? '', /lacks CAP_NET_RAW/)
})

test('sudo that wants a password, or knows nobody, leaves it unknown', { skip }, () => {
  for (const rule of ['asker ALL=(ALL) ALL', '']) {
    const all = findings(rule)
    assert.equal(one(all, 'root')?.state, 'unknown')
    assert.match(one(all, 'root-judging')?.seen ?? '', /^not tried/)
  }
})

test('a Node that sudo does not find, as with nvm, has its hint', { skip }, () => {
  const [tools, nvm] = [join(folder, 'tools'), join(folder, 'nvm')]
  for (const place of [tools, nvm]) mkdirSync(place)
  for (const name of ['true', 'sh']) symlinkSync(`/bin/${name}`, join(tools, name))
  symlinkSync('/bin/true', join(nvm, 'npx'))
  const asked = (path: string) =>
    one(findings(`asker ALL=(ALL) NOPASSWD: ALL\nDefaults:asker secure_path="${path}"`), 'sudo-path')
  assert.equal(asked(`${tools}:${nvm}`)?.state, 'good')
  const found = asked(tools)
  assert.equal(found?.state, 'limited')
  assert.match(found?.remedy ?? '', /^sudo labs\/run 3\nsudo env "PATH=\$PATH" npx tsx /)
})
