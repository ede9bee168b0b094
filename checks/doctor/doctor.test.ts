/**
 * The doctor and setup on this machine, and on this machine as changed by a mount, a limit or a filter.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CLONE_NEWNS } from '../../lib/flags.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import {
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  mount,
  mounts,
  umount2,
} from '../../lib/mount/mount.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import { NODE_VERSIONS, NoSuchNode, nodeFolder } from '../../lib/testing/node-versions.ts'
import { readableCheckout, readableNode } from '../../lib/testing/readable-checkout.ts'
import { libcName, shimName } from '../../native/libc-name.mjs'
import { changesSince, takeMachineCensus } from '../testing/machine-census.ts'
import type { Diagnosed, Row, Way } from './table.ts'

const START = join(ROOT, 'checks', 'doctor', 'start.cjs')
const NODE = [process.execPath, '--single-threaded', '--v8-pool-size=1']
const DOCTOR = [...NODE, START, 'doctor']
const SETUP = [process.execPath, START, 'setup']
/** The same program for a user who may not enter the home in which this checkout may lie. */
const OPEN_START = join(readableCheckout(), 'checks', 'doctor', 'start.cjs')
const OPEN_DOCTOR = [readableNode(), ...NODE.slice(1), OPEN_START, 'doctor']
const OPEN_SETUP = [readableNode(), OPEN_START, 'setup']
const options = { skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }
/** A user without a name on this machine. */
const STRANGER = ['setpriv', '--reuid', '65533', '--regid', '65533', '--clear-groups']

const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

interface Report extends Diagnosed {
  readonly version: number
  readonly next: string
  readonly exitCode: number
  readonly machine: Readonly<Record<string, unknown>>
}

interface Settings {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** What is mounted for it, in a mount namespace that shares nothing. */
  readonly arrange?: () => void
}

function start(command: readonly string[], { env: own, input }: Settings) {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, SUDO_UID: _uid, ...env } = process.env
  const [program = '', ...words] = command
  const all = { ...env, NO_COLOR: '1', ...own }
  // A directory that every user may enter, or the program would not even be started.
  const cwd = readableCheckout()
  const options = { cwd, env: all, encoding: 'utf8', timeout: 120_000, input: input ?? '' } as const
  const { status, stdout, stderr, error } = spawnSync(program, words, options)
  return { status, stdout, stderr: error ? error.message : stderr }
}

function run(command: readonly string[], settings: Settings = {}) {
  const { arrange } = settings
  if (!arrange) return start(command, settings)
  return inChild(CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    arrange()
    return start(command, settings)
  })
}

/** The report as JSON, and nothing else. @param program a copy of it, for a user who may not enter this checkout */
function doctor(before: readonly string[] = [], settings: Settings = {}, program = DOCTOR): Report {
  const { stdout, stderr, status } = run([...before, ...program, '--json'], settings)
  assert.equal(stderr, '')
  const report = JSON.parse(stdout) as Report
  assert.deepEqual([report.version, report.exitCode], [1, status])
  return report
}

/** Where file systems of these types are mounted. */
const mountsOf = (...types: string[]) =>
  mounts()
    .filter(({ type }) => types.includes(type))
    .map(({ target }) => target)
/** What the children of this process that have ended have had of a processor: `cutime` and `cstime`, in 1/100 s. */
function secondsOfChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}
const stateOf = (report: Report, id: string) => report.findings.find(finding => finding.id === id)?.state
const answers = ({ labs }: Report, way: Way) => labs.map(({ ways }: Row) => ways[way].run.answer).join(' ')

