/**
 * `npm run clean`: removes what was left by owners that have certainly ended, and nothing else.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { clone, fork } from '../../lib/clone.ts'
import { cloneExec } from '../../lib/clone-exec.ts'
import { startWords } from '../../lib/engine/start-words.ts'
import * as F from '../../lib/flags.ts'
import { makeGate, pipe } from '../../lib/gate.ts'
import { groupAt, groupsNamed, ownName, PREFIX } from '../../lib/group/cgroup.ts'
import { discardGroups } from '../../lib/group/directory.ts'
import { hierarchiesWith } from '../../lib/group/hierarchies.ts'
import { INITIAL_PID_NAMESPACE } from '../../lib/machine/container.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { natRules } from '../../lib/net/nat/rules.ts'
import { changeSetting, setting } from '../../lib/net/settings.ts'
import { getpid, kill, sleep, WNOHANG, waitpid } from '../../lib/process.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import { draftName, draftPrefix } from '../../lib/tidy/drafts.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { newDesk, removeDesk } from '../ready/desk.ts'
import { awaitSo, enterProc, labRun } from '../testing/lab-runs.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'

const PROGRAM = [...startWords(ROOT), join(ROOT, 'checks/clean/clean.ts')]
const CACHE = join(ROOT, 'node_modules', '.cache', 'clone')
const OTHER_BOOT = '00000000'

function clean(args: readonly string[] = []): { status: number | null; lines: string[] } {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 180_000 } as const
  return result(spawnSync(process.execPath, [...PROGRAM, ...args], options))
}

function result({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }) {
  assert.equal(stderr, '')
  return { status, lines: stdout.trimEnd().split('\n') }
}

/** The number of a process that has ended. */
function deadPid(): number {
  const pid = fork(() => 0)
  waitpid(pid)
  return pid
}

/** The same tag with the PID of a process that has ended. */
const tagOfDeadProcess = (tag: string) => tag.replace(`-${process.pid}`, `-${deadPid()}`)

/** Calls `look` in PID 1 of a new PID namespace, whose groups no process outside sweeps. */
function inNamespace(look: () => void): void {
  inChild(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
    enterProc()
    look()
    return true
  })
}

for (const hierarchy of hierarchiesWith('freezer')) {
  const { dialect } = hierarchy

  test(`${dialect}: the group of a dead owner goes, with the frozen process in it and the groups in it`, () => {
    inNamespace(() => {
      const path = join(hierarchy.path, ownName('clean', deadPid()))
      mkdirSync(join(path, 'inner'), { recursive: true })
      const pid = fork(() => sleep(3600))
      const group = groupAt(join(path, 'inner'), hierarchy)
      group.add(pid)
      group.freeze()
      try {
        assert.deepEqual(clean(['--dry-run']), { status: 0, lines: [`would remove group ${path}`] })
        assert.equal(group.isFrozen(), true)
        assert.deepEqual(clean(), { status: 0, lines: [`removed group ${path}`] })
        assert.equal(existsSync(path), false)
        assert.equal(waitpid(pid).signal, 'SIGKILL')
        assert.deepEqual(clean(), { status: 0, lines: ['nothing to clean'] })
      } finally {
        // In v1 not even the end of the namespace ends a process that is frozen.
        if (existsSync(path)) group.thaw()
      }
    })
  })

  test(`${dialect}: the group of a living owner stays, and so do names that are not ours`, () => {
    inNamespace(() => {
      const dead = ownName('clean', deadPid())
      const names = [ownName('clean'), `my-${dead}`, dead.replace(/\./, 'd.'), `${dead}x`, dead.replace('@', '@x')]
      const others = [`${PREFIX}.clean`, dead.replace(/\.(\d+)@/, '.0$1@'), dead.replace('clean.', 'clean.more.')]
      const paths = [...names, ...others].map(name => join(hierarchy.path, name))
      for (const path of paths) mkdirSync(path)
      try {
        assert.deepEqual(clean(), { status: 0, lines: ['nothing to clean'] })
        assert.deepEqual(paths.filter(existsSync), paths)
      } finally {
        for (const path of paths.filter(existsSync)) rmdirSync(path)
      }
    })
  })
}

/** Makes an empty group in the first hierarchy that there is. */
function makeGroupNamed(name: string): string {
  const path = join((hierarchiesWith('freezer')[0] as { path: string }).path, name)
  mkdirSync(path)
  return path
}

