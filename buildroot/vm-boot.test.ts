/**
 * `npm run vm` as a user starts it: guests that boot, guests that do not, and nothing left behind. A boot takes five
 * seconds without KVM, so each is asked many things.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { startWords } from '../lib/engine/start-words.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { ROOT } from '../lib/machine/root.ts'
import { until } from '../lib/machine/until.ts'
import { readableCheckout, readableNode } from '../lib/testing/readable-checkout.ts'
import { allPids, readProc } from '../lib/trace/proc.ts'
import { fresh, inFolder, NOBODY, programs } from './testing.ts'
import { OTHER_ARCH } from './vm/architecture.ts'
import { cacheFolders } from './vm/cache.ts'
import { findQemu } from './vm/qemu.ts'

/** One processor, because imitating two that run side by side takes half as much again; and patience, in seconds. */
const OPTIONS = ['--cpus', '1', '--patience', '600']
const programIn = (checkout: string) => [...startWords(checkout), join(checkout, 'buildroot/vm/vm.ts'), ...OPTIONS]
const PROGRAM = programIn(ROOT)
/** Of all that a guest does; only a very busy machine needs so long. */
const BOUND_MS = 900_000
const NAME = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64'

interface Setting {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly uid?: number
}

/** Runs the program to its end. */
function vm(args: readonly string[], { env, input, uid }: Setting = {}) {
  const options = { encoding: 'utf8', input: input ?? '', timeout: BOUND_MS, env: { ...process.env, ...env } } as const
  if (uid === undefined) return spawnSync(process.execPath, [...PROGRAM, ...args], { ...options, cwd: ROOT })
  const checkout = readableCheckout()
  const words = [...programIn(checkout), ...args]
  return spawnSync(readableNode(), words, { ...options, cwd: checkout, uid, gid: uid })
}

/** Why no guest can be booted here. */
function whyNoBoot(): string | false {
  try {
    findQemu()
  } catch (error) {
    return (error as Error).message
  }
  // Asks for a kernel, downloads it if need be, and starts nothing: this file is no QEMU.
  const { status, stderr } = vm(['--accel', 'tcg', '--patience', '5', 'true'], {
    env: { PATH: `${fake('exit 1')}:${process.env['PATH']}` },
  })
  return status === 77 ? stderr.trim() : false
}

let fakes = 0
/** A folder for PATH with a program that calls itself QEMU. */
const fake = (text: string) => programs(`fake-${fakes++}`, { [NAME]: text })
const withFake = (text: string): Setting => ({ env: { PATH: `${fake(text)}:${process.env['PATH']}` } })

const skip = whyNoBoot()

/** The processes whose command line has a word. */
const running = (word: string) => allPids().filter(pid => readProc(pid, 'cmdline')?.includes(word))
const temporary = () => readdirSync(tmpdir()).filter(name => name.startsWith('containers-from-clone.vm-'))

test('streams, input and exit code come back; the checkout is there and forgets', { skip }, () => {
  const script = [
    'cat; echo wrong >&2; pwd; id -u; cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.controllers; ls /sys/class/net',
    'echo new > forgotten && rm package.json && node -p "6 * 7"; sudo -n echo root may; hostname; trap | grep -c INT; exit 37',
  ].join('; ')
  const { status, stdout, stderr } = vm(['--cgroup', 'v2', 'sh', '-c', script], { input: 'typed\n' })
  assert.equal(status, 37, stdout + stderr)
  assert.match(stderr, /^wrong$/m)
  const lines = stdout.split('\n')
  assert.deepEqual(lines.slice(0, 4), ['typed', ROOT, '0', '0::/user.slice/user-0.slice/session-1.scope'])
  assert.match(lines[4] as string, /memory/)
  assert.deepEqual(lines.slice(5), ['lo', '42', 'root may', 'vm', '0', ''])
  assert.ok(!existsSync(join(ROOT, 'forgotten')) && existsSync(join(ROOT, 'package.json')))
})

test('hybrid has v2 at unified; a guest that panics is reported with the end of its console', { skip }, () => {
  const script =
    'grep -c cgroup2 /proc/mounts; ls -d /sys/fs/cgroup/unified /sys/fs/cgroup/freezer; sleep 1; echo c > /proc/sysrq-trigger'
  const { status, stdout, stderr } = vm(['--cgroup', 'hybrid', 'sh', '-c', script])
  assert.equal(status, 70, stdout + stderr)
  assert.equal(stdout, '1\n/sys/fs/cgroup/freezer\n/sys/fs/cgroup/unified\n')
  assert.match(stderr, /^vm: the guest ended before the command did\nthe end of its console:\n(.*\n)* .*Kernel panic/m)
})

