/**
 * A throwaway machine to run a program in: namespaces, root file system, groups and output of its own.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, chownSync, closeSync, constants, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { clone, fork } from '../lib/clone.ts'
import { dup2 } from '../lib/descriptors.ts'
import { CannotRun } from '../lib/errors.ts'
import { execve } from '../lib/exec.ts'
import * as F from '../lib/flags.ts'
import { closePipes, type Gate, makeGate, pipe } from '../lib/gate.ts'
import type { Controller } from '../lib/hierarchies.ts'
import { setip } from '../lib/interfaces.ts'
import { RLIMIT_NOFILE, setLimit } from '../lib/limits.ts'
import * as M from '../lib/mount.ts'
import { NAMESPACES, setns, unshare } from '../lib/namespaces.ts'
import { writeAll } from '../lib/output.ts'
import { closeQuietly } from '../lib/poll.ts'
import { forbidInspection, setParentDeathSignal } from '../lib/prctl.ts'
import { __WALL, _exit, getpid, kill, setsid, sleep, waitpid } from '../lib/process.ts'
import { openTerminal, takeTerminal } from '../lib/pty.ts'
import { GROUP_CALLS, MOUNT_CALLS, SIGNAL_CALLS, stopAtCalls } from '../lib/seccomp.ts'
import { setWindowSize } from '../lib/terminal.ts'
import { becomeRoot, writeIdMaps } from '../lib/users.ts'
import { sethostname } from '../lib/uts.ts'
import { SandboxGroups } from './sandbox-groups.ts'
import { enterPrivateRoot } from './sandbox-root.ts'
import { chooseUsers, type SandboxUsers } from './sandbox-users.ts'

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
/** How many descriptors a program has, and how many it can have: the observer looks at each. */
const DESCRIPTORS = { soft: 1024, hard: 4096 }

/** What a lab's program is given besides. */
export interface Setting {
  /** A terminal as its controlling terminal, input and output; otherwise it has nothing to read. */
  readonly terminal?: boolean
  /** Whether it lays a veth pair between its network and another. */
  readonly pair?: boolean
  /** A root file system, of which `./fs` becomes a copy. */
  readonly rootfs?: string
  /** The controller whose groups are followed: writes and removals are reported. */
  readonly groups?: Controller
}