test('the group of an owner in another PID namespace goes when that one is dead, and not before', () => {
  const [isMade, mayEnd] = [makeGate(), makeGate()]
  const init = clone(() => {
    isMade.wait()
    mayEnd.wait()
  }, F.CLONE_NEWPID | F.SIGCHLD)
  const { pid: namespace } = namespaces(init)
  const [ofInit, ofNoProcess] = [1, 77].map(pid => makeGroupNamed(`${PREFIX}.clean.${pid}@${namespace}`)) as [
    string,
    string,
  ]
  isMade.open()
  const before = clean()
  // Only the initial PID namespace sees the processes of all others: inside a container nothing is certain.
  const isCertain = namespaces().pid === INITIAL_PID_NAMESPACE
  assert.deepEqual(existsSync(ofInit), true)
  mayEnd.open()
  waitpid(init)
  const after = clean()
  if (isCertain) assert.deepEqual([ofInit, ofNoProcess].map(existsSync), [false, false])
  // Another one, on the machine itself, may remove them at any time.
  const said = [...before.lines, ...after.lines].join('\n')
  if (!isCertain) for (const path of [ofInit, ofNoProcess]) assert.ok(!said.includes(path), said)
  discardGroups([ofInit, ofNoProcess])
})

test('groups go as well whose path is longer than PATH_MAX', () => {
  inNamespace(() => {
    const path = makeGroupNamed(ownName('clean', deadPid()))
    process.chdir(path)
    for (let depth = 0; depth < 30; depth++) {
      mkdirSync('h'.repeat(200))
      process.chdir('h'.repeat(200))
    }
    process.chdir(ROOT)
    assert.deepEqual(clean(), { status: 0, lines: [`removed group ${path}`] })
    assert.equal(existsSync(path), false)
  })
})

test('a zombie owns nothing', () => {
  inNamespace(() => {
    const pid = fork(() => 0)
    const path = makeGroupNamed(ownName('clean', pid))
    awaitSo(() => statusField(pid, 'State')?.startsWith('Z') === true)
    clean()
    assert.equal(existsSync(path), false)
  })
})

test('a process with the PID of a dead owner that was started later, and is no Node, is not the owner', () => {
  inNamespace(() => {
    const sleeper = cloneExec(['sleep', '60'])
    const path = makeGroupNamed(ownName('clean', sleeper))
    // The group was made after the sleeper was started: it may be the sleeper's.
    clean()
    assert.equal(existsSync(path), true)
    const anHourAgo = Date.now() / 1000 - 3600
    utimesSync(path, anHourAgo, anHourAgo)
    clean()
    assert.equal(existsSync(path), false)
    assert.notEqual(statusField(sleeper, 'State'), undefined)
  })
})

/** Above the numbers that a new PID namespace gives to the first processes in it, and to their threads. */
const HIGH_PID = 100

/** Forks until a child has a high number; that one sleeps. */
function forkHigh(): number {
  for (;;) {
    const pid = fork(() => {
      if (getpid() >= HIGH_PID) sleep(3600)
    })
    if (pid >= HIGH_PID) return pid
    waitpid(pid)
  }
}

/** Makes another PID namespace with such a process in it, which ends with its init. */
function makeNeighbour(): { readonly init: number; readonly pid: number } {
  const { readEnd, writeEnd } = pipe()
  const init = clone(() => {
    writeAll(writeEnd, `${forkHigh()}`)
    sleep(3600)
  }, F.CLONE_NEWPID | F.SIGCHLD)
  closeSync(writeEnd)
  const text = Buffer.alloc(16)
  const pid = Number(text.toString('utf8', 0, readSync(readEnd, text)))
  closeSync(readEnd)
  return { init, pid }
}

test('from another PID namespace only its own groups are judged', () => {
  // The owners live, so that nobody on this machine removes their groups; the other namespace does not see them.
  const sleeper = forkHigh()
  const { init, pid } = makeNeighbour()
  const names = [ownName('clean', sleeper), `${PREFIX}.clean.${pid}@${namespaces(init).pid}`]
  const groups = names.map(makeGroupNamed)
  try {
    const left = inChild(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
      enterProc()
      const isSeen = [sleeper, pid].some(each => existsSync(`/proc/${each}`))
      const own = makeGroupNamed(`${PREFIX}.clean.4444@${namespaces().pid}`)
      const { status, lines } = clean()
      return { isSeen, status, lines, isLeft: existsSync(own), own }
    })
    assert.deepEqual(left, { ...left, isSeen: false, status: 0, lines: [`removed group ${left.own}`], isLeft: false })
    assert.deepEqual(groups.map(existsSync), [true, true])
  } finally {
    for (const each of [sleeper, init]) {
      kill(each, 'SIGKILL')
      waitpid(each)
    }
    discardGroups(groups)
  }
})

test('a lab that runs meanwhile is not touched', async () => {
  const lab = await labRun('06-freezer')
  const [file = '', ...args] = lab.command('--freeze', '60')
  const running = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => running.on('exit', resolve))
  running.stdout.resume()
  const groups = () => groupsNamed(name => name === ownName('lab6', running.pid))
  awaitSo(() => groups().length > 0)
  clean()
  assert.equal(groups().length, 1)
  assert.equal(running.exitCode, null)
  running.kill()
  await ended
  awaitSo(() => groups().length === 0)
})

