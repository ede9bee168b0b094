/**
 * A throwaway machine to run a program in: namespaces, root file system, groups and output of its own.
 */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clone, fork } from '../lib/clone.ts'
import { dup2 } from '../lib/descriptors.ts'
import { CannotRun } from '../lib/errors.ts'
import { execve } from '../lib/exec.ts'
import * as F from '../lib/flags.ts'
import { type Gate, makeGate, pipe } from '../lib/gate.ts'
import type { Controller } from '../lib/hierarchies.ts'
import { setip } from '../lib/interfaces.ts'
import * as M from '../lib/mount.ts'
import { unshare } from '../lib/namespaces.ts'
import { __WALL, kill, setsid, sleep, waitpid } from '../lib/process.ts'
import { openTerminal, takeTerminal } from '../lib/pty.ts'
import { GROUP_CALLS, SIGNAL_CALLS, stopAtCalls } from '../lib/seccomp.ts'
import { setWindowSize } from '../lib/terminal.ts'
import { sethostname } from '../lib/uts.ts'
import { copyRootfs } from './copy-rootfs.ts'
import { SandboxGroups } from './sandbox-groups.ts'

/** What is run: a program and its arguments, by path. */
export type Command = readonly [string, ...string[]]

const NO_GROUPS =
  'check on the machine itself, or in a container whose control group holds no processes and can be written'
/** The host name of every sandbox. */
export const HOST_NAME = 'sandbox'
/** The size of a program's terminal. */
const WINDOW = { rows: 24, columns: 80 }
/** Numbers in the sandbox start here, so that no process is 2, 3 or 4 by chance. */
const FIRST_PID = 1000
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kmsg']
const DEVICE_LINKS = {
  ptmx: 'pts/ptmx',
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}
/** Files of /proc through which root could change the machine. */
const PROC_READ_ONLY = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs']

/** What a lab's program is given besides. */
export interface Setting {
  /** A terminal as its controlling terminal, input and output; otherwise it has nothing to read. */
  readonly terminal?: boolean
  /** A root file system, of which `./fs` becomes a copy. */
  readonly rootfs?: string
  /** The controller whose groups are followed: writes and removals are reported. */
  readonly groups?: Controller
}

/** A sandbox whose init waits for {@link Sandbox.start}. */
export interface Sandbox {
  /** PID of its init, the parent of the program. */
  readonly init: number
  /** Where the program's output can be read. */
  readonly output: number
  readonly groups: SandboxGroups
  /** Lets the program start. @returns the other side of its terminal, if it has one */
  start(): number | undefined
  /** Ends whatever runs in it. */
  kill(): void
  /** Removes its groups, once everybody in it has been waited for. */
  remove(): void
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
function enterPrivateRoot(groups: SandboxGroups): void {
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
  groups.mountBelow(root)
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
  for (const [name, target] of Object.entries(DEVICE_LINKS)) symlinkSync(target, join(dev, name))
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

/** The directory the program starts in: new, on a file system of its own, with a root file system if it needs one. */
function makeDirectory(rootfs: string | undefined): string {
  const directory = mkdtempSync('/tmp/check-')
  if (rootfs === undefined) return directory
  M.mount('program', directory, 'tmpfs', 0, 'mode=755')
  copyRootfs(rootfs, join(directory, 'fs'))
  return directory
}

/** Descriptors 0 to 2 of the program: its terminal, or nothing to read and one pipe for all it prints. */
function connect(output: number, terminal: boolean): void {
  if (terminal) takeTerminal('/dev/pts/0')
  else {
    dup2(openSync('/dev/null', 'r'), 0)
    dup2(output, 1)
    dup2(output, 2)
  }
}

/** What the judge and the init of a sandbox say to each other, and where the program's output goes. */
interface Lines {
  readonly mayStart: Gate
  /** Init has its new root, and the terminal can be made. */
  readonly isComplete: Gate
  readonly terminalIsMade: Gate
  readonly output: number
}

/** Life of the sandbox's init: prepares everything, starts the program, buries everybody who dies. */
function liveAsInit(command: Command, setting: Setting, groups: SandboxGroups, lines: Lines): never {
  // Whatever goes wrong from here on is read by the judge.
  dup2(lines.output, 2)
  unshare(F.CLONE_NEWCGROUP)
  groups.settle()
  enterPrivateRoot(groups)
  sethostname(HOST_NAME)
  setip('lo', '127.0.0.1', '255.0.0.0')
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(FIRST_PID))
  const directory = makeDirectory(setting.rootfs)
  // As systemd makes it: what a program mounts without care is seen outside.
  M.mount('none', '/', null, M.MS_REC | M.MS_SHARED)
  protectProc()
  if (setting.terminal) {
    lines.isComplete.open()
    lines.terminalIsMade.wait()
  }
  stopAtCalls(setting.groups ? [...SIGNAL_CALLS, ...GROUP_CALLS] : SIGNAL_CALLS)
  fork(() => {
    setsid()
    connect(lines.output, setting.terminal === true)
    process.chdir(directory)
    execve(command[0], command, environment())
  })
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
function startInit(command: Command, setting: Setting, groups: SandboxGroups, lines: Lines): number {
  const flags = F.CLONE_NEWNS | F.CLONE_NEWPID | F.CLONE_NEWNET | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.SIGCHLD
  const init = clone(() => {
    lines.mayStart.wait()
    liveAsInit(command, setting, groups, lines)
  }, flags)
  groups.add(init)
  return init
}

/** Opens a terminal in the sandbox, whose init waits for it; `undefined` if that has died, which the judge will see. */
function attachTerminal(init: number, { isComplete, terminalIsMade }: Lines): number | undefined {
  try {
    isComplete.wait()
  } catch {
    return undefined
  }
  const { master } = openTerminal(`/proc/${init}/root/dev/pts`)
  setWindowSize(master, WINDOW)
  terminalIsMade.open()
  return master
}

/**
 * Makes a sandbox for one program.
 * @throws SyscallError where the kernel lacks what it takes
 */
export function makeSandbox(command: Command, setting: Setting): Sandbox {
  const groups = new SandboxGroups()
  if (setting.groups && !groups.has(setting.groups)) {
    groups.remove()
    throw new CannotRun(`the sandbox cannot have groups of the ${setting.groups} controller here\nhint: ${NO_GROUPS}`)
  }
  const { readEnd, writeEnd } = pipe()
  const lines = { mayStart: makeGate(), isComplete: makeGate(), terminalIsMade: makeGate(), output: writeEnd }
  try {
    const init = startInit(command, setting, groups, lines)
    closeSync(writeEnd)
    return {
      init,
      output: readEnd,
      groups,
      start: () => {
        lines.mayStart.open()
        return setting.terminal ? attachTerminal(init, lines) : undefined
      },
      kill: () => {
        kill(init, 'SIGKILL')
        groups.thaw()
      },
      remove: () => groups.remove(),
    }
  } catch (error) {
    groups.remove()
    throw error
  }
}
