/**
 * Labs and checks as an ordinary user, who has a checkout of their own in a home that no other user may read.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { clone } from '../../lib/clone.ts'
import { cloneExec } from '../../lib/clone-exec.ts'
import { CLONE_NEWUSER, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { groupsNamed } from '../../lib/group/cgroup.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { probeUserNamespaces } from '../../lib/rights/user-namespaces.ts'
import { writeIdMaps } from '../../lib/rights/users.ts'
import { capture } from '../../lib/testing/in-child.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { compareCensus, takeCensus } from '../judge/census.ts'
import { awaitSo } from '../testing/lab-runs.ts'
import { check, grade, lab, learn, OrdinaryUser, USER } from '../testing/ordinary-user.ts'
import { takeOwnView } from '../testing/own-view.ts'
import { preferred } from '../testing/preferred.ts'
import { lackingTools } from '../testing/programs.ts'

const skip =
  process.getuid?.() !== 0
    ? 'needs root, to become somebody else'
    : !probeUserNamespaces().works && 'no user namespaces'
// Interfaces and mounts are counted, and other tests have some, too.
takeOwnView()
/** `undefined` where all tests are skipped. */
const user = (skip ? undefined : new OrdinaryUser()) as OrdinaryUser
after(() => user?.end())

/** A verdict as `--json` has it. */
interface Report {
  readonly labs: readonly {
    readonly slug: string
    readonly verdict: string
    readonly missing?: string
    readonly claims: readonly {
      readonly title: string
      readonly verdict: string
      readonly seen?: string
      readonly missing?: string
    }[]
  }[]
}

const claimsOf = (report: Report, verdict: string) =>
  report.labs.flatMap(({ claims }) => claims.filter(each => each.verdict === verdict).map(({ title }) => title))

/** The interfaces and mounts that this process sees, and the groups that the user owns. */
function census() {
  const owned = groupsNamed(() => true).filter(path => statSync(path, { throwIfNoEntry: false })?.uid === USER)
  return new Set([...takeCensus(), ...owned.map(path => `cgroup ${path}`)])
}

test('labs 1 to 4 run, and the machine is as it was', { skip }, () => {
  const before = census()
  for (const [slug, ...args] of [
    ['01-fork-vs-clone'],
    ['02-newpid'],
    ['03-newnet', '--interval', '0.2'],
    ['04-newns', '--', 'sh', '-c', 'hostname; id -u; cat /proc/1/comm'],
    [
      '04-newns',
      '--pivot-root',
      '--',
      'sh',
      '-c',
      'hostname; id -u; cat /proc/1/comm; ! grep -v "^\\S* /\\S* " /proc/mounts',
    ],
  ] as const) {
    const { status, stdout, stderr } = user.run(lab(slug, ...args))
    assert.equal(status, 0, stdout + stderr)
    assert.equal(
      /runs in a user namespace, in which you are: clone\(CLONE_NEWUSER\)/.test(stdout),
      slug !== '01-fork-vs-clone',
    )
    if (slug === '03-newnet') assert.match(stdout, /3 packets transmitted, 3 (packets )?received, 0% packet loss/)
    if (slug === '04-newns') assert.match(stdout, /^myhost\n0\nsh$/m)
  }
  assert.deepEqual(compareCensus(before, census()), [])
  awaitSo(() => user.processes().length === 0)
})

test('a lab runs where nothing can be kept of what was compiled', { skip }, () => {
  const [cache, aside] = ['.cache', '.aside'].map(name => join(user.checkout, 'node_modules', name)) as [string, string]
  renameSync(cache, aside)
  mkdirSync(cache, { mode: 0o555 })
  const { status, stdout, stderr } = user.run(['node_modules/.bin/tsx', 'labs/02-newpid.ts'])
  rmdirSync(cache)
  renameSync(aside, cache)
  assert.equal(stderr, '')
  assert.equal(status, 0, stdout)
})