test('a user who may not write the checkout gets a guest, too, and v2 groups of their own', { skip }, context => {
  if (process.getuid?.() !== 0) return context.skip('needs root, to become somebody else')
  const kernel = cacheFolders()
    .map(path => join(path, 'kernel'))
    .find(existsSync)
  const cache = inFolder('somebody')
  mkdirSync(join(cache, 'containers-from-clone/vm'), { recursive: true })
  // A copy, because the real one may lie in a home that only root may enter.
  if (kernel) cpSync(kernel, join(cache, 'containers-from-clone/vm/kernel'), { recursive: true })
  for (const path of [cache, join(cache, 'containers-from-clone'), join(cache, 'containers-from-clone/vm')])
    chmodSync(path, 0o777)
  const script =
    'id -u; cat /proc/self/cgroup; mkdir /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/own && ls $_/memory.max; head -c 2 "$(command -v npm)"'
  const { status, stdout, stderr } = vm(
    ['--user', 'sh', '-c', script.replace('$_', '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/own')],
    {
      uid: NOBODY,
      env: { XDG_CACHE_HOME: cache, HOME: cache },
    },
  )
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^1000\n0::.*\/user@1000\.service\/app\.slice\/run-1\.scope\n.*memory\.max\n#!$/)
})

/** What an ordinary user types at a terminal of a guest with v1 groups. */
const AT_TERMINAL = [
  'stty size; id -un; cat /proc/self/cgroup; ls -d /sys/fs/cgroup/unified',
  'mkdir /sys/fs/cgroup/memory/user.slice/user-1000.slice/own && echo $HOME',
  'trap "echo caught; kill -9 $$" INT; echo ready; while :; do sleep 1; done',
].join('; ')

