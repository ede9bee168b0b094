/**
 * Lab 4 as a program: with a terminal, with a pipe, with a command; and that nothing is left whatever happens to it.
 */
import assert from 'node:assert/strict'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fork } from '../../lib/clone.ts'
import { cloneExec } from '../../lib/clone-exec.ts'
import { execve } from '../../lib/exec.ts'
import * as F from '../../lib/flags.ts'
import { openTerminal, takeTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize, terminalSettings } from '../../lib/lab/terminal.ts'
import { MS_REC, MS_SHARED, mount } from '../../lib/mount/mount.ts'
import { ensureRootfs } from '../../lib/mount/rootfs.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { setip } from '../../lib/net/interfaces.ts'
import { kill, setsid, WNOHANG, waitpid } from '../../lib/process.ts'
import { shellCode } from '../../lib/status.ts'
import { capture, inChild } from '../../lib/testing/in-child.ts'
import { allPids, statusField } from '../../lib/trace/proc.ts'
import { awaitSo, enterProc, isAlone, labRun } from '../testing/lab-runs.ts'
import { TerminalUser } from '../testing/terminal-user.ts'

const lab = await labRun('04-newns')
ensureRootfs()
const folder = mkdtempSync(join(tmpdir(), 'newns-lab-'))
after(() => rmSync(folder, { recursive: true }))

/** Runs the lab without a terminal in a network and a mount namespace of its own. */
function inside(args: readonly string[], input = ''): { code: number | null; output: string } {
  const file = join(folder, 'input')
  writeFileSync(file, input)
  return capture(F.CLONE_NEWNET | F.CLONE_NEWNS | F.CLONE_NEWPID, () => {
    enterProc()
    setip('lo', '127.0.0.1', '255.0.0.0')
    const quoted = lab.command('--quiet', ...args).map(word => `'${word}'`)
    return shellCode(waitpid(cloneExec(['sh', '-c', `exec ${quoted.join(' ')} < ${file}`])))
  })
}

test('one command behind --: what it prints and its exit code are all there is', () => {
  assert.deepEqual(inside(['--', 'hostname']), { code: 0, signal: null, coreDumped: false, output: 'myhost\n' })
  assert.equal(inside(['--', 'sh', '-c', 'exit 37']).code, 37)
  assert.equal(inside(['--', 'sh', '-c', 'kill -9 $$']).code, 137)
  assert.equal(inside(['--', 'no-such-program']).code, 127)
})

test('commands from a pipe are taken one after the other, and the last one gives the exit code', () => {
  const { code, output } = inside([], 'echo one\nhostname\nexit 5\n')
  assert.deepEqual([code, output], [5, 'one\nmyhost\n'])
})

for (const knob of [[], ['--pivot-root']]) {
  test(`the shell sees only the container ${knob.join('')}`, () => {
    const { output } = inside(knob, 'ps; echo; mount; echo; ip -o link; echo; ipcs; echo; ls /; echo; echo $$')
    const [ps = '', mounts = '', links = '', ...rest] = output.split('\n\n')
    assert.deepEqual(
      ps
        .split('\n')
        .slice(1)
        .map(line => line.trim().split(/\s+/)[0]),
      ['1', '2'],
    )
    assert.match(mounts, /^(?:\S+ on \/ type .*\n)?proc on \/proc type proc .*\ndevpts on \/dev\/pts type devpts/)
    assert.equal(mounts.includes('/sys/fs/cgroup'), false)
    assert.match(links, /^1: lo: .*\n2: veth1/)
    assert.doesNotMatch(rest.join('\n'), /0x[1-9a-f]/)
    assert.match(output, /\n1\n$/)
  })
}

test('the addresses are on both ends, and they reach each other', () => {
  const { code, output } = inside(['--', 'ping', '-c', '1', '10.0.0.13'])
  assert.equal(code, 0, output)
  assert.match(output, /1 packets received/)
})

test('the device nodes of the container work', () => {
  const { code, output } = inside(
    [],
    'echo gone > /dev/null && head -c 3 /dev/zero | wc -c && head -c 2 /dev/urandom | wc -c',
  )
  assert.deepEqual([code, output], [0, '3\n2\n'])
})

test('nothing is mounted outside, and the host name outside stays', () => {
  const { output } = capture(F.CLONE_NEWNET | F.CLONE_NEWNS | F.CLONE_NEWUTS, () => {
    const show = 'cat /proc/self/mountinfo | wc -l; hostname'
    mount('none', '/', null, MS_REC | MS_SHARED)
    waitpid(cloneExec(['sh', '-c', show]))
    waitpid(cloneExec(lab.command('--quiet', '--', 'true')))
    return waitpid(cloneExec(['sh', '-c', show])).code ?? 1
  })
  const lines = output.trim().split('\n')
  assert.equal(lines.length, 4)
  assert.deepEqual(lines.slice(0, 2), lines.slice(2))
})

