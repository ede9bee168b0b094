/**
 * Labs 5 and 6 as programs: what they say, what they refuse, and that no group is left whatever happens to them.
 */
import assert from 'node:assert/strict'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { cloneExec } from '../../lib/clone-exec.ts'
import { startWords } from '../../lib/engine/start-words.ts'
import * as F from '../../lib/flags.ts'
import { groupsNamed, makeGroup, ownName } from '../../lib/group/cgroup.ts'
import { innerGroups } from '../../lib/group/directory.ts'
import { hierarchies, hierarchiesWith, hierarchyWith } from '../../lib/group/hierarchies.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { MNT_DETACH, MS_PRIVATE, MS_REC, mount, umount2 } from '../../lib/mount/mount.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { capture, inChild } from '../../lib/testing/in-child.ts'
import { childrenOf, statusField } from '../../lib/trace/proc.ts'
import { awaitSo, enterProc, isAlone, labRun } from '../testing/lab-runs.ts'
import { lab, OrdinaryUser, USER } from '../testing/ordinary-user.ts'

const oom = await labRun('05-memory-oom')
const freezer = await labRun('06-freezer')
const folder = mkdtempSync(join(tmpdir(), 'cgroup-labs-'))
after(() => rmSync(folder, { recursive: true }))
const user = new OrdinaryUser()
after(() => user.end())

/** The groups of a lab that runs or ran in this PID namespace. */
const groupsOf = (pid: number) => groupsNamed(name => [ownName('lab5', pid), ownName('lab6', pid)].includes(name))

/** A memory group that belongs to `user`. */
function withHandedGroup(use: (path: string) => void): void {
  const { path: root, dialect } = hierarchyWith('memory')
  const path = join(root, ownName('handed'))
  mkdirSync(path)
  const files = dialect === 'v1' ? readdirSync(path) : ['cgroup.procs', 'memory.max', 'memory.swap.max']
  for (const file of files) chownSync(join(path, file), USER, USER)
  try {
    use(path)
  } finally {
    rmdirSync(path)
  }
}