test('an ordinary user at a terminal, in v1: Ctrl-C, the window, groups of their own, and the code of a signal', {
  skip,
}, async context => {
  const script = findProgram('script')
  if (!script) return context.skip('PATH has no script')
  const command = [process.execPath, ...PROGRAM, '--cgroup', 'v1', '--user', 'sh', '-c', `'${AT_TERMINAL}'`].join(' ')
  const inner = `stty rows 33 cols 101; stty -g > ${inFolder('before')}; ${command}; echo code $?; stty -g > ${inFolder('after')}`
  const child = spawn(script, ['-qec', inner, '/dev/null'], { cwd: ROOT })
  let text = ''
  child.stdout.on('data', data => {
    const wasReady = /ready/.test(text)
    text += data
    if (!wasReady && /ready/.test(text)) child.stdin.write('\x03')
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  const timer = setTimeout(() => child.kill('SIGKILL'), BOUND_MS)
  await ended
  clearTimeout(timer)
  const lines = text.replaceAll('\r', '')
  assert.match(lines, /^33 101\nuser\n[\s\S]*^\/home\/user\nready\n[\s\S]*caught\n[\s\S]*code 137/m)
  for (const name of ['memory', 'freezer', 'pids'])
    assert.match(lines, new RegExp(`:${name}:/user.slice/user-1000.slice$`, 'm'))
  assert.doesNotMatch(lines, /^\/sys\/fs\/cgroup\/unified$/m)
  assert.equal(read('before'), read('after'))
})

const read = (name: string) => spawnSync('cat', [inFolder(name)], { encoding: 'utf8' }).stdout

test('without QEMU, without a kernel, or with too much asked for: 77, the reason and the remedy', () => {
  const empty = fresh('empty')
  const lacking = vm(['true'], { env: { PATH: empty } })
  assert.deepEqual([lacking.status, lacking.stdout], [77, ''])
  assert.match(lacking.stderr, /PATH has none\nhint: /)
  const other = vm(['--arch', OTHER_ARCH, 'true'], { env: { PATH: empty } })
  assert.deepEqual([other.status, other.stdout], [77, ''])
  assert.match(other.stderr, new RegExp(`of ${OTHER_ARCH} needs qemu-system-\\w+, and PATH has none\nhint: `))
  const some = withFake('exit 1')
  assert.match(vm(['--memory', '999999G', 'true'], some).stderr, /free\nhint: .*--memory/)
  const closed = inFolder('closed')
  writeFileSync(closed, 'kernel')
  const { status, stderr } = vm(['--kernel', closed, 'true'], some)
  assert.equal(status, 77)
  assert.match(stderr, /is no Linux kernel/)
  if (process.getuid?.() !== 0) return
  chmodSync(closed, 0o600)
  assert.match(vm(['--kernel', closed, 'true'], { ...some, uid: NOBODY }).stderr, /cannot be read: EACCES\nhint: /)
})

test('a kernel that the archive does not have, or an archive that apt does not know: 77, and what there is', () => {
  const apt = (target: string) => ({
    [NAME]: 'exit 1',
    'apt-get': `if [ "$1" = indextargets ]; then echo "${target}"; fi`,
    'apt-cache': 'if [ "$1" = pkgnames ]; then echo linux-image-6.18.5-amd64; echo linux-image-6.18.5-arm64; fi',
    'apt-config': 'exit 0',
  })
  const ask = (name: string, target: string) =>
    vm(['--kernel', '9.99', 'true'], { env: { PATH: `${programs(name, apt(target))}:${process.env['PATH']}` } })
  const lacking = ask('debian', 'Debian Debian http://there/ bookworm')
  assert.deepEqual([lacking.status, lacking.stdout], [77, ''], lacking.stderr)
  assert.match(lacking.stderr, /has no Linux 9\.99 for \w+\nhint: it has 5\.10, 6\.1, 6\.12, 6\.18$/m)
  const unknown = ask('ubuntu', 'Ubuntu Ubuntu http://there/ noble')
  assert.deepEqual([unknown.status, unknown.stdout], [77, ''], unknown.stderr)
  assert.match(unknown.stderr, /knows no archive of Debian.*\nhint: /)
})

test('wrong usage is 2, --help is 0', () => {
  assert.equal(vm(['--cgroup', 'v3']).status, 2)
  const unknown = vm(['--arch', 'riscv'])
  assert.equal(unknown.status, 2)
  assert.match(unknown.stderr, /^--arch must be one of x64, arm64, not "riscv"$/m)
  assert.equal(vm(['--kernel', '5.4', 'true']).status, 2)
  const { status, stdout } = vm(['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /--cgroup WORD/)
})

test('a QEMU that fails, a guest that does not boot and one that falls silent: 70, in time, with what was said', {
  skip,
}, () => {
  const failing = vm(['--accel', 'tcg', 'true'], withFake('echo "no such machine" >&2; exit 1'))
  assert.equal(failing.status, 70)
  assert.match(failing.stderr, /^vm: the guest ended before it had booted\nQEMU said:\n {2}no such machine$/m)
  const mute = vm(['--accel', 'tcg', '--patience', '0.5', 'true'], withFake('exec sleep 1000.25'))
  assert.equal(mute.status, 70)
  assert.match(mute.stderr, /did not boot in 0\.5 s/)
  const says = `exec ${process.execPath} -e 'fs.writeSync(104, "hello\\nstarted\\n"); fs.writeSync(100, "its last words\\n"); setInterval(() => {}, 1e6)'`
  const silent = vm(['--accel', 'tcg', '--patience', '2', 'true'], withFake(says))
  assert.equal(silent.status, 70)
  assert.match(silent.stderr, /silent for 2 s: it hangs\nthe end of its console:\n {2}its last words$/m)
  assert.deepEqual(running('1000.25'), [])
})

/** Starts the program with a QEMU that does nothing, and waits until that runs. */
async function startIdle(word: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...PROGRAM, '--accel', 'tcg', 'true'], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...process.env, ...withFake(`exec sleep ${word}`).env },
  })
  assert.ok(until(() => running(word).length > 0, 20))
  return child
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`${signal} leaves no QEMU and no file`, { skip }, async () => {
    const word = `2000.${signal.length}${signal.charCodeAt(3)}`
    const before = temporary()
    const child = await startIdle(word)
    const ended = new Promise(resolve => child.on('close', resolve))
    child.kill(signal)
    await ended
    assert.ok(until(() => running(word).length === 0, 5))
    assert.deepEqual(temporary(), before)
  })
}
