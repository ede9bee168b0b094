/**
 * The labs and their checks where there is no bash and no GNU tool: in a root file system made of busybox, with the Node
 * of this machine. (Node and its libraries are glibc's there; lib/engine/musl.test.ts is about musl.)
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { findProgram } from '../../lib/machine/find-program.ts'
import { buildShim } from '../../native/build.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NEEDED = ['unshare', 'busybox', 'dash', 'ip', 'ldd']
const CHECK = 'exec node --single-threaded --v8-pool-size=1 --enable-source-maps lib/engine/start.mjs checks/check.ts'

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'makes mounts, which takes root'
  const missing = NEEDED.filter(name => !findProgram(name))
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

/** Runs a shell command there. */
function there(command: string, input = '') {
  const words = [join(ROOT, 'checks/trials/alpine-like.sh'), 'sh', '-c', command]
  const env = { PATH: process.env['PATH'], NODE: process.execPath }
  return spawnSync('sh', words, { cwd: ROOT, encoding: 'utf8', input, env, timeout: 120_000 })
}

suite('in a root file system of busybox', { skip: whyNot() }, () => {
  // There is no compiler in there.
  buildShim(join(ROOT, 'native'))

  test('there are no GNU tools', () => {
    const { stdout, stderr } = there('command -v bash python3 gcc npm-cli; ls --version; ps --version')
    assert.equal(stdout, '')
    assert.match(stderr, /BusyBox/)
  })

  const withoutNft = !findProgram('nft') && 'lab 9 needs nft, and it is not installed'
  test('every check of every lab holds, as root', { skip: withoutNft }, () => {
    const { status, stdout, stderr } = there(CHECK)
    assert.match(stdout, /^\d+ claims hold \(/m, stdout + stderr)
    assert.equal(status, 0, stdout)
  })

  test('lab 3 and its check hold for an ordinary user', () => {
    const { status, stdout, stderr } = there(`exec su ada -c '${CHECK} lab3'`)
    assert.match(stdout, /^\d+ claims hold \(/m, stdout + stderr)
    assert.equal(status, 0, stdout)
  })

  test('lab 4 runs the commands that come through a pipe', () => {
    const lab = 'node --import tsx labs/04-newns.ts'
    const { status, stdout, stderr } = there(`exec ${lab}`, 'hostname\necho $$\nexit 3\n')
    assert.deepEqual([status, stderr], [3, ''], stdout)
    assert.match(stdout, /^myhost\n1\n/m)
  })
})

test('a lab that needs ip says so where ip is that of busybox', { skip: whyNot() }, () => {
  const { status, stderr } = there('ln -sf /bin/busybox /sbin/ip; exec node --import tsx labs/03-newnet.ts')
  assert.equal(status, 77)
  assert.match(stderr, /^lab 3 needs the ip of iproute2: \/sbin\/ip is busybox.*\nhint: .*apk add .*iproute2$/m)
})
