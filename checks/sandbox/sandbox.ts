/**
 * A throwaway machine to run a program in: users, namespaces, root file system, groups and output of its own.
 */
import { randomInt } from 'node:crypto'
import { chownSync, existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { clone } from '../../lib/clone.ts'
import { CannotRun } from '../../lib/errors.ts'
import * as F from '../../lib/flags.ts'
import { pipe } from '../../lib/gate.ts'
import { homeWith } from '../../lib/group/delegation.ts'
import { openTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize } from '../../lib/lab/terminal.ts'
import { containerCommand } from '../../lib/machine/container.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import { getpid, kill, waitpid } from '../../lib/process.ts'
import { SandboxGroups } from './groups.ts'
import { type Command, type Lines, makeLines, type Plan, type Setting } from './plan.ts'
import { chooseUsers } from './users.ts'
import { liveAsWarden } from './warden.ts'

export type { Command, Setting } from './plan.ts'

const NO_GROUPS =
  'check on the machine itself, or in a container whose control group holds no processes and can be written'
/** PIDs start in this range: no process is 2, 3 or 4 by chance, and the program cannot know its PID beforehand. */
const FIRST_PIDS = [1000, 20000] as const
/** The size of a program's terminal. */
const WINDOW = { rows: 24, columns: 80 }
/** A sandbox whose init waits for {@link Sandbox.start}. */
export interface Sandbox {
  /** PID of its init, the parent of the program. */
  readonly init: number
  /** PID of init's parent, which ends after it. */
  readonly warden: number
  /** Where the program's output can be read. */
  readonly output: number
  readonly groups: SandboxGroups
  /** Where the program is started. */
  readonly directory: string
  readonly hasTerminal: boolean
  /** Lets init start the program, or first wait for the terminal where it has one. */
  start(): void
  /** Whether init waits for a terminal now, or is gone. */
  canTakeTerminal(): boolean
  /** Gives init the terminal it waits for. @returns the other side of it; `undefined` if init is gone */
  attachTerminal(): number | undefined
  /** Kills all processes in it. */
  kill(): void
  /** Kills its warden, where that waits for an init that is gone. */
  killWarden(): void
  /** Removes its groups, once every process in it has been reaped. */
  remove(): void
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

/** Starts the warden, which starts init. @returns the PIDs of both; init's is missing if it was never born */
function startWarden(plan: Plan): { readonly warden: number; readonly init: number | undefined } {
  const { number, hasUsers, isRoot, rootStands, isComplete, output } = plan.lines
  const warden = clone(() => liveAsWarden(plan), F.CLONE_NEWNS | F.SIGCHLD)
  // As long as the judge holds these ends open, the processes that read the other ends would not see a death.
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

/** Hints of a refused clone that NO_USER_NAMESPACE replaces, because it names the setting to change. */
const NOT_ALLOWED = /\nhint: (a new namespace|a limit on nested) .*/

const NO_USER_NAMESPACE =
  'the checker needs user namespaces: sudo sysctl user.max_user_namespaces=10000 (in a container: ' +
  `${containerCommand()}, or check on the machine itself)`

/**
 * Makes a sandbox for one program.
 * @throws SyscallError, CannotRun where the kernel lacks what it takes
 */
export function makeSandbox(command: Command, setting: Setting): Sandbox {
  const groups = new SandboxGroups()
  if (setting.groups && !groups.has(setting.groups)) {
    groups.remove()
    // Where the judge may make no groups at all, this throws and says how to get one.
    homeWith(setting.groups)
    throw new CannotRun(`the sandbox cannot have groups of the ${setting.groups} controller here\nhint: ${NO_GROUPS}`)
  }
  const users = chooseUsers(command.filter(isAbsolute))
  const { readEnd, writeEnd } = pipe()
  const lines = makeLines(writeEnd)
  const directory = freeDirectory()
  const { warden, init } = startWarden({
    command,
    setting,
    groups,
    users,
    directory,
    firstPid: randomInt(...FIRST_PIDS),
    lines,
  })
  if (init === undefined) {
    waitpid(warden)
    groups.remove()
    const said = readFileSync(readEnd, 'utf8').trim() || 'the sandbox could not be made'
    // Only a refused clone is about user namespaces: the error itself says what else it may be, and what helps.
    throw new CannotRun(
      /^(clone|unshare)\(/.test(said) && !/\nhint: /.test(said.replace(NOT_ALLOWED, ''))
        ? `${said.split('\n')[0]}\nhint: ${NO_USER_NAMESPACE}`
        : said,
    )
  }
  return {
    init,
    warden,
    output: readEnd,
    groups,
    directory,
    hasTerminal: setting.terminal === true,
    start: () => lines.mayStart.open(),
    canTakeTerminal: () => lines.isComplete.isDecided(),
    attachTerminal: () => attachTerminal(init, users.outside(0), lines),
    kill: () => {
      killQuietly(init)
      groups.thaw()
    },
    killWarden: () => killQuietly(warden),
    remove: () => groups.remove(),
  }
}