suite('the doctor', options, () => {
  test('answers for every lab, for people in 80 columns and for programs', () => {
    const { stdout, status } = run(DOCTOR)
    const report = doctor()
    assert.equal(status, 0)
    assert.equal(report.labs.length, LABS.length)
    for (const { number, title } of report.labs) assert.match(stdout, new RegExp(`^lab ${number}: ${title} `, 'm'))
    assert.ok(!stdout.includes('\x1b'))
    for (const line of stdout.split('\n').filter(each => /^(lab| {2}[✔~✘?])/.test(each)))
      assert.ok(line.length <= 80, line)
    assert.match(stdout, /\nnext: .+\n$/)
  })

  test('changes nothing', () => {
    const before = takeMachineCensus()
    doctor()
    doctor(STRANGER, {}, OPEN_DOCTOR)
    assert.deepEqual(changesSince(before), [])
  })

  test('answers after about a second of a processor', () => {
    const before = secondsOfChildren()
    doctor()
    const spent = secondsOfChildren() - before
    assert.ok(spent > 0 && spent < 3, `${spent} s`)
  })

  test('has the JSON that its README describes', () => {
    const text = readFileSync(join(ROOT, 'checks', 'doctor', 'README.md'), 'utf8')
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '') as Report
    const ofBoth = (read: (report: Report) => object | undefined) =>
      [example, doctor()].map(report => Object.keys(read(report) ?? {}).sort())
    const elsewhere = ['wsl', 'container']
    const [machine, real] = ofBoth(report => report.machine)
    assert.deepEqual(
      machine?.filter(key => !elsewhere.includes(key)),
      real?.filter(key => !elsewhere.includes(key)),
    )
    for (const read of [
      (report: Report) => report,
      (report: Report) => report.machine['user'] as object,
      (report: Report) => report.machine['distribution'] as object,
      (report: Report) => report.labs[0],
      (report: Report) => report.labs[0]?.ways,
      (report: Report) => report.findings.find(({ id }) => id === 'ping')?.affects[0],
    ]) {
      const [described, printed] = ofBoth(read)
      assert.deepEqual(printed, described)
    }
  })

  test('knows its options, and refuses others', () => {
    assert.match(run([...DOCTOR, '--help']).stdout, /Usage: npm run doctor/)
    assert.equal(run([...DOCTOR, '--al']).status, 2)
    assert.match(run([...DOCTOR, '--all']).stdout, /✔ Node: /)
  })

  test('finds the same for an ordinary user, whether that user runs it or root does', () => {
    const [own, roots] = [
      doctor(STRANGER, {}, OPEN_DOCTOR),
      doctor([], { env: { SUDO_UID: '65533', SUDO_GID: '65533' } }),
    ]
    for (const id of ['user-namespaces', 'own-proc', 'delegated-memory', 'delegated-freezer', 'own-kernel-log'])
      assert.equal(stateOf(own, id), stateOf(roots, id), id)
    assert.equal(answers(own, 'user'), answers(roots, 'user'))
  })

  test('names user.max_user_namespaces where it is 0', () => {
    // Each user namespace has this limit for itself, so that of a new one limits no other process.
    const limited = [
      'unshare',
      '-U',
      '-r',
      'sh',
      '-c',
      'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
      'sh',
    ]
    const report = doctor(limited)
    assert.match(report.findings.find(({ id }) => id === 'user-namespaces')?.cause ?? '', /max_user_namespaces is 0/)
    assert.match(answers(report, 'user'), /^yes no no no /)
    assert.equal(stateOf(report, 'root'), 'missing')
  })

  test('sees a root without its capabilities, as in a container', () => {
    const report = doctor(['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'])
    assert.equal(stateOf(report, 'root'), 'missing')
    assert.match(answers(report, 'root'), /^yes no no no /)
    assert.match(report.findings.find(({ id }) => id === 'user-namespaces')?.cause ?? '', /CAP_SETFCAP/)
    assert.match(answers(report, 'user'), /^yes no no no /)
  })

  test('sees control groups that are read-only', () => {
    const report = doctor([], {
      arrange: () => {
        for (const at of mountsOf('cgroup', 'cgroup2')) mount('none', at, null, MS_REMOUNT | MS_BIND | MS_RDONLY)
      },
    })
    assert.deepEqual(
      ['memory', 'freezer'].map(id => stateOf(report, id)),
      ['missing', 'missing'],
    )
    const inGroups = report.labs.filter(({ slug }) => /memory|freezer/.test(slug))
    assert.deepEqual(
      inGroups.map(({ ways }) => ways.root.run.answer),
      ['no', 'no'],
    )
  })

  test('sees a /proc that is masked, by its mount', { skip: !findProgram('bwrap') && 'bwrap is not installed' }, () => {
    // Any other complete /proc that is mounted somewhere would be enough for the kernel, so all others are covered.
    const arrange = () => {
      for (const at of mountsOf('proc')) if (at !== '/proc') umount2(at, MNT_DETACH)
    }
    const masked = [
      'bwrap',
      '--dev-bind',
      '/',
      '/',
      '--unshare-user',
      '--uid',
      '1000',
      '--gid',
      '1000',
      '--unshare-pid',
    ]
    const report = doctor([...masked, '--proc', '/proc', '--bind', '/dev/null', '/proc/interrupts'], { arrange })
    assert.equal(stateOf(report, 'user-namespaces'), 'good')
    assert.match(report.findings.find(({ id }) => id === 'own-proc')?.cause ?? '', /\/proc\/interrupts/)
    assert.match(answers(report, 'user'), /^yes yes yes no /)
  })

  test('sees a filter that refuses new user namespaces', {
    skip: !findProgram('bwrap') && 'bwrap is not installed',
  }, () => {
    writeFileSync(join(folder, 'filter'), refuseUserNamespaces())
    const script = `exec bwrap --dev-bind / / --seccomp 3 "$@" 3< ${join(folder, 'filter')}`
    const report = doctor([...STRANGER, 'sh', '-c', script, 'sh'], {}, OPEN_DOCTOR)
    assert.match(report.findings.find(({ id }) => id === 'user-namespaces')?.cause ?? '', /seccomp/)
    assert.match(answers(report, 'user'), /^yes no no no /)
    assert.equal(stateOf(report, 'root'), 'missing')
  })

  test('reads the distribution, and what is missing there is installed in its way', () => {
    const arrange = () => {
      becomeDistribution('ID=fedora')
      for (const at of ['/usr/bin/ping', '/bin/ping'].filter(existsSync)) mount('/dev/null', at, null, MS_BIND)
    }
    const report = doctor([], { arrange })
    assert.equal(report.findings.find(({ id }) => id === 'ping')?.remedy, 'dnf install -y iputils')
    assert.equal(report.next, 'npm run setup')
  })
})