/** A sandbox whose init waits for {@link Sandbox.start}. */
export interface Sandbox {
  /** PID of its init, the parent of the program. */
  readonly init: number
  /** PID of init's parent, which ends after it. */
  readonly warden: number
  /** Where the program's output can be read. */
  readonly output: number
  readonly groups: SandboxGroups
  readonly hasTerminal: boolean
  /** Lets the program start, or, where it has a terminal, init wait for that. */
  start(): void
  /** Whether init waits for a terminal now, or is gone. */
  canTakeTerminal(): boolean
  /** Gives init the terminal it waits for. @returns the other side of it; `undefined` if init is gone */
  attachTerminal(): number | undefined
  /** Ends whatever runs in it. */
  kill(): void
  /** Removes its groups, once everybody in it has been waited for. */
  remove(): void
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

/** Descriptors 0 to 2 of the program: its terminal, or nothing to read and one pipe for all it prints. */
function connect(output: number, terminal: boolean): void {
  if (terminal) takeTerminal('/dev/pts/0')
  else {
    dup2(openSync('/dev/null', 'r'), 0)
    dup2(output, 1)
    dup2(output, 2)
  }
}

/** What the judge, the warden and init of a sandbox say to each other, and where the program's output goes. */
interface Lines {
  /** The warden writes here who init is. */
  readonly number: { readonly readEnd: number; readonly writeEnd: number }
  /** Judge to warden: init is being followed. */
  readonly mayStart: Gate
  /** Warden to init: it has users now. And back: it is root, and in its own cgroup namespace. */
  readonly hasUsers: Gate
  readonly isRoot: Gate
  /** Warden to init: the new root directory stands. */
  readonly rootStands: Gate
  /** Init to judge, and back: the terminal can be made; it is. */
  readonly isComplete: Gate
  readonly terminalIsMade: Gate
  readonly output: number
}

/** Everything about one sandbox before it is made. */
interface Plan {
  readonly command: Command
  readonly setting: Setting
  readonly groups: SandboxGroups
  readonly users: SandboxUsers
  readonly directory: string
  readonly lines: Lines
}

/** What the program's files have to be to root in the sandbox. */
function checkReachable([program, ...words]: Command): void {
  try {
    accessSync(program, constants.X_OK)
    for (const word of words) if (isAbsolute(word)) accessSync(word, constants.R_OK)
  } catch (error) {
    throw new CannotRun(
      `${(error as NodeJS.ErrnoException).path} cannot be read in the sandbox, where root is nobody on the machine\n` +
        'hint: chmod o+r (a program: o+rx) the file, or put it where everybody may read',
    )
  }
}

/** Life of the sandbox's init: root of its own user namespace only. Starts the program, buries everybody who dies. */
function liveAsInit({ command, setting, directory, lines }: Plan): never {
  const { hasUsers, isRoot, rootStands, isComplete, terminalIsMade, output } = lines
  closePipes([output, ...[hasUsers, isRoot, rootStands, isComplete, terminalIsMade].flatMap(({ ends }) => ends)])
  hasUsers.wait()
  becomeRoot()
  // The program will have this process's user and namespaces, and this process is a copy of the judge.
  forbidInspection()
  setParentDeathSignal('SIGKILL')
  setsid()
  unshare(F.CLONE_NEWCGROUP)
  isRoot.open()
  rootStands.wait()
  // Mounts made by a mightier user cannot be taken apart in the copy.
  unshare(F.CLONE_NEWNS)
  sethostname(HOST_NAME)
  setip('lo', '127.0.0.1', '255.0.0.0')
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(FIRST_PID))
  // As systemd makes it: what a program mounts without care is seen outside.
  M.mount('none', '/', null, M.MS_REC | M.MS_SHARED)
  checkReachable(command)
  if (setting.terminal) {
    isComplete.open()
    terminalIsMade.wait()
  }
  closePipes([output])
  setLimit(RLIMIT_NOFILE, DESCRIPTORS.soft, DESCRIPTORS.hard)
  // Without fsopen(2) everybody mounts by mount(2), where the judge can help, and without io_uring writes by write(2).
  stopAtCalls([...SIGNAL_CALLS, ...MOUNT_CALLS, ...(setting.groups ? GROUP_CALLS : [])], ['fsopen', 'io_uring_setup'])
  fork(() => {
    setsid()
    connect(output, setting.terminal === true)
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

/** Runs `action` as root on the machine, but in the network and PID namespace of init. */
function besideInit(init: number, action: () => void): void {
  const helper = fork(() => {
    for (const kind of ['net', 'pid'] as const) setns(openSync(`/proc/${init}/ns/${kind}`, 'r'), NAMESPACES[kind])
    // Only a child is in the PID namespace.
    return waitpid(fork(action)).code ?? 1
  })
  if (waitpid(helper).code !== 0) _exit(1)
}

/**
 * Uses up the first numbers of interfaces, so that a program's are not the same on both ends of a pair. The kernel takes
 * such an end for one without a peer and lets it wait for up to a second until it carries anything.
 */
function useFirstIndexes(): void {
  const pair = 'ip link add name first type veth peer name second && ip link delete first'
  spawnSync('/bin/sh', ['-c', pair], { stdio: 'ignore' })
}

/** Life of the warden: root on the machine, in a mount namespace of its own. Makes init and what init may not make. */
function liveAsWarden(plan: Plan): void {
  const { command, setting, groups, users, directory, lines } = plan
  const { number, mayStart, hasUsers, isRoot, rootStands, output } = lines
  // Whatever goes wrong from here on is read by the judge.
  dup2(output, 2)
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
  // Those in the root directory follow when it is replaced.
  process.chdir('/')
  const flags = F.CLONE_NEWUSER | F.CLONE_NEWPID | F.CLONE_NEWNET | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.SIGCHLD
  const init = clone(() => liveAsInit(plan), flags)
  writeAll(number.writeEnd, String(init))
  closeSync(number.writeEnd)
  closePipes([output, ...[mayStart, hasUsers, isRoot, rootStands].flatMap(({ ends }) => ends)])
  mayStart.wait()
  groups.add(init)
  writeIdMaps(init, users.ranges)
  hasUsers.open()
  isRoot.wait()
  besideInit(init, () => {
    if (setting.pair) useFirstIndexes()
    groups.add(0)
    unshare(F.CLONE_NEWCGROUP)
    groups.hand(users.outside(0))
    enterPrivateRoot({ groups, users, init, directory, rootfs: setting.rootfs, needed: command.filter(isAbsolute) })
  })
  rootStands.open()
  waitpid(init)
}

function attachTerminal(init: number, root: number, { isComplete, terminalIsMade }: Lines): number | undefined {
  try {
    isComplete.wait()
  } catch {
    return undefined
  }
  const devpts = `/proc/${init}/root/dev/pts`
  const { master, number } = openTerminal(devpts)
  chownSync(join(devpts, String(number)), root, root)
  setWindowSize(master, WINDOW)
  terminalIsMade.open()
  return master
}

function makeLines(output: number): Lines {
  const [mayStart, hasUsers, isRoot, rootStands] = [makeGate(), makeGate(), makeGate(), makeGate()]
  return {
    number: pipe(),
    mayStart,
    hasUsers,
    isRoot,
    rootStands,
    isComplete: makeGate(),
    terminalIsMade: makeGate(),
    output,
  }
}

/** Starts the warden, which starts init. @returns the PIDs of both; init's is missing if it was never born */
function startWarden(plan: Plan): { readonly warden: number; readonly init: number | undefined } {
  const { number, hasUsers, isRoot, rootStands, isComplete, output } = plan.lines
  const warden = clone(() => liveAsWarden(plan), F.CLONE_NEWNS | F.SIGCHLD)
  // Whoever waits for one of those must not wait for us.
  for (const end of [output, number.writeEnd, ...[hasUsers, isRoot, rootStands].flatMap(({ ends }) => ends)])
    closeQuietly(end)
  isComplete.expect()
  const text = readFileSync(number.readEnd, 'utf8')
  closeQuietly(number.readEnd)
  return { warden, init: text === '' ? undefined : Number(text) }
}

/** A name below /tmp that the machine does not use. */
function freeDirectory(): string {
  const name = `/tmp/check-${getpid()}`
  for (let i = 0; ; i++) if (!existsSync(`${name}${i || ''}`)) return `${name}${i || ''}`
}

function killQuietly(pid: number): void {
  try {
    kill(pid, 'SIGKILL')
  } catch {
    // ESRCH: it has been waited for.
  }
}

const NO_USER_NAMESPACE =
  'the checker needs user namespaces: sudo sysctl user.max_user_namespaces=10000 (in a container: start it with ' +
  '--privileged, or check on the machine itself)'

/**
 * Makes a sandbox for one program.
 * @throws SyscallError, CannotRun where the kernel lacks what it takes
 */
export function makeSandbox(command: Command, setting: Setting): Sandbox {
  const groups = new SandboxGroups()
  if (setting.groups && !groups.has(setting.groups)) {
    groups.remove()
    throw new CannotRun(`the sandbox cannot have groups of the ${setting.groups} controller here\nhint: ${NO_GROUPS}`)
  }
  const users = chooseUsers(command.filter(isAbsolute))
  const { readEnd, writeEnd } = pipe()
  const lines = makeLines(writeEnd)
  const { warden, init } = startWarden({ command, setting, groups, users, directory: freeDirectory(), lines })
  if (init === undefined) {
    waitpid(warden)
    groups.remove()
    throw new CannotRun(`${readFileSync(readEnd, 'utf8').trim()}\nhint: ${NO_USER_NAMESPACE}`)
  }
  return {
    init,
    warden,
    output: readEnd,
    groups,
    hasTerminal: setting.terminal === true,
    start: () => lines.mayStart.open(),
    canTakeTerminal: () => lines.isComplete.isDecided(),
    attachTerminal: () => attachTerminal(init, users.outside(0), lines),
    kill: () => {
      // The warden, too: it may be waiting for an init that is gone.
      for (const pid of [init, warden]) killQuietly(pid)
      groups.thaw()
    },
    remove: () => groups.remove(),
  }
}
