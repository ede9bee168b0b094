/**
 * A root directory of Debian that a systemd of its own can be booted from, with an ordinary user who logs in.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { freshFolder } from './fresh.ts'

/** systemd and what makes a login of it, what labs start, and what Node needs. */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'dbus-user-session', 'libpam-systemd', 'login', 'passwd'],
  ...['iproute2', 'iputils-ping', 'busybox-static', 'procps', 'util-linux', 'libstdc++6'],
]

/** A root that is there until it is removed. */
export interface SystemdRoot {
  /** The command that boots it, logs the user in, and runs a program of this checkout as them. See systemd-boot.sh. */
  readonly words: (...program: readonly string[]) => string[]
  readonly remove: () => void
}

/**
 * Makes one, below the user's cache: a virtual machine has a /tmp of its own.
 * @throws CannotRun without mmdebstrap, and without root, whose files these have to be
 */
export function makeSystemdRoot(): SystemdRoot {
  const mmdebstrap = findProgram('mmdebstrap')
  if (!mmdebstrap)
    throw new CannotRun('there is no mmdebstrap to make a root with\nhint: sudo apt-get install mmdebstrap')
  if (!isPrivileged()) throw new CannotRun('needs root: the files of the root have to be those of root')
  mkdirSync(freshFolder(), { recursive: true })
  const root = mkdtempSync(draftPrefix(join(freshFolder(), 'systemd-')))
  const remove = () => rmSync(root, { recursive: true, force: true })
  const options = ['--quiet', '--variant=minbase', '--format=directory', `--include=${PACKAGES}`]
  const { status, stderr } = spawnSync(mmdebstrap, [...options, 'bookworm', root], { encoding: 'utf8' })
  if (status !== 0) {
    remove()
    throw new CannotRun(`mmdebstrap ended with exit code ${status}: ${stderr.trim().split('\n').at(-1)}`)
  }
  chmodSync(root, 0o755)
  const boot = join(ROOT, 'checks', 'trials', 'systemd-boot.sh')
  return { words: (...program) => ['sh', boot, root, ROOT, process.execPath, ...program], remove }
}