test('drafts of ended processes go; those of running ones, finished files and drafts of another boot today stay', () => {
  mkdirSync(CACHE, { recursive: true })
  const start = join(CACHE, 'clean-test-00000000.mjs.')
  const [living, foreign, finished] = [
    draftName(start),
    tagOfDeadProcess(draftName(start)),
    join(CACHE, 'clean-test.mjs'),
  ]
  const otherBoot = foreign.replace(/mjs\.\w{8}/, `mjs.${OTHER_BOOT}`)
  const folder = tagOfDeadProcess(draftPrefix(join(ROOT, 'buildroot', '.fs.')))
  const dead = mkdtempSync(folder)
  const first = mkdtempSync(tagOfDeadProcess(draftPrefix(join(CACHE, 'first-'))))
  const desk = newDesk('grade')
  const deadDesk = mkdtempSync(tagOfDeadProcess(desk).replace(/\w{6}$/, ''))
  for (const path of [living, foreign, finished, otherBoot, join(dead, 'file')]) writeFileSync(path, '')
  symlinkSync(ROOT, join(dead, 'link'))
  try {
    const { lines } = clean()
    for (const line of [`removed file ${foreign}`, ...[dead, first, deadDesk].map(path => `removed folder ${path}`)])
      assert.ok(lines.includes(line), line)
    assert.deepEqual([living, finished, otherBoot, foreign, dead].map(existsSync), [true, true, true, false, false])
    assert.ok(existsSync(join(ROOT, 'package.json')))
    assert.ok(existsSync(desk))
  } finally {
    removeDesk(desk)
    for (const path of [living, foreign, finished, otherBoot]) rmSync(path, { force: true })
  }
})

test('two at once remove the same things, and neither fails', () => {
  inNamespace(() => {
    const paths = Array.from({ length: 5 }, () => makeGroupNamed(ownName('clean', deadPid())))
    const start = () =>
      cloneExec(['sh', '-c', `exec "$0" "$@" > /dev/null`, process.execPath, ...PROGRAM], { cwd: ROOT })
    const codes = [start(), start()].map(pid => waitpid(pid).code)
    assert.deepEqual(codes, [0, 0])
    assert.deepEqual(paths.filter(existsSync), [])
  })
})

test('without root it says what it found and could not remove, with exit code 77', t => {
  const user = new OrdinaryUser()
  t.after(() => user.end())
  inNamespace(() => {
    const path = makeGroupNamed(ownName('clean', deadPid()))
    const { status, lines } = result(user.run([...startWords(), 'checks/clean/clean.ts']))
    assert.equal(status, 77)
    assert.ok(lines.includes(`needs root: group ${path}`), lines.join('\n'))
    assert.equal(lines.at(-1), 'hint: sudo npm run clean')
    rmdirSync(path)
  })
})

test('a killed lab whose keeper was killed, too, leaves a frozen process and a group, until clean', async () => {
  const lab = await labRun('06-freezer')
  const left = inChild(F.CLONE_NEWPID | F.CLONE_NEWNS, () => {
    enterProc()
    const groups = () => groupsNamed(name => name.endsWith(`@${namespaces().pid}`))
    const pid = fork(() => {
      lab.run(['--freeze', '60'])
    })
    awaitSo(() => groups().some(path => /FROZEN|1/.test(stateOf(path))))
    // This kills every process of the namespace but the caller, PID 1.
    kill(-1, 'SIGKILL')
    waitpid(pid)
    const before = groups().length
    const { status } = clean()
    awaitSo(() => waitpid(-1, WNOHANG).pid === 0 || true)
    return [before, status, groups().length]
  })
  assert.deepEqual(left, [1, 0, 0])
})

test('lab 9 on a machine, killed with its keeper, leaves a bridge, rules and forwarding, until clean', {
  skip: !findProgram('nft') && 'nft is not installed',
}, async () => {
  const lab = await labRun('09-bridge')
  const seen = inChild(F.CLONE_NEWPID | F.CLONE_NEWNS | F.CLONE_NEWNET, () => {
    enterProc()
    changeSetting('net.ipv4.ip_forward', '0')
    const state = () => [interfaceNames().includes('br0'), natRules().length, setting('net.ipv4.ip_forward')]
    const before = state()
    const pid = fork(() => {
      lab.run(['--on-this-machine', '--patience', '60', '--pace', '0.2'])
    })
    awaitSo(() => natRules().some(({ does }) => does === 'dnat'))
    const whileItLives = clean().lines.filter(line => line.includes('bridge'))
    kill(-1, 'SIGKILL')
    waitpid(pid)
    const left = state()
    const { lines } = clean()
    return { before, whileItLives, left, lines: lines.filter(line => line.includes('bridge')), after: state() }
  })
  assert.deepEqual(seen.before, [false, 0, '0'])
  assert.deepEqual(seen.whileItLives, [])
  assert.deepEqual(seen.left, [true, 2, '1'])
  assert.deepEqual(seen.lines, ['removed bridge br0 with its rules'])
  assert.deepEqual(seen.after, seen.before)
})

const stateOf = (path: string) =>
  ['freezer.state', 'cgroup.freeze']
    .map(file => join(path, file))
    .filter(existsSync)
    .map(file => readFileSync(file, 'utf8'))
    .join()