/** Makes this machine another distribution, in a mount namespace of its own. */
function becomeDistribution(text: string): void {
  const file = join(folder, `os-release-${text.replace(/\W/g, '-')}`)
  writeFileSync(file, `${text}\n`)
  mount(file, '/etc/os-release', null, MS_BIND)
}

/** A BPF program: clone with CLONE_NEWUSER and unshare fail with EPERM, clone3 with ENOSYS, as Docker's profile does it. */
function refuseUserNamespaces(): Buffer {
  const { clone, unshare } = { x64: { clone: 56, unshare: 272 }, arm64: { clone: 220, unshare: 97 } }[
    process.arch as 'x64'
  ]
  const [LOAD, EQUAL, HAS, RETURN] = [0x20, 0x15, 0x45, 0x06]
  const [ALLOW, EPERM, ENOSYS] = [0x7fff0000, 0x50001, 0x50026]
  const program: readonly [code: number, whenTrue: number, whenFalse: number, value: number][] = [
    [LOAD, 0, 0, 0],
    [EQUAL, 5, 0, 435],
    [EQUAL, 3, 0, unshare],
    [EQUAL, 0, 4, clone],
    [LOAD, 0, 0, 16],
    [HAS, 0, 2, 0x10000000],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ENOSYS],
    [RETURN, 0, 0, ALLOW],
  ]
  const bytes = Buffer.alloc(program.length * 8)
  for (const [i, [code, yes, no, value]] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8)
    bytes.writeUInt8(yes, i * 8 + 2)
    bytes.writeUInt8(no, i * 8 + 3)
    bytes.writeUInt32LE(value, i * 8 + 4)
  }
  return bytes
}