test('a root file system that is none, or broken, is refused with exit code 77', () => {
  const broken = join(folder, 'broken')
  mkdirSync(broken)
  for (const [root, message] of [
    [join(folder, 'nowhere'), /^there is no root file system at .*\nhint: /],
    [broken, /^.* is no usable root file system: its \/dev is missing\nhint: /],
  ] as const) {
    const { status, stderr } = lab.run(['--root', root])
    assert.equal(status, 77)
    assert.match(stderr, message)
  }
})

test('lab 4 refuses a word that is no option, and says where a command goes', () => {
  const { status, stderr } = lab.run(['ls'])
  assert.deepEqual([status, stderr], [2, 'unexpected argument ls\nhint: a command goes behind --, as in -- ls\n'])
  assert.equal(lab.run(['--hostname', 'no_good!']).status, 2)
})

/** Runs the lab at a terminal of 24 by 80 in namespaces of its own; `act` does what its user does. */
function atTerminal(
  act: (person: TerminalUser, lab: number, master: number, slave: number) => void,
  args: readonly string[] = [],
): void {
  const done = inChild(F.CLONE_NEWNET | F.CLONE_NEWNS | F.CLONE_NEWPID, () => {
    enterProc()
    const { master, number } = openTerminal('/dev/pts')
    const path = `/dev/pts/${number}`
    const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    setWindowSize(master, { rows: 24, columns: 80 })
    const [file = '', ...rest] = lab.command(...args)
    const pid = fork(() => {
      setsid()
      takeTerminal(path)
      execve(file, [file, ...rest], { PATH: process.env['PATH'] ?? '', TERM: 'xterm', NO_COLOR: '1' })
    })
    act(new TerminalUser(master), pid, master, slave)
    // The kernel removes a network namespace some time later, and with it the pair that led into it.
    awaitSo(() => isAlone() && interfaceNames().length === 1)
    return interfaceNames()
  })
  assert.deepEqual(done, ['lo'])
}

/** Waits for a process, with a bound, and gives its exit code as a shell would. */
function codeOf(pid: number): number {
  let code: number | undefined
  awaitSo(() => {
    const waited = waitpid(pid, WNOHANG)
    if (waited.pid === pid) code = shellCode(waited)
    return code !== undefined
  })
  return code ?? 0
}

const PROMPT = /myhost:\S*# /

const runsSleep = () => allPids().some(pid => statusField(pid, 'Name') === 'sleep')

test('at a terminal the shell has one of its own, with job control, and its window follows', () => {
  atTerminal((person, pid, master) => {
    person.sees(PROMPT)
    person.type('tty; stty size\n')
    person.sees(/\/dev\/pts\/0\r\n24 80\r\n/)
    setWindowSize(master, { rows: 40, columns: 120 })
    // The new size arrives by a signal, some time later.
    person.type('until stty size | grep "40 120"; do :; done\n')
    person.sees(/\n40 120\r\n/)
    person.type('sleep 1000\n')
    awaitSo(runsSleep)
    person.type('\u0003')
    person.type('echo code $?\n')
    person.sees(/code 130\r\n/)
    person.type('sleep 1000\n')
    awaitSo(runsSleep)
    person.type('\u001a')
    person.sees(/Stopped/)
    person.type('jobs\n')
    person.sees(/\[1\]\+ {2}Stopped +sleep 1000/)
    person.type('fg\n')
    person.sees(/fg\r\nsleep 1000\r\n/)
    person.type('\u0003')
    person.sees(PROMPT)
    person.type('exit 9\n')
    assert.equal(codeOf(pid), 9)
  })
})

test('the terminal is as it was when the shell ends, and when the lab is killed', () => {
  for (const signal of [undefined, 'SIGTERM', 'SIGKILL'] as const) {
    atTerminal((person, pid, _master, slave) => {
      const before = terminalSettings(slave)
      person.sees(PROMPT)
      assert.notDeepEqual(terminalSettings(slave), before)
      if (signal) kill(pid, signal)
      else person.type('exit\n')
      codeOf(pid)
      awaitSo(() => terminalSettings(slave).equals(before))
    })
  }
})

test('a terminal that is closed ends the container', () => {
  atTerminal((person, pid, master, slave) => {
    person.sees(PROMPT)
    person.type('trap "" HUP; sleep 1000\n')
    closeSync(slave)
    closeSync(master)
    codeOf(pid)
  })
})

test('Ctrl-C before the shell is there ends the lab', () => {
  atTerminal(
    (person, pid) => {
      person.sees(/outside {2}I am PID/)
      person.type('\u0003')
      assert.notEqual(codeOf(pid), 0)
    },
    ['--pace', '1'],
  )
})

test('a command at a terminal can be stopped with Ctrl-C', () => {
  const command = ['--quiet', '--', 'sh', '-c', 'echo 1; sleep 1000; exit 3']
  atTerminal((person, pid) => {
    person.sees(/1\r\n/)
    awaitSo(runsSleep)
    person.type('\u0003')
    assert.equal(codeOf(pid), 130)
  }, command)
})
