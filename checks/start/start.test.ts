/**
 * `npm start` on machines that lack this or that, with a package manager and an npm that write down what they are asked.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { EXIT } from '../../lib/errors.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { lendBundles } from '../../lib/testing/lend-bundles.ts'
import { makeCheckout } from '../testing/checkout.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'
import { abilityLine, labNames } from './ability.mjs'

const options = { skip: process.getuid?.() !== 0 && 'makes namespaces and users, which takes root' }
const STRANGER = ['setpriv', '--reuid', '65533', '--regid', '65533', '--clear-groups']
/** Lab 3 makes its interfaces in there, and what is mounted goes with it. */
const ALONE = ['unshare', '-nm', '--propagation', 'private']

const folder = mkdtempSync(join(tmpdir(), 'start-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

/** mount(8) is not on every machine. */
const MOUNTED = [process.execPath, ...startWords(ROOT), join(ROOT, 'lib/testing/fixtures/mounted.ts')]

/** What is compiled on the way to a lab. */
const COMPILED = ['checks/doctor/doctor.ts', 'labs/03-newnet.ts', 'checks/check.ts', 'lib/engine/bundle-main.ts']

/** What stands in for npm: it brings the packages of this checkout. Its first line on standard output is `npm`. */
const NPM = `
const fs = require('node:fs')
const { join } = require('node:path')
fs.appendFileSync(process.env.FAKE_RECORD, 'npm ' + process.argv[2] + '\\n')
fs.writeSync(1, 'npm\\n')
const how = process.env.FAKE_NPM
fs.mkdirSync(join('node_modules', '.cache'), { recursive: true })
if (how === 'fail') { fs.writeSync(2, 'npm error code ENOTFOUND\\n'); process.exit(1) }
if (how === 'wait') { fs.mkdirSync(join('node_modules', 'koffi'), { recursive: true }); fs.readFileSync(process.env.FAKE_GATE) }
fs.rmSync('node_modules', { recursive: true })
fs.mkdirSync(join('node_modules', '.cache'), { recursive: true })
for (const name of fs.readdirSync(process.env.FAKE_PACKAGES))
  if (name !== '.cache') fs.symlinkSync(join(process.env.FAKE_PACKAGES, name), join('node_modules', name))
if (process.env.FAKE_BUNDLES) fs.cpSync(process.env.FAKE_BUNDLES, join('node_modules', '.cache', 'clone'), { recursive: true })
`

/** A machine with a fresh clone: what is asked of it is written down, a line each. */
class Machine {
  readonly checkout: string
  readonly bin: string
  readonly gate: string
  readonly #record: string
  readonly env: NodeJS.ProcessEnv

  /** @param has the tools that are there already */
  constructor(name: string, has: readonly string[] = ['cc', 'ping']) {
    const place = join(folder, name)
    this.checkout = join(place, 'checkout')
    this.bin = join(place, 'bin')
    this.gate = join(place, 'gate')
    this.#record = join(place, 'asked')
    mkdirSync(this.bin, { recursive: true })
    makeCheckout(this.checkout, 'all')
    rmSync(join(this.checkout, 'native', 'build'), { recursive: true, force: true })
    execFileSync('mkfifo', [this.gate])
    const tools = ['cc', 'ping'].map(tool => [tool, this.#tool(tool, has)] as const)
    const bring = tools.map(([tool, file]) => `ln -sf ${file} ${this.bin}/${tool}`).join('\n')
    const script = `#!/bin/sh\nPATH=/usr/bin:/bin\necho "apt-get $1" >> ${this.#record}\n[ $1 = update ] || { ${bring}\n}\n`
    writeFileSync(join(this.bin, 'apt-get'), script, { mode: 0o755 })
    symlinkSync(findProgram('true') as string, join(this.bin, 'busybox'))
    const npm = join(place, 'npm-cli.js')
    writeFileSync(npm, NPM)
    this.env = {
      PATH: this.bin,
      HOME: place,
      NO_COLOR: '1',
      npm_execpath: npm,
      FAKE_RECORD: this.#record,
      FAKE_GATE: this.gate,
      FAKE_PACKAGES: join(ROOT, 'node_modules'),
    }
  }

  /** Lets npm bring what its start would compile, for tests of what comes before or between. @returns itself */
  withBundles(): this {
    const bundles = join(this.checkout, '..', 'bundles')
    lendBundles(this.checkout, COMPILED, bundles)
    this.env['FAKE_BUNDLES'] = bundles
    return this
  }

  /** A tool that is there, or comes to be; what it starts itself has the usual PATH. */
  #tool(tool: string, has: readonly string[]): string {
    const file = join(this.bin, `.${tool}`)
    const real = findProgram(tool) as string
    writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin:/usr/sbin:/sbin exec ${real} "$@"\n`, { mode: 0o755 })
    if (has.includes(tool)) symlinkSync(file, join(this.bin, tool))
    return file
  }

  /** What was asked of the package manager and of npm, in order. */
  get asked(): string[] {
    return existsSync(this.#record) ? readFileSync(this.#record, 'utf8').trimEnd().split('\n') : []
  }

  #words(words: readonly string[], before: readonly string[]): string[] {
    const path = (name: string) => findProgram(name) as string
    const [first, ...rest] = [
      ...before,
      process.execPath,
      join(this.checkout, 'checks', 'start', 'start.cjs'),
      ...words,
    ]
    return [first?.includes('/') ? first : path(first as string), ...rest]
  }

  start(
    words: readonly string[] = [],
    { before = ALONE, env = {} }: { before?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
  ) {
    const [program = '', ...rest] = this.#words(words, before)
    const settings = {
      cwd: this.checkout,
      env: { ...this.env, ...env },
      encoding: 'utf8',
      input: '',
      timeout: 120_000,
    } as const
    const { status, stdout, stderr } = spawnSync(program, rest, settings)
    return { status, stdout, stderr, all: stdout + stderr }
  }

  /** As {@link start}, but does not wait for the end. */
  begin(before: readonly string[], env: NodeJS.ProcessEnv = {}): Begun {
    const [program = '', ...rest] = this.#words([], before)
    return new Begun(
      spawn(program, rest, { cwd: this.checkout, env: { ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  /** Lets an npm go on that waits. */
  open(): void {
    writeFileSync(this.gate, '')
  }
}

/** A start that is at work. */
class Begun {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  text = ''

  constructor(child: ChildProcess) {
    this.child = child
    this.ended = once(child, 'close')
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', chunk => {
        this.text += chunk
      })
  }

  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text) && this.child.stdout?.readable)
      await Promise.race([once(this.child.stdout, 'data'), this.ended])
    assert.match(this.text, pattern)
  }
}

const DONE = /\n10 claims hold[\s\S]*\nThree things to do next:\n(?: {2}\S.*\n){3}$/

suite('npm start', options, () => {
  test('goes from a fresh clone to a lab, and a second time it is at once there', () => {
    const machine = new Machine('fresh', [])
    const first = machine.start(['--yes'])
    assert.equal(first.status, 0, first.all)
    assert.match(first.stdout, /\n\$ npm ci\n[\s\S]*\nThis machine can run and check .*\n\n\$ labs\/run 3\n/)
    assert.match(first.stdout, DONE)
    assert.deepEqual(
      machine.asked.filter(line => line !== 'apt-get update'),
      ['apt-get install', 'npm ci'],
    )
    const second = machine.start()
    assert.equal(second.status, 0, second.all)
    assert.match(second.stdout, /^\$ labs\/run 3\n/)
    assert.equal(machine.asked.filter(line => line !== 'apt-get update').length, 2)
  })

  test('asks without a terminal for --yes, and does nothing', () => {
    const machine = new Machine('no terminal', [])
    const { status, all } = machine.start()
    assert.equal(status, EXIT.CANNOT)
    assert.match(all, /^ {2}apt-get install -y gcc/m)
    assert.match(all, /no terminal to ask on\nhint: npm start -- --yes\n/)
    assert.match(all, /cc and ping must be there first\nhint: .*npm start goes on/)
    assert.deepEqual(machine.asked, [])
  })

  test('leaves it to root where there is no sudo, and names the tools where the packages are not known', () => {
    const machine = new Machine('no sudo', [])
    const stranger = machine.start(['--yes'], { before: STRANGER })
    assert.equal(stranger.status, EXIT.CANNOT)
    assert.match(stranger.all, /neither sudo nor doas\nhint: have root run the command above\n/)
    const release = join(folder, 'os-release')
    writeFileSync(release, 'ID=gentoo\nPRETTY_NAME=Gentoo\n')
    // One of them may be a link to the other.
    const mounts = ['/etc/os-release', '/usr/lib/os-release']
      .filter(file => existsSync(file))
      .flatMap(file => [...MOUNTED, 'bind', release, file])
    const gentoo = machine.start(['--yes'], { before: [...ALONE, ...mounts] })
    assert.equal(gentoo.status, EXIT.CANNOT)
    assert.match(gentoo.all, /Gentoo is none of the distributions.*\nhint: install gcc and iputils with/)
    assert.deepEqual(machine.asked, [])
  })

  test('without network stops at npm ci, and goes on there the next time', () => {
    const machine = new Machine('no network').withBundles()
    const offline = machine.start([], { env: { FAKE_NPM: 'fail' } })
    assert.equal(offline.status, EXIT.CANNOT)
    assert.match(
      offline.all,
      /ENOTFOUND\n.*npm ci did not come to its end \(exit code 1\).*\nhint: .*network.*npm start goes on/,
    )
    const online = machine.start()
    assert.equal(online.status, 0, online.all)
    assert.deepEqual(machine.asked, ['npm ci', 'npm ci'])
  })

  test('interrupted in npm ci it ends that first, and goes on there the next time', async t => {
    const machine = new Machine('interrupted').withBundles()
    const first = machine.begin(ALONE, { FAKE_NPM: 'wait' })
    t.after(() => first.child.kill('SIGKILL'))
    await first.says(/npm ci\nnpm\n/)
    first.child.kill('SIGTERM')
    // The output ends when no process is left that could write to it, npm included.
    assert.deepEqual(await first.ended, [143, null], first.text)
    const second = machine.start()
    assert.equal(second.status, 0, second.all)
    assert.match(second.stdout, DONE)
  })

  test('two at once: the second waits, even where the first was killed and its npm is still at work', async t => {
    // An abstract socket belongs to a network, and so the two have one in common.
    const network = spawn('unshare', ['-n', 'sh', '-c', 'echo made; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
    t.after(() => network.kill('SIGKILL'))
    await once(network.stdout, 'data')
    const shared = [
      'nsenter',
      `--net=/proc/${network.pid}/ns/net`,
      findProgram('unshare') as string,
      '-m',
      '--propagation',
      'private',
    ]
    for (const isKilled of [false, true]) {
      const machine = new Machine(`two, ${isKilled}`).withBundles()
      const first = machine.begin(shared, { FAKE_NPM: 'wait' })
      await first.says(/npm ci\nnpm\n/)
      const second = machine.begin(shared)
      t.after(() => [first, second].map(({ child }) => child.kill('SIGKILL')))
      await second.says(/another npm start is at work in this checkout/)
      if (isKilled) first.child.kill('SIGKILL')
      machine.open()
      // It has come to its lab, so all was there. Two labs at once in one network are not what this is about.
      await second.says(/\n\$ labs\/run 3\n/)
      for (const { child } of [first, second]) child.kill('SIGTERM')
      await Promise.all([first.ended, second.ended])
      assert.deepEqual(machine.asked, ['npm ci'])
    }
  })

  test('runs lab 3 without root in a user namespace', () => {
    const user = new OrdinaryUser()
    try {
      const { status, stdout, stderr } = user.run([join('checks', 'start', 'start.cjs')], 120_000)
      assert.equal(status, 0, stdout + stderr)
      assert.match(stdout, /You are not root here, so lab 3 runs in a user namespace/)
      assert.match(stdout, DONE)
    } finally {
      user.end()
    }
  })
})

test('npm start with a Node that is too old says what the doctor says', () => {
  const old = join(folder, 'old.cjs')
  writeFileSync(old, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`)
  const words = ['--require', old, join(ROOT, 'checks', 'start', 'start.cjs')]
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  assert.equal(status, EXIT.CANNOT)
  assert.match(stderr, /^✘ Node: 18\.20\.4\n.*20\.19 or later\n.*remedy: /)
})

test('npm start knows its options', () => {
  const start = (word: string) =>
    spawnSync(process.execPath, [join(ROOT, 'checks', 'start', 'start.cjs'), word], { encoding: 'utf8' })
  assert.match(start('--help').stdout, /^Usage: npm start /)
  assert.deepEqual([start('--now').status, start('--now').stderr.split('\n')[0]], [EXIT.USAGE, 'unknown option --now'])
})

test('what a machine can do is one line', () => {
  assert.deepEqual(
    [[], [2], [1, 2], [1, 2, 3, 4], [1, 2, 4], [1, 2, 3, 4, 5, 6]].map(numbers => labNames(numbers, 6)),
    ['no lab', 'lab 2', 'labs 1 and 2', 'labs 1 to 4', 'labs 1, 2 and 4', 'every lab'],
  )
  const cell = (answer: 'yes' | 'no') => ({ run: { answer }, check: { answer } })
  const labs = LABS.map(({ number, slug, title }) => {
    const user = cell(number > 4 ? 'no' : 'yes')
    return { number, slug, title, ways: { root: cell('yes'), user, vm: cell('no') } }
  })
  assert.equal(
    abilityLine({ labs }),
    'This machine can run and check every lab as root, labs 1 to 4 without root and no lab in the virtual machine: npm run doctor says why.',
  )
})