/** A copy of what the doctor needs, without node_modules and without what is built. */
function bareCheckout(name: string): string {
  const copy = join(folder, name)
  for (const part of ['lib', 'labs', 'native', 'checks/doctor', 'package.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true, filter: path => basename(path) !== 'build' })
  return copy
}

suite('the doctor on a machine where nothing starts', options, () => {
  const copy = bareCheckout('bare')
  const start = [process.execPath, join(copy, 'checks', 'doctor', 'start.cjs'), 'doctor']

  test('asks for npm ci where it has not run', () => {
    const { stdout, status } = run(start)
    assert.equal(status, 77)
    assert.match(stdout, /✘ the npm packages: chalk, .*koffi, .*: missing/)
    assert.match(stdout, /next: npm ci\n$/)
    assert.match(run([...STRANGER, ...start]).stdout, /, as user 65533\n/)
    const report = JSON.parse(run([...start, '--json']).stdout) as Report
    assert.deepEqual([report.version, report.labs, report.exitCode], [1, [], 77])
  })

  test('asks for setup first where there is no compiler either', () => {
    const { stdout, status } = run(start, { env: { PATH: '/nowhere' } })
    assert.equal(status, 77)
    assert.match(stdout, /✘ a C compiler: none in PATH/)
    assert.match(stdout, /next: npm run setup\n$/)
  })

  test('takes no shim that was built for the other C library', () => {
    const other = bareCheckout('libc')
    const build = join(other, 'native', 'build')
    mkdirSync(build)
    const command = [process.execPath, join(other, 'checks', 'doctor', 'start.cjs'), 'doctor']
    const isMissed = () => /✘ a C compiler/.test(run(command, { env: { PATH: '/nowhere' } }).stdout)
    writeFileSync(join(build, shimName(libcName() === 'musl' ? 'glibc' : 'musl')), '')
    assert.equal(isMissed(), true)
    writeFileSync(join(build, shimName()), '')
    assert.equal(isMissed(), false)
  })

  test('says what the compiler said where it cannot compile', () => {
    const broken = bareCheckout('broken')
    writeFileSync(join(broken, 'native', 'shim.h'), '#include <no-such-header.h>\n')
    const { stdout } = run([process.execPath, join(broken, 'checks', 'doctor', 'start.cjs'), 'doctor'])
    assert.match(stdout, /no-such-header\.h/)
  })

  test('knows node_modules of another machine by koffi', () => {
    const other = bareCheckout('other')
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
    for (const name of Object.keys(dependencies)) mkdirSync(join(other, 'node_modules', name), { recursive: true })
    for (const name of Object.keys(dependencies))
      writeFileSync(join(other, 'node_modules', name, 'index.js'), `throw new Error('cannot find the native module')`)
    const { stdout, status } = run([process.execPath, join(other, 'checks', 'doctor', 'start.cjs'), 'doctor'])
    assert.equal(status, 77)
    assert.match(stdout, /koffi: cannot find the native module/)
  })

  const elsewhere: readonly [what: string, facts: object, expected: RegExp][] = [
    ['Node 18', { node: '18.20.4' }, /^✘ Node: 18\.20\.4\n.*20\.19 or later\n.*nvm install --lts/],
    ['Node 20.18', { node: '20.18.3' }, /^✘ Node: 20\.18\.3\n/],
    ['macOS', { platform: 'darwin' }, /^✘ Linux: darwin\n.*macOS.*\n.*limactl start/],
    ['Windows', { platform: 'win32' }, /^✘ Linux: win32\n.*Windows.*\n.*wsl --install/],
    ['a Raspberry Pi of 32 bits', { arch: 'arm' }, /^✘ Linux: arm\n.*x86-64/],
  ]
  for (const [what, facts, expected] of elsewhere) {
    test(`on ${what} says so and what to do, doctor and setup alike`, () => {
      const pretend = join(folder, 'pretend.cjs')
      const { node, ...own } = facts as { node?: string }
      const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`
      const others = Object.entries(own).map(([k, v]) => `Object.defineProperty(process, '${k}', { value: '${v}' })`)
      writeFileSync(pretend, [...(node ? [versions] : []), ...others].join('\n'))
      for (const program of ['doctor', 'setup']) {
        const { stdout, status } = run([process.execPath, '--require', pretend, START, program])
        assert.equal(status, 77)
        assert.match(stdout, expected)
      }
      const { stdout } = run([process.execPath, '--require', pretend, START, 'doctor', '--json'])
      assert.equal((JSON.parse(stdout) as Report).exitCode, 77)
    })
  }

  for (const version of NODE_VERSIONS) {
    test(`starts with Node ${version}`, async t => {
      try {
        const bin = join(await nodeFolder(version), 'node')
        const { stdout, stderr } = run([bin, ...NODE.slice(1), START, 'doctor', '--json'])
        assert.equal(stderr, '')
        assert.equal((JSON.parse(stdout) as Report).machine['node'], version)
      } catch (error) {
        if (!(error instanceof NoSuchNode)) throw error
        t.skip(error.message)
      }
    })
  }
})

const MANAGERS: readonly [id: string, program: string, words: string][] = [
  ['debian', 'apt-get', 'install -y gcc libc6-dev iputils-ping'],
  ['fedora', 'dnf', 'install -y gcc iputils'],
  ['alpine', 'apk', 'add --update-cache gcc musl-dev iputils-ping'],
  ['arch', 'pacman', '-S --needed --noconfirm gcc iputils'],
  ['opensuse', 'zypper', '--non-interactive install gcc glibc-devel iputils'],
]

/** A PATH with a package manager that writes down what it is asked, and then puts `brings` there. */
function pathWith(name: string, program: string, brings: readonly string[], exitCode = 0) {
  const bin = join(folder, name)
  mkdirSync(bin)
  const record = join(bin, 'asked')
  const lines = brings.map(tool => `echo '#!/bin/sh' > ${bin}/${tool}; chmod +x ${bin}/${tool}`)
  const script = ['#!/bin/sh', 'PATH=/usr/bin:/bin', `echo "$@" >> ${record}`, ...lines, `exit ${exitCode}`].join('\n')
  writeFileSync(join(bin, program), script, { mode: 0o755 })
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  // Without it busybox would be missing, too.
  symlinkSync('/bin/true', join(bin, 'busybox'))
  return { env: { PATH: bin }, asked: () => run(['cat', record]).stdout }
}

suite('setup', options, () => {
  for (const [id, program, words] of MANAGERS) {
    test(`on ${id} asks ${program}, once, for what is missing, and says when nothing is any more`, () => {
      const { env, asked } = pathWith(`path-${id}`, program, ['cc', 'ping', 'ip'])
      // With lists, so that it need not fetch them first.
      const arrange = () => {
        mount('none', '/var/lib', 'tmpfs')
        for (const list of ['/var/lib/apt/lists/x_Packages', '/var/lib/pacman/sync/core.db']) {
          mkdirSync(dirname(list), { recursive: true })
          writeFileSync(list, '')
        }
        becomeDistribution(`ID=${id}`)
      }
      const { stdout, stderr, status } = run([...SETUP, '--yes'], { env, arrange })
      assert.equal(stderr, '')
      assert.match(stdout, new RegExp(`^  ${program} ${words}`, 'm'))
      assert.match(stdout, /nothing is missing any more\nnext: npm run doctor\n$/)
      assert.equal(status, 0)
      assert.match(asked(), new RegExp(`^${words}.*\n$`))
    })
  }

  test('with nothing missing says so and does nothing', () => {
    const { stdout, status } = run(SETUP)
    assert.equal(status, 0)
    assert.match(stdout, /^nothing is missing, and nothing was done\n/)
  })

  test('does nothing without a terminal and without --yes, and says how', () => {
    const { env, asked } = pathWith('no-terminal', 'apt-get', [])
    const { stdout, stderr, status } = run(SETUP, { env })
    assert.equal(status, 77)
    assert.match(stdout, /gcc/)
    assert.match(stderr, /hint: npm run setup -- --yes/)
    assert.equal(asked(), '')
  })

  test('on a terminal asks, and does nothing but for a yes', {
    skip: !findProgram('script') && 'script(1) is not installed',
  }, () => {
    const { env, asked } = pathWith('terminal', 'apt-get', ['cc', 'ping', 'ip'])
    const command = ['env', `PATH=${env.PATH}`, ...SETUP].join(' ')
    const terminal = (input: string) => run(['script', '-qec', command, '/dev/null'], { input })
    assert.match(terminal('n\n').stdout, /Run it\? \[y\/N\][\s\S]*nothing was done/)
    assert.equal(asked(), '')
    assert.match(terminal('y\n').stdout, /nothing is missing any more/)
    assert.match(asked(), /^(update\n)?install -y gcc/)
  })

  test('has sudo in front for an ordinary user, and without sudo leaves it to root', () => {
    const { env } = pathWith('rights', 'apt-get', [])
    assert.match(run([...STRANGER, 'env', `PATH=${env.PATH}`, ...OPEN_SETUP]).stdout, /^ {2}sudo apt-get /m)
    rmSync(join(env.PATH, 'sudo'))
    const { stderr, status } = run([...STRANGER, 'env', `PATH=${env.PATH}`, ...OPEN_SETUP, '--yes'])
    assert.equal(status, 77)
    assert.match(stderr, /neither sudo nor doas/)
  })

  test('passes on that the package manager failed, and that something is still missing', () => {
    const failing = pathWith('failing', 'apt-get', [], 100)
    const { stderr, status } = run([...SETUP, '--yes'], { env: failing.env })
    assert.deepEqual([status, /apt-get .*: exit code 100/.test(stderr)], [1, true])
    const empty = pathWith('empty', 'apt-get', [])
    const second = run([...SETUP, '--yes'], { env: empty.env })
    assert.deepEqual([second.status, /cc is still missing/.test(second.stderr)], [1, true])
  })

  test('names the tools where the distribution is not known', () => {
    const { env } = pathWith('unknown', 'emerge', [])
    const arrange = () => becomeDistribution('ID=gentoo')
    const { stderr, status } = run([...SETUP, '--yes'], { env, arrange })
    assert.equal(status, 77)
    assert.match(stderr, /hint: install gcc and iputils with/)
  })

  test('installs QEMU only on request, and refuses options it does not know', () => {
    const { env } = pathWith('qemu', 'apt-get', [])
    assert.doesNotMatch(run(SETUP, { env }).stdout, /qemu/)
    assert.match(run([...SETUP, '--vm'], { env }).stdout, /qemu-system-/)
    assert.equal(run([...SETUP, '--now']).status, 2)
  })
})
