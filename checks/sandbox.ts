/**
 * A throwaway machine to run a program in: namespaces, root file system, groups and output of its own.
 */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Group, groupsNamed, makeGroup, removeGroup } from '../lib/cgroup.ts'
import { clone, fork } from '../lib/clone.ts'
import { dup2 } from '../lib/descriptors.ts'
import { execve } from '../lib/exec.ts'
import * as F from '../lib/flags.ts'
import { type Gate, makeGate, pipe } from '../lib/gate.ts'
import { setip } from '../lib/interfaces.ts'
import * as M from '../lib/mount.ts'
import { unshare } from '../lib/namespaces.ts'
import { __WALL, getpid, kill, setsid, sleep, waitpid } from '../lib/process.ts'
import { stopAtSignalCalls } from '../lib/seccomp.ts'
import { sethostname } from '../lib/uts.ts'

/** What is run: a program and its arguments, by path. */
export type Command = readonly [string, ...string[]]

/** Every group a check makes begins so, and carries the PID of its owner. */
const GROUP_PREFIX = 'containers-from-clone.check.'
/** Numbers in the sandbox start here, so that no process is 2, 3 or 4 by chance. */
const FIRST_PID = 1000
const MAX_PROCESSES = '512'
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty']
/** Files of /proc through which root could change the machine. */
const PROC_READ_ONLY = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs']

/** A sandbox whose init waits for {@link Sandbox.start}. */
export interface Sandbox {
  /** PID of its init, the parent of the program. */
  readonly init: number
  /** Where the program's output can be read. */
  readonly output: number
  /** Lets the program start. */
  start(): void
  /** Ends whatever runs in it. */
  kill(): void
  /** Removes its groups, once everybody in it has been waited for. */
  remove(): void
}

/** Removes the groups of checks that were killed before they could. */
function sweepGroups(): void {
  const isStale = (name: string) =>
    name.startsWith(GROUP_PREFIX) && !existsSync(`/proc/${name.slice(GROUP_PREFIX.length)}`)
  for (const path of groupsNamed(isStale)) {
    try {
      removeGroup(path, 0)
    } catch {
      // EBUSY: its owner is alive, in a PID namespace we cannot see. ENOENT: another check was quicker.
    }
  }
}

/** Where the new root is put together: a folder that every machine has and the sandbox replaces anyway. */
const STAGE = '/sys'

/** Attaches what the machine has at `target` so that it can be written and is forgotten afterwards. */
function overlay(target: string, at: string, number: number): void {
  const [upper, work] = [join(STAGE, `upper${number}`), join(STAGE, `work${number}`)]
  for (const folder of [upper, work]) mkdirSync(folder)
  M.mount('sandbox', at, 'overlay', M.MS_NODEV, `lowerdir=${target},upperdir=${upper},workdir=${work}`)
}

/** Attaches another mount of the machine: forgetful where its file system allows that, else read-only. */
function attach(target: string, at: string, number: number): void {
  try {
    overlay(target, at, number)
  } catch {
    M.mount(target, at, null, M.MS_BIND)
    M.mount('none', at, null, M.MS_BIND | M.MS_REMOUNT | M.MS_RDONLY | M.MS_NODEV | M.MS_NOSUID)
  }
}

/** A root directory that reads like the machine's and forgets what is written. */
function enterPrivateRoot(): void {
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
  const others = M.mounts().filter(({ target, type }) => target !== '/' && !isPseudo(target, type))
  M.mount('stage', STAGE, 'tmpfs', M.MS_NOSUID | M.MS_NODEV)
  const root = join(STAGE, 'root')
  mkdirSync(root)
  overlay('/', root, 0)
  for (const [i, { target }] of others.entries()) {
    if (existsSync(join(root, target))) attach(target, join(root, target), i + 1)
  }
  mountDevices(join(root, 'dev'))
  M.mount('proc', join(root, 'proc'), 'proc')
  M.mount('sysfs', join(root, 'sys'), 'sysfs', M.MS_RDONLY)
  process.chdir(root)
  M.pivotRoot('.', '.')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
}

