/**
 * The life of a sandbox's warden: root on the machine, in a mount namespace of its own. It makes init, and prepares for
 * it what init itself is not allowed to.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { clone, fork } from '../../lib/clone.ts'
import * as F from '../../lib/flags.ts'
import { closePipes } from '../../lib/gate.ts'
import { dup2 } from '../../lib/machine/descriptors.ts'
import { writeAll } from '../../lib/machine/output.ts'
import * as M from '../../lib/mount/mount.ts'
import { inNamespace, NAMESPACES, setns, unshare } from '../../lib/namespaces.ts'
import { _exit, waitpid } from '../../lib/process.ts'
import { writeIdMaps } from '../../lib/rights/users.ts'
import { liveAsInit } from './init.ts'
import type { Plan } from './plan.ts'
import { enterPrivateRoot } from './root.ts'

/** Runs `action` as root on the machine, but in the network and PID namespace of init. */
function besideInit(init: number, action: () => void): void {
  const pids = openSync(`/proc/${init}/ns/pid`, 'r')
  // setns(2) to a PID namespace affects only children, and the warden makes no others.
  setns(pids, NAMESPACES.pid)
  closeSync(pids)
  // The warden goes back: it would keep init's network alive.
  const helper = inNamespace(init, 'net', () => fork(action))
  if (waitpid(helper).code !== 0) _exit(1)
}

/**
 * Uses up the first interface indexes, so that those of a program's veth pair differ at its two ends. The kernel takes
 * an end whose peer has the same index for one without a peer, and may take a second until it carries packets.
 */
function useFirstIndexes(): void {
  const pair = 'ip link add name first type veth peer name second && ip link delete first'
  spawnSync('/bin/sh', ['-c', pair], { stdio: 'ignore' })
}

/** Makes init, its users and its root directory, and waits for its end. */
export function liveAsWarden(plan: Plan): void {
  const { command, setting, groups, users, directory, lines } = plan
  const { number, mayStart, hasUsers, isRoot, rootStands, output } = lines
  // From here on the judge reads the error messages of this process.
  dup2(output, 2)
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
  // pivot_root(2) moves processes whose working directory is the old root to the new one.
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
    const needed = command.filter(isAbsolute)
    const { rootfs, confinement } = setting
    enterPrivateRoot({ groups, users, init, directory, rootfs, needed, confinement })
  })
  rootStands.open()
  waitpid(init)
}