test('labs 5 and 6 run in groups that were handed over, and leave them empty', { skip }, t => {
  const made = user.handOver()
  t.after(() => user.takeBack())
  if (made.length === 0) return t.skip('v1 is not mounted here')
  for (const slug of ['05-memory-oom', '06-freezer']) {
    const { status, stdout, stderr } = user.run(lab(slug))
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /^ +You are not root here, so groups are made in \/sys\/fs\/cgroup\/.*, which is yours\.$/m)
  }
  for (const path of made)
    assert.deepEqual(
      readdirSync(path, { withFileTypes: true }).filter(each => each.isDirectory()),
      [],
    )
})

/** The check of every lab, once more and preferred where the machine was too busy for a verdict. */
async function checkAll() {
  const run = () => user.run(check('--json'), 300_000)
  const first = run()
  return /machine is too busy/.test(first.stdout) ? preferred(async () => run()) : first
}

test('every lab passes its check; what the kernel keeps from an ordinary user is not counted as held', {
  skip,
}, async t => {
  const made = user.handOver()
  t.after(() => user.takeBack())
  const { status, stdout, stderr } = await checkAll()
  const report = JSON.parse(stdout) as Report
  const hidden = readFileSync('/proc/sys/kernel/dmesg_restrict', 'utf8').trim() === '1'
  const seen = report.labs.flatMap(({ claims }) => claims.map(each => each.seen ?? each.missing ?? [])).flat()
  assert.deepEqual(claimsOf(report, 'does not hold'), [], [...seen, stderr].join('\n'))
  if (made.length === 0) return
  const unjudged = hidden ? ["the kernel's log names that group and that process"] : []
  assert.deepEqual(claimsOf(report, 'cannot be judged'), unjudged, seen.join('\n'))
  assert.deepEqual([status, report.labs.length], [hidden ? 77 : 0, LABS.length])
})

test('without a group of their own, labs 5 and 6 cannot be judged, with the commands that hand one over', {
  skip,
}, () => {
  const { status, stdout } = user.run(check('lab6', '--json'))
  const [{ verdict, missing = '' } = { verdict: '' }] = (JSON.parse(stdout) as Report).labs
  assert.deepEqual([status, verdict], [77, 'cannot be judged'])
  assert.match(missing, /no control group with the freezer controller can be made/)
})

for (const [name, path] of [
  ['lab2', 'labs/02-newpid/wrong/kills-three.sh'],
  ['lab3', 'trials/hostile/writes-everywhere.py'],
  ['lab2', 'trials/hostile/reach-processes.py'],
  ['lab3', 'trials/hostile/reach-mounts.py'],
  ['lab3', 'trials/hostile/reach-network.py'],
] as const)
  test(`${path} is refused, and reaches nothing`, { skip: skip || lackingTools(path) }, () => {
    const program = join(user.checkout, 'checks', path)
    assert.ok(existsSync(program), program)
    const { status, stdout, stderr } = user.run(check(name, program, '--output'))
    assert.equal(status, 1, stdout + stderr)
    assert.doesNotMatch(stdout, /reached: /)
    assert.match(stdout, /✔ the machine is as it was/)
    awaitSo(() => user.processes().length === 0)
  })

test('what a program writes to the home of its user is lost with the sandbox', { skip }, () => {
  const write = `echo x > "${user.home}/written" && cat "${user.home}/written"`
  const program = user.script('writes.sh', `${write} && rm -rf "${user.checkout}/labs" && ls "${user.checkout}"`)
  const { stdout } = user.run(check('lab1', program, '--output'))
  assert.match(stdout, /\| x\n/)
  assert.doesNotMatch(stdout, /\| labs\n/)
  assert.deepEqual([existsSync(join(user.home, 'written')), existsSync(join(user.checkout, 'labs'))], [false, true])
})

/** Starts something as the user, and gives it when `isReady`. */
function started(words: readonly string[], isReady: () => boolean): ChildProcess {
  const child = spawn(user.node, words, { ...user.options, stdio: 'ignore' })
  awaitSo(isReady)
  return child
}

