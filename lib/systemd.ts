/**
 * A control group from systemd: an ordinary user's own manager gives one to whoever asks (Delegate=yes).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execve } from './exec.ts'
import { findProgram } from './find-program.ts'

/** Set in what runs in a scope of its own already. */
const MARK = 'CONTAINERS_FROM_CLONE_SCOPE'
const SCOPE = ['systemd-run', '--user', '--scope', '--quiet', '--property=Delegate=yes', '--']

/** Whether the calling process is no root, has a manager of systemd's to ask for a group, and has not yet done so. */
export function canAskSystemd(): boolean {
  const folder = process.env['XDG_RUNTIME_DIR']
  if (process.geteuid?.() === 0 || folder === undefined || process.env[MARK] !== undefined) return false
  return existsSync(join(folder, 'systemd', 'private')) && findProgram('systemd-run') !== undefined
}

/**
 * Starts the program anew, as the same process, in a group of its own that systemd delegates to it. Where there is no
 * such systemd, or it refuses, nothing happens.
 * @see systemd-run(1), https://systemd.io/CGROUP_DELEGATION
 */
export function continueInScope(): void {
  const program = canAskSystemd() ? findProgram('systemd-run') : undefined
  if (!program || spawnSync(program, [...SCOPE.slice(1), 'true'], { stdio: 'ignore' }).status !== 0) return
  const own = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(1, -1)
  execve(program, [...SCOPE, process.execPath, ...own], { ...process.env, [MARK]: '1' })
}
