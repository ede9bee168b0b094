/**
 * A control group from systemd: an ordinary user's own manager gives one to whoever asks (Delegate=yes).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, execve } from '../exec.ts'
import { findProgram } from '../machine/find-program.ts'
import { getpid } from '../process.ts'

/** What systemd has answered, for the program that is started anew and all that it starts: GRANTED, or why not. */
const ANSWER = 'CONTAINERS_FROM_CLONE_SCOPE'
const GRANTED = 'granted'
/** So long it may take to answer, in ms. */
const PATIENCE = 30_000
/** How the groups that it gives are called. */
const UNIT = 'containers-from-clone'

/** The command that asks it for a group, for a reader. */
export const ASKED = 'systemd-run --user --scope -p Delegate=yes'

/** Where the calling user's manager listens, if there is one; whoever came here by su(1) is not told of it. */
function managerFolder(): string | undefined {
  const folders = [process.env['XDG_RUNTIME_DIR'], `/run/user/${process.geteuid?.()}`]
  return folders.find(folder => folder && existsSync(join(folder, 'systemd', 'private')))
}

/** Whether the calling process is in a group that systemd has given to it. */
export const isInScope = () => process.env[ANSWER] === GRANTED

/** Whether the calling process is no root, has a manager of systemd's to ask for a group, and has none of it yet. */
export function canAskSystemd(): boolean {
  if (process.geteuid?.() === 0 || isInScope()) return false
  return managerFolder() !== undefined && findProgram('systemd-run') !== undefined
}

/** Whether groups are to be had by asking, and so those it has made for others are not to be used. */
export const isForSystemd = () => canAskSystemd() || (process.env[ANSWER] !== undefined && !isInScope())

/** Why systemd has given no group, or none that will do, and what helps; `undefined` where it has no part in it. */
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

/** Asks for a group in which nothing happens. @returns why it was refused, or `undefined` */
function refusal(program: string, options: readonly string[], env: Environment): string | undefined {
  const answer = spawnSync(program, [...options, '--', 'true'], { env, encoding: 'utf8', timeout: PATIENCE })
  if (answer.status === 0) return undefined
  const said = answer.stderr?.trim().split('\n').at(-1)
  return said || answer.error?.message || `systemd-run ended with ${answer.signal ?? answer.status}`
}

/**
 * Starts the program anew, as the same process, in a group of its own that systemd delegates to it. Where there is no
 * such systemd, or it refuses, nothing happens, but {@link whyNoScope} knows.
 * @see systemd-run(1), https://systemd.io/CGROUP_DELEGATION
 */
export function continueInScope(): void {
  const program = canAskSystemd() ? findProgram('systemd-run') : undefined
  if (!program) return
  const own = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(1, -1)
  const env = { ...process.env, XDG_RUNTIME_DIR: managerFolder() }
  const asking = ['--user', '--scope', '--quiet', '--collect', '--property=Delegate=yes']
  // A program that has become systemd-run does not come back from its refusal.
  const refused = refusal(program, asking, env)
  if (refused !== undefined) {
    process.env[ANSWER] = refused
    return
  }
  // systemd may come to expand variables here, as it does for services; from version 254 it can be told not to.
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
    // It is not there.
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