const isNamed = (name: string) => () => user.processes().some(pid => statusField(pid, 'Name') === name)
const ended = (child: ChildProcess) =>
  new Promise(resolve => child.on('exit', (code, signal) => resolve(signal ?? code)))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`lab 3 ended by ${signal} to its first process leaves no process`, { skip }, async () => {
    const child = started(lab('03-newnet', '--interval', '30'), isNamed('ping'))
    const end = ended(child)
    kill(child.pid as number, signal)
    assert.equal(await end, signal)
    awaitSo(() => user.processes().length === 0)
  })
}

test('a check that is interrupted leaves no process', { skip }, async () => {
  const sleeper = user.script('sleeps.sh', 'exec sleep 60')
  const child = started(check('lab1', sleeper), isNamed('sleep'))
  const end = ended(child)
  kill(child.pid as number, 'SIGTERM')
  assert.equal(await end, 143)
  awaitSo(() => user.processes().length === 0)
})

/** Runs something as the user in a user namespace in which no further user namespaces may be made. */
function runForbidden(words: readonly string[]) {
  return capture(0, () => {
    const hasUsers = makeGate()
    const pid = clone(() => {
      hasUsers.wait()
      writeFileSync('/proc/sys/user/max_user_namespaces', '0')
      process.chdir(user.checkout)
      const become = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups']
      return waitpid(cloneExec(['setpriv', ...become, user.node, ...words], { env: user.options.env })).code ?? 1
    }, CLONE_NEWUSER | SIGCHLD)
    writeIdMaps(pid, [{ inside: 0, outside: 0, count: USER + 1 }])
    hasUsers.open()
    return waitpid(pid).code ?? 1
  })
}

test('where user namespaces are forbidden, labs and checks name the switch, with exit code 77', { skip }, () => {
  for (const words of [lab('02-newpid'), check('lab1')]) {
    const { code, output } = runForbidden(words)
    assert.equal(code, 77, output)
    assert.match(output, /cannot run here without root .*: user\.max_user_namespaces is 0\n/)
    assert.match(output, /^seen: clone\(CLONE_NEWUSER\): ENOSPC$/m)
    assert.match(output, /or: sudo sysctl user\.max_user_namespaces=15000/)
  }
})

test('the reader who is no root has their copy checked, and what is written is theirs', { skip }, () => {
  const { status, stdout, stderr } = user.run(learn('--once', 'lab1'))
  assert.equal(status, 1, stdout + stderr)
  assert.match(stdout, /▸· 1\.1 Have the child /)
  const mine = join(user.checkout, 'mine')
  const files = readdirSync(mine).sort()
  assert.deepEqual(files, ['01-fork-vs-clone.ts', 'progress.json', 'tsconfig.json'])
  for (const path of [mine, ...files.map(name => join(mine, name))]) assert.equal(statSync(path).uid, USER)
})

const withoutMake = skip || (!findProgram('make') && 'not installed: make')
test('a class is graded without root, but for a Makefile, whose mark stays open with the reason', {
  skip: withoutMake,
}, () => {
  const folder = join(user.home, 'class')
  const source = readFileSync(join(user.checkout, 'checks/labs/01-fork-vs-clone/right/fork-vs-clone.c'), 'utf8')
  for (const path of ['ada/lab1.c', 'bob/lab1/lab1.c']) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), source)
  }
  writeFileSync(join(folder, 'bob/lab1/Makefile'), 'lab1: lab1.c\n\tcc -o $@ $<\n')
  const { status, stdout, stderr } = user.run([...grade(folder), '--out', join(user.home, 'grades')])
  assert.equal(status, 77, stdout + stderr)
  assert.match(stdout, /^ +✔ ada +lab 1 +8 of 8/m)
  assert.match(stdout, /^ +\? bob +lab 1 +- of 8 +a Makefile may do anything/m)
})
