/**
 * The life of a sandbox's init: PID 1 inside, root of its own user namespace, and an unprivileged user on the machine.
 */
import { accessSync, constants, openSync, writeFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fork } from '../../lib/clone.ts'
import { CannotRun } from '../../lib/errors.ts'
import { execve } from '../../lib/exec.ts'
import * as F from '../../lib/flags.ts'
import { closePipes } from '../../lib/gate.ts'
import { takeTerminal } from '../../lib/lab/pty.ts'
import { STORY_VARIABLE } from '../../lib/machine/announce.ts'
import { closeAtExec, dup2 } from '../../lib/machine/descriptors.ts'
import { kernelIsAtLeast } from '../../lib/machine/kernel-version.ts'
import * as M from '../../lib/mount/mount.ts'
import { sethostname, unshare } from '../../lib/namespaces.ts'
import { setip } from '../../lib/net/interfaces.ts'
import { __WALL, setsid, sleep, waitpid } from '../../lib/process.ts'
import { joinNewKeyring } from '../../lib/rights/keyring.ts'
import { hardLimit, RLIMIT_NOFILE, RLIMIT_NPROC, setLimit } from '../../lib/rights/limits.ts'
import { forbidInspection, setParentDeathSignal } from '../../lib/rights/prctl.ts'
import { becomeRoot } from '../../lib/rights/users.ts'
import { stopAtCalls } from '../../lib/trace/seccomp.ts'
import { BOUNDS } from './groups.ts'
import { type Command, callsToStopAt, HOST_NAME, type Plan } from './plan.ts'

/** How many descriptors a program has, and how many it can have: the observer looks at each. */
const DESCRIPTORS = { soft: 1024, hard: 4096 }

/**
 * Calls that the sandbox does not have. Without fsopen(2) every program mounts by mount(2), which the judge can
 * emulate. Without io_uring and io_submit(2) files are written by write(2) and its like, which the observer sees.
 * Without seccomp(2) no filter of the program can hide a call from the observer's.
 */
const UNSEEN = ['fsopen', 'io_uring_setup', 'io_setup', 'seccomp'] as const

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

/** Checks that root in the sandbox can read the program and the files in its arguments. @throws CannotRun */
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

/**
 * Limits what the program, and all it starts, may have.
 * @param isLimited whether the number of processes is limited by their group; else it is limited for their user, if
 *   possible
 */
function limitResources(isLimited: boolean): void {
  const most = Math.min(DESCRIPTORS.hard, hardLimit('Max open files'))
  setLimit(RLIMIT_NOFILE, Math.min(DESCRIPTORS.soft, most), most)
  const { processes } = BOUNDS
  // Before Linux 5.14 the processes of that user outside the sandbox were counted, too.
  if (!isLimited && kernelIsAtLeast(5, 14) && hardLimit('Max processes') > processes)
    setLimit(RLIMIT_NPROC, processes, processes)
}

/** Prepares what root inside is allowed to, starts the program, and reaps every process that ends. */
export function liveAsInit({ command, setting, groups, directory, firstPid, lines }: Plan): never {
  const { hasUsers, isRoot, rootStands, isComplete, terminalIsMade, output } = lines
  closePipes([output, ...[hasUsers, isRoot, rootStands, isComplete, terminalIsMade].flatMap(({ ends }) => ends)])
  hasUsers.wait()
  becomeRoot()
  // The program gets the user and namespaces of this process, whose memory is a copy of the judge's.
  forbidInspection()
  setParentDeathSignal('SIGKILL')
  setsid()
  joinNewKeyring()
  unshare(F.CLONE_NEWCGROUP)
  isRoot.open()
  rootStands.wait()
  // In this copy the mounts that the warden made are locked, and root inside cannot undo them one by one.
  unshare(F.CLONE_NEWNS)
  sethostname(HOST_NAME)
  setip('lo', '127.0.0.1', '255.0.0.0')
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(firstPid))
  // Shared, as under systemd: mounts of a program that does not make them private appear outside its namespace.
  M.mount('none', '/', null, M.MS_REC | M.MS_SHARED)
  checkReachable(command)
  if (setting.terminal) {
    isComplete.open()
    terminalIsMade.wait()
  }
  closePipes([output])
  limitResources(groups.limitsProcesses)
  stopAtCalls(callsToStopAt(setting), UNSEEN)
  fork(() => {
    setsid()
    connect(output, setting.terminal === true)
    process.chdir(directory)
    // Descriptors that were open when the check was started would lead out of the sandbox.
    closeAtExec()
    execve(command[0], command, { ...environment(), ...(setting.story !== undefined && { [STORY_VARIABLE]: '1' }) })
  })
  for (;;) waitForOrphan()
}

function waitForOrphan(): void {
  try {
    waitpid(-1, __WALL)
  } catch {
    // ECHILD: no child is left, and the judge will end this process, too.
    sleep(3600)
  }
}
