/**
 * How a process comes to be one that may judge.
 */
import { CLONE_NEWNS, CLONE_NEWUTS } from '../../lib/flags.ts'
import { ownName } from '../../lib/group/cgroup.ts'
import { bestHomes, homesWith, makeRoom } from '../../lib/group/delegation.ts'
import { ASKED, continueInScope, isInScope } from '../../lib/group/systemd.ts'
import { ensure } from '../../lib/lab/lab.ts'
import { isController, type Lab } from '../../lib/lab/manifest.ts'
import { ensureKernel } from '../../lib/machine/kernel-version.ts'
import { ensurePrivileges, isPrivileged } from '../../lib/rights/privileges.ts'

/**
 * Makes sure that the calling process may judge: that it may look at host names from within and mount for a program,
 * both of which it may only from what is its own, and has a group in which it can bound what any program takes. Without
 * root the program begins anew for each of the two, and then this returns.
 * @param command how to start it again with sudo
 * @param tell says so
 * @throws CannotRun with the remedy
 */
export async function becomeJudge(what: string, command: string, tell: (line: string) => void): Promise<void> {
  ensureKernel()
  if (!isPrivileged() && homesWith('memory').length === 0) continueInScope()
  // Once: in the user namespace the program begins anew.
  if (isInScope() && !isPrivileged())
    tell(`You are not root here, so systemd was asked for a group to check in: ${ASKED}.`)
  await ensurePrivileges(['namespaces', 'network', 'mounts'], what, command, tell, CLONE_NEWUTS | CLONE_NEWNS)
  makeRoom(ownName('shell'), bestHomes())
}

/**
 * What this machine lacks for a lab's program.
 * @param isOurs whether it does its work as the lab does: somebody else's may do without tools, but not without a controller
 */
export function lacking({ number, needs }: Lab, isOurs: boolean): { cannot?: string } {
  try {
    ensure(isOurs ? needs : needs.filter(isController), `lab ${number}`)
    return {}
  } catch (error) {
    return { cannot: (error as Error).message }
  }
}
