/**
 * A control group from systemd: an ordinary user's own manager delegates one on request (Delegate=yes).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, execve } from '../exec.ts'
import { findProgram } from '../machine/find-program.ts'
import { getpid } from '../process.ts'

/**
 * The environment variable that tells the restarted program, and all it starts, systemd's answer: GRANTED, or why not.
 */
const ANSWER = 'CONTAINERS_FROM_CLONE_SCOPE'
const GRANTED = 'granted'
/** How long systemd may take to answer, in ms. */
const PATIENCE = 30_000
/** How the names of the groups that it gives begin. */
const UNIT = 'containers-from-clone'

/** The command that asks it for a group, for a reader. */
export const ASKED = 'systemd-run --user --scope -p Delegate=yes'

/**
 * The runtime directory of the calling user's manager, if there is one. After su(1) XDG_RUNTIME_DIR does not name it.
 */
function managerFolder(): string | undefined {
  const folders = [process.env['XDG_RUNTIME_DIR'], `/run/user/${process.geteuid?.()}`]
  return folders.find(folder => folder && existsSync(join(folder, 'systemd', 'private')))
}

/** Whether the calling process is in a group that systemd has given to it. */
export const isInScope = () => process.env[ANSWER] === GRANTED

/**
 * Whether the caller can ask for a group: it is not root, its user has a systemd manager, and that has not given one
 * yet.
 */
export function canAskSystemd(): boolean {
  if (process.geteuid?.() === 0 || isInScope()) return false
  return managerFolder() !== undefined && findProgram('systemd-run') !== undefined
}

/**
 * Whether groups come from systemd on request here, so that those which it has made for other programs are not used.
 */
export const isForSystemd = () => canAskSystemd() || (process.env[ANSWER] !== undefined && !isInScope())

/** Why systemd has given no suitable group, and what helps; `undefined` where there is no systemd to give one. */
export function whyNoScope(controller: string): { readonly reason: string; readonly remedy: string } | undefined {
  const answer = process.env[ANSWER]
  if (isInScope())
    return {
      reason: `systemd has given one, but without ${controller}`,
      remedy: `sudo systemctl edit user@.service, there [Service] and below it Delegate=memory pids, then start anew`,
    }
  if (answer !== undefined)
    return { reason: `systemd has refused one: ${answer}`, remedy: 'see systemctl --user status' }
  if (!existsSync('/run/systemd/system') || managerFolder() !== undefined) return undefined
  return {
    reason: 'systemd gives them, but no manager of it runs for you',
    remedy: 'log in as yourself, here or with ssh, or have one run without: sudo loginctl enable-linger $USER',
  }
}

/** Asks for a group for a command that does nothing, as a test. @returns why it was refused, or `undefined` */
function refusal(program: string, options: readonly string[], env: Environment): string | undefined {
  // Loaded here, because few labs ask systemd.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const answer = spawnSync(program, [...options, '--', 'true'], { env, encoding: 'utf8', timeout: PATIENCE })
  if (answer.status === 0) return undefined
  const said = answer.stderr?.trim().split('\n').at(-1)
  return said || answer.error?.message || `systemd-run ended with ${answer.signal ?? answer.status}`
}

/**
 * Starts the program again, as the same process, in a group of its own that systemd delegates to it. Where there is no
 * such systemd, or it refuses, nothing happens, and {@link whyNoScope} tells why.
 * @see systemd-run(1), https://systemd.io/CGROUP_DELEGATION
 */
export function continueInScope(): void {
  const program = canAskSystemd() ? findProgram('systemd-run') : undefined
  if (!program) return
  const own = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(1, -1)
  const env = { ...process.env, XDG_RUNTIME_DIR: managerFolder() }
  const asking = ['--user', '--scope', '--quiet', '--collect', '--property=Delegate=yes']
  // A test first: once this process has become systemd-run, it cannot go on after a refusal.
  const refused = refusal(program, asking, env)
  if (refused !== undefined) {
    process.env[ANSWER] = refused
    return
  }
  // A later systemd may expand variables here, as it does for services; from version 254 on it can be told not to.
  const exact = [...asking, '--expand-environment=no']
  const isExact = own.some(word => word.includes('$')) && refusal(program, exact, env) === undefined
  const options = [...(isExact ? exact : asking), `--unit=${UNIT}-${getpid()}`]
  execve(program, ['systemd-run', ...options, '--', process.execPath, ...own], { ...env, [ANSWER]: GRANTED })
}

const SCOPES = new RegExp(`^${UNIT}-\\d+\\.scope$`)

function subgroups(path: string, pattern: RegExp): string[] {
  try {
    return readdirSync(path)
      .filter(name => pattern.test(name))
      .map(name => join(path, name))
  } catch {
    // There is no such directory.
    return []
  }
}

/** The groups of a v2 hierarchy that systemd has given to programs of this project, by directory. */
export function scopes(hierarchy: string): string[] {
  return subgroups(join(hierarchy, 'user.slice'), /^user-\d+\.slice$/)
    .flatMap(slice => subgroups(slice, /^user@\d+\.service$/))
    .flatMap(manager => [manager, join(manager, 'app.slice')])
    .flatMap(path => subgroups(path, SCOPES))
}