test('lab 5 shows the limit as it was written, every step, and the proof', () => {
  const { status, stdout } = oom.run(['--pace', '0'])
  assert.equal(status, 0, stdout)
  assert.match(stdout, /outside {2}# echo 20000000 > \/.*\/memory\.(limit_in_bytes|max)\n/)
  const steps = [...stdout.matchAll(/^outside {2}step +(\d+) {2}\[#*\.*\]/gm)].map(match => Number(match[1]))
  const last = steps.at(-1) as number
  assert.deepEqual(
    steps,
    Array.from({ length: last + 1 }, (_, i) => i),
  )
  assert.ok(last >= 15 && last <= 19, `the last step was ${last}`)
  assert.match(stdout, /The child was killed by SIGKILL\. I sent no signal\./)
  assert.match(stdout, /oom_kill 0 before, 1 now\./)
  assert.match(
    stdout,
    new RegExp(`Why step ${last + 1}\\? The limit is whole pages: 4,882 of them are 19,996,672 bytes\\.`),
  )
})

test('lab 5 draws what it has printed', () => {
  const file = join(folder, 'memory.svg')
  const { status, stdout } = oom.run(['--pace', '0', '--limit', '8M', '--step', '500k', '--plot', file])
  assert.equal(status, 0, stdout)
  const svg = readFileSync(file, 'utf8')
  const steps = [...stdout.matchAll(/^outside {2}step /gm)].length
  assert.equal([...svg.matchAll(/<circle /g)].length, steps)
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*role="img" aria-label="Memory of the group: from /)
  assert.match(svg, /limit: 7,999,488 bytes</)
})

test('lab 5 refuses limits, files and groups that cannot be', () => {
  const wrong: [string[], RegExp][] = [
    [['--limit', 'much'], /^--limit must be a number of bytes such as 20000000 or 20M, not "much"\n$/],
    [['--limit', '0'], /^--limit must be a number of bytes/],
    [['--limit', '900000G'], /^--limit 900000000000000 is more than this machine has to spare .*\nhint: /],
    [['--limit', '1'], /--limit 1 is less than a process needs to start: .*\nhint: try 5M\n$/],
    [['--step', '-1'], /--step.*(argument|must be|needs)/],
    [['--plot', '/nowhere/x.svg'], /^--plot \/nowhere\/x\.svg: no file can be written there\nhint: /],
    [['--plot', '/tmp'], /^--plot \/tmp: that is a directory\nhint: /],
    [['--group', '/nowhere'], /^\/nowhere is no group\nhint: groups are directories such as/],
    [['--group', '/tmp'], /^\/tmp is no control group\nhint: /],
    [['--step', '1'], /^--step 1: that takes 20000000 steps to --limit 20000000\nhint: /],
  ]
  for (const [args, message] of wrong) {
    const { status, stderr } = oom.run(['--pace', '0', ...args])
    assert.equal(status, 2, `${args}: ${stderr}`)
    assert.match(stderr, message)
  }
})

test('lab 5 refuses a group with a process in it', () => {
  const group = makeGroup(ownName('busy'), 'memory')
  const pid = cloneExec(['sleep', '60'])
  try {
    group.add(pid)
    const { status, stderr } = oom.run(['--pace', '0', '--group', group.path])
    assert.equal(status, 2, stderr)
    assert.ok(stderr.startsWith(`${group.path} is in use: there are processes in it (${pid})`), stderr)
  } finally {
    kill(pid, 'SIGKILL')
    waitpid(pid)
    group.remove()
  }
})

test('lab 5 needs no root for a group that was handed over, and gives it back as it was', {
  skip: hierarchyWith('memory').dialect === 'v2' && 'in v2 an ordinary user has to be below a group of theirs already',
}, () => {
  withHandedGroup(path => {
    const limit = () => readFileSync(join(path, 'memory.limit_in_bytes'), 'utf8')
    const before = limit()
    const { status, stdout, stderr } = user.run(lab('05-memory-oom', '--pace', '0', '--group', path))
    assert.equal(status, 0, stderr)
    assert.match(stdout, /oom_kill 0 before, 1 now\./)
    assert.equal(limit(), before)
  })
})

test('a plot that an ordinary user cannot write is refused before anything is done', () => {
  withHandedGroup(path => {
    const { status, stderr } = user.run(lab('05-memory-oom', '--group', path, '--plot', '/root/hidden/x.svg'))
    assert.equal(status, 2)
    assert.match(stderr, /^--plot .*: no file can be written there\nhint: /)
  })
})

test('lab 5 without root names what is not yours', () => {
  const path = join(hierarchyWith('memory').path, ownName('mine'))
  mkdirSync(path)
  const { status, stderr } = user.run(lab('05-memory-oom', '--pace', '0', '--group', path))
  rmdirSync(path)
  assert.equal(status, 1)
  assert.match(stderr, /EACCES .*\nhint: /)
})

for (const { dialect } of hierarchiesWith('freezer')) {
  test(`lab 6 in ${dialect}: the group's own word, the ticks with their gap, and SIGKILL in each dialect`, () => {
    const { status, stdout } = freezer.run(['--dialect', dialect])
    assert.equal(status, 0)
    const word = dialect === 'v1' ? 'freezer.state says: FROZEN' : 'cgroup.events says: frozen 1'
    assert.ok(stdout.includes(word), stdout)
    assert.match(stdout, /^ inside {2}[|.]+\.{10,}[|.]+$/m)
    // How much later it is thawed, and wakes, is the machine's affair.
    assert.ok(Number(/it was suddenly ([\d.]+) s later\./.exec(stdout)?.[1]) >= 0.9, stdout)
    assert.match(stdout, /^outside {2}v1: FROZEN, then SIGKILL: the signal is pending|^ {9}v1: /m)
    assert.match(stdout, /^outside {2}v2: frozen 1, then SIGKILL: it died|^ {9}v2: /m)
  })
}

test('lab 6 refuses an unknown dialect', () => {
  const { status, stderr } = freezer.run(['--dialect', 'v3'])
  assert.equal(status, 2)
  assert.equal(stderr, '--dialect must be one of v1, v2, not "v3"\n')
})

test('labs 5 and 6 on a machine without their controller say so, with exit code 77', () => {
  for (const [lab, controller] of [
    [oom, 'memory'],
    [freezer, 'freezer'],
  ] as const) {
    const { code, output } = capture(F.CLONE_NEWNS, () => {
      mount('none', '/', null, MS_REC | MS_PRIVATE)
      for (const { path } of hierarchies().reverse()) umount2(path, MNT_DETACH)
      return waitpid(cloneExec(lab.command())).code ?? 1
    })
    assert.equal(code, 77, output)
    assert.match(output, new RegExp(`no control group here can have the ${controller} controller\\nhint: `))
  }
})

const LONG = { oom: ['--pace', '0.1'], freezer: ['--freeze', '60'] }
/** Whether the lab stands in the middle of its work: its child sits in its group, limited or frozen. */
const IN_THE_MIDDLE = {
  oom: (pid: number) => groupsOf(pid).some(path => readFileSync(join(path, 'cgroup.procs'), 'utf8') !== ''),
  freezer: (pid: number) => childrenOf(pid).some(child => isFrozen(child)),
}
const isFrozen = (pid: number) => groupsOfProcess(pid).some(path => /FROZEN|frozen 1/.test(stateOf(path)))
const groupsOfProcess = (pid: number) => groupsOf(Number(statusField(pid, 'PPid')))
const stateOf = (path: string) =>
  readdirSync(path)
    .filter(file => file === 'freezer.state' || file === 'cgroup.events')
    .map(file => readFileSync(join(path, file), 'utf8'))
    .join(' ')

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  for (const [name, lab] of Object.entries({ oom, freezer }) as ['oom' | 'freezer', typeof oom][]) {
    test(`lab ${name} ended by ${signal} leaves neither a group nor a process`, () => {
      const left = inChild(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
        enterProc()
        const pid = cloneExec(lab.command(...LONG[name]))
        awaitSo(() => IN_THE_MIDDLE[name](pid))
        kill(pid, signal)
        waitpid(pid)
        awaitSo(() => isAlone() && groupsOf(pid).length === 0)
        return groupsOf(pid)
      })
      assert.deepEqual(left, [])
    })
  }
}

test('a check that is killed while its program is frozen leaves neither a group nor a process', () => {
  const pid = cloneExec(
    ['sh', '-c', `exec '${process.execPath}' ${startWords().join(' ')} checks/check.ts lab6 > /dev/null`],
    {
      cwd: ROOT,
    },
  )
  const groupsOfCheck = () => {
    const names = childrenOf(pid).map(judge => ownName('check', judge))
    return groupsNamed(name => names.includes(name))
  }
  const frozen = () =>
    groupsOfCheck()
      .flatMap(innerGroups)
      .flatMap(innerGroups)
      .some(path => /FROZEN|frozen 1/.test(stateOf(path)))
  awaitSo(frozen)
  const groups = groupsOfCheck()
  kill(pid, 'SIGKILL')
  waitpid(pid)
  awaitSo(() => groups.every(path => !existsSync(path)))
  assert.ok(groups.length > 0)
})
