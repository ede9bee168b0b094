/**
 * How a process gets the privileges that judging takes.
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
 * Makes sure that the calling process may judge. It needs privilege over its own UTS and mount namespaces, to read the
 * host name of a container from inside and to mount for a program, and a control group in which it can limit what any
 * program takes. Without root the checker is started again to get each of the two, and only then does this return.
 * @param command how to start it again with sudo
 * @param tell prints what is done instead
 * @throws CannotRun with the remedy
 */
export async function becomeJudge(what: string, command: string, tell: (line: string) => void): Promise<void> {
  ensureKernel()
  if (!isPrivileged() && homesWith('memory').length === 0) continueInScope()
  // Not a second time, in the user namespace, where the checker starts again.
  if (isInScope() && !isPrivileged())
    tell(`You are not root here, so systemd was asked for a group to check in: ${ASKED}.`)
  await ensurePrivileges(['namespaces', 'network', 'mounts'], what, command, tell, CLONE_NEWUTS | CLONE_NEWNS)
  makeRoom(ownName('shell'), bestHomes())
}

/**
 * What this machine lacks for a lab's program.
 * @param isOurs whether the program works as the lab does: any other may do without the lab's tools, but not without
 *   its controllers
 */
export function lacking({ number, needs }: Lab, isOurs: boolean): { cannot?: string } {
  try {
    ensure(isOurs ? needs : needs.filter(isController), `lab ${number}`)
    return {}
  } catch (error) {
    return { cannot: (error as Error).message }
  }
}
