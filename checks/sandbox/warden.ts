/**
 * The life of a sandbox's warden: root on the machine, in a mount namespace of its own. It makes init, and for it what
 * init may not make.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { clone, fork } from '../../lib/clone.ts'
import * as F from '../../lib/flags.ts'
import { closePipes } from '../../lib/gate.ts'
import { dup2 } from '../../lib/io/descriptors.ts'
import { writeAll } from '../../lib/io/output.ts'
import * as M from '../../lib/mount/mount.ts'
import { NAMESPACES, setns, unshare } from '../../lib/namespaces.ts'
import { _exit, waitpid } from '../../lib/process.ts'
import { writeIdMaps } from '../../lib/rights/users.ts'
import { liveAsInit } from './init.ts'
import type { Plan } from './plan.ts'
import { enterPrivateRoot } from './root.ts'

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

/** Makes init, its users and its root directory, and waits for its end. */
export function liveAsWarden(plan: Plan): void {
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
    const needed = command.filter(isAbsolute)
    const { rootfs, confinement } = setting
    enterPrivateRoot({ groups, users, init, directory, rootfs, needed, confinement })
  })
  rootStands.open()
  waitpid(init)
}