/** Mounts that the sandbox makes itself, or that are no directories to read from. */
function isPseudo(target: string, type: string): boolean {
  return /^\/(proc|sys|dev)(\/|$)/.test(target) || ['autofs', 'nsfs'].includes(type)
}

function mountDevices(dev: string): void {
  M.mount('dev', dev, 'tmpfs', M.MS_NOSUID, 'mode=755')
  for (const name of DEVICES.filter(device => existsSync(join('/dev', device)))) {
    writeFileSync(join(dev, name), '')
    M.mount(join('/dev', name), join(dev, name), null, M.MS_BIND)
  }
  for (const name of ['pts', 'shm']) mkdirSync(join(dev, name))
  M.mount('devpts', join(dev, 'pts'), 'devpts', 0, 'newinstance,ptmxmode=0666')
  M.mount('shm', join(dev, 'shm'), 'tmpfs', M.MS_NODEV)
}

/** Makes /proc/sys and its like read-only, but for the network's own settings. */
function protectProc(): void {
  const files = PROC_READ_ONLY.map(file => join('/proc', file)).filter(existsSync)
  for (const file of files) M.mount(file, file, null, M.MS_BIND)
  M.mount('/proc/sys/net', '/proc/sys/net', null, M.MS_BIND)
  for (const file of files) M.mount('none', file, null, M.MS_BIND | M.MS_REMOUNT | M.MS_RDONLY)
}

/** The environment of every program: short, and the same on every machine. */
function environment(): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/tmp',
    LC_ALL: 'C',
    TERM: 'dumb',
    NO_COLOR: '1',
  }
}

/** The program itself: its own session, nothing to read, one pipe for all it prints, an empty directory to work in. */
function becomeProgram(command: Command, output: number): never {
  setsid()
  dup2(openSync('/dev/null', 'r'), 0)
  dup2(output, 1)
  dup2(output, 2)
  process.chdir(mkdtempSync('/tmp/check-'))
  return execve(command[0], command, environment())
}

/** Life of the sandbox's init: prepares everything, starts the program, buries everybody who dies. */
function liveAsInit(command: Command, output: number): never {
  // Whatever goes wrong from here on is read by the judge.
  dup2(output, 2)
  unshare(F.CLONE_NEWCGROUP)
  enterPrivateRoot()
  sethostname('sandbox')
  setip('lo', '127.0.0.1', '255.0.0.0')
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(FIRST_PID))
  protectProc()
  stopAtSignalCalls()
  fork(() => becomeProgram(command, output))
  for (;;) waitForOrphan()
}

function waitForOrphan(): void {
  try {
    waitpid(-1, __WALL)
  } catch {
    // ECHILD: nobody is left, and the judge will end this process too.
    sleep(3600)
  }
}

/** Starts the init of a sandbox, which waits at the gate, and puts it into the sandbox's groups. */
function startInit(command: Command, gate: Gate, output: number, group: Group): number {
  const flags = F.CLONE_NEWNS | F.CLONE_NEWPID | F.CLONE_NEWNET | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.SIGCHLD
  const init = clone(() => {
    gate.wait()
    liveAsInit(command, output)
  }, flags)
  group.set('pids.max', MAX_PROCESSES)
  group.add(init)
  return init
}

/**
 * Makes a sandbox for one program.
 * @throws SyscallError where the kernel lacks what it takes
 */
export function makeSandbox(command: Command): Sandbox {
  sweepGroups()
  const group = makeGroup(`${GROUP_PREFIX}${getpid()}`, ['pids', 'memory', 'freezer'])
  const { readEnd, writeEnd } = pipe()
  const gate = makeGate()
  try {
    const init = startInit(command, gate, writeEnd, group)
    closeSync(writeEnd)
    return {
      init,
      output: readEnd,
      start: () => gate.open(),
      kill: () => {
        kill(init, 'SIGKILL')
        // What is frozen (v1) does not even die.
        group.thaw()
      },
      remove: () => group.remove(),
    }
  } catch (error) {
    group.remove()
    throw error
  }
}
