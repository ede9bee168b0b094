/**
 * Runs a command in a root file system as on a machine of its own: pivot_root(2) into it, with mounts and processes of
 * its own and an init that reaps orphans. (chroot(2) would not do: there the kernel forbids user namespaces.)
 * The devices, the control groups and the network are the machine's. However it ends, nothing of it is mounted or runs
 * afterwards, and its groups are gone.
 *   enter-root.ts ROOT PACKAGES COMMAND…     PACKAGES is where apt keeps what it has downloaded
 */
import { join } from 'node:path'
import { clone } from '../../lib/clone.ts'
import { cloneExec } from '../../lib/clone-exec.ts'
import { CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { groupOwner, groupsNamed } from '../../lib/group/cgroup.ts'
import { discardGroups } from '../../lib/group/directory.ts'
import { fail } from '../../lib/lab/lab.ts'
import { poll, readSignals, watchSignals } from '../../lib/machine/poll.ts'
import { MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, mount, pivotRoot, umount2 } from '../../lib/mount/mount.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { getppid, kill, waitpid } from '../../lib/process.ts'
import { setParentDeathSignal } from '../../lib/rights/prctl.ts'
import { shellCode } from '../../lib/status.ts'
import { keep } from '../../lib/tidy/keeper.ts'
import { pidfdOpen } from '../../lib/trace/pidfd.ts'

/** Makes `root` the / of the calling process, which has mounts of its own. */
function enter(root: string, packages: string): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount(root, root, null, MS_BIND)
  mount('proc', join(root, 'proc'), 'proc')
  for (const name of ['sys', 'dev']) mount(`/${name}`, join(root, name), null, MS_BIND | MS_REC)
  mount(packages, join(root, 'var/cache/apt/archives'), null, MS_BIND)
  process.chdir(root)
  // The old root is stacked on top of the new one and then detached: no folder is needed for it.
  pivotRoot('.', '.')
  umount2('.', MNT_DETACH)
  process.chdir('/')
}

/** The life of PID 1 in there: it starts the command and reaps every process that ends, as an init does. */
function live(root: string, packages: string, command: readonly string[]): number {
  enter(root, packages)
  const main = cloneExec(command, { cwd: '/root' })
  for (;;) {
    const waited = waitpid(-1)
    if (waited.pid === main) return shellCode(waited)
  }
}

/** Removes the groups of processes of a PID namespace that has ended. */
function discardGroupsOf(namespace: number): void {
  discardGroups(groupsNamed(name => groupOwner(name)?.namespace === namespace))
}

function run(root: string, packages: string, command: readonly string[]): number {
  // The process that started this may be killed without a chance to pass a signal on.
  const starter = getppid()
  setParentDeathSignal('SIGTERM')
  const mayStart = makeGate()
  const pid = clone(
    () => {
      mayStart.wait()
      return live(root, packages, command)
    },
    CLONE_NEWNS | CLONE_NEWPID | SIGCHLD,
  )
  const { pid: namespace } = namespaces(pid)
  const keeper = keep(() => discardGroupsOf(namespace))
  // Only now, because a child inherits which signals are blocked, and so would all that is run in there.
  const [end, signals] = [pidfdOpen(pid), watchSignals(['SIGHUP', 'SIGINT', 'SIGTERM'])]
  if (getppid() === starter) mayStart.open()
  else kill(pid, 'SIGKILL')
  const isOver = poll([end, signals], Number.POSITIVE_INFINITY).includes(end)
  if (!isOver) kill(pid, 'SIGKILL')
  const waited = waitpid(pid)
  discardGroupsOf(namespace)
  keeper.release()
  return isOver ? shellCode(waited) : 128 + (readSignals(signals)[0] ?? 0)
}

try {
  const [root, packages, ...command] = process.argv.slice(2)
  if (!root || !packages || command.length === 0) throw new Error('enter-root.ts ROOT PACKAGES COMMAND…')
  process.exitCode = run(root, packages, command)
} catch (error) {
  fail(error)
}
