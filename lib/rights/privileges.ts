/**
 * Which privileges the calling process has, and how it gets the missing ones without root.
 */
import { CannotRun, SyscallError } from '../errors.ts'
import { CLONE_NEWNET } from '../flags.ts'
import { containerCommand } from '../machine/container.ts'
import { ownsNamespace } from '../namespaces.ts'
import { statusField } from '../trace/proc.ts'
import { withSudo } from './sudo.ts'
import { probeUserNamespaces, readSwitches, whatForbids } from './user-namespaces.ts'
import { continueInUserNamespace } from './without-root.ts'

/** A privilege that a lab needs: over new `namespaces`, over a `network`, over `mounts` with a /proc of their own. */
export type Privilege = 'namespaces' | 'network' | 'mounts'

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n
const CAPABILITIES: Readonly<Record<Privilege, bigint>> = {
  namespaces: CAP_SYS_ADMIN,
  mounts: CAP_SYS_ADMIN,
  network: CAP_NET_ADMIN,
}

/** Whether a need is a privilege. */
export const isPrivilege = (need: string): need is Privilege => need in CAPABILITIES

function hasCapability(capability: bigint): boolean {
  return ((BigInt(`0x${statusField('self', 'CapEff') ?? '0'}`) >> capability) & 1n) === 1n
}

/** Whether the calling process may do what is needed as it is, whatever its user. */
export function isPrivileged(needs: readonly Privilege[] = ['namespaces', 'network']): boolean {
  const wanted = needs.map(need => CAPABILITIES[need])
  return wanted.every(hasCapability) && (!needs.includes('network') || ownsNamespace('net'))
}

/** The remedy for a root without its capabilities. */
const inContainer = () => `this root has not both capabilities, as in a container: ${containerCommand()}`

function forbidden(what: string, command: string, { seen, cause, remedy }: ReturnType<typeof probeUserNamespaces>) {
  const first = process.getuid?.() === 0 ? inContainer() : withSudo(command)
  const ways = [first, ...(remedy && !first.includes(remedy) ? [remedy] : [])]
  return new CannotRun(
    `${what} cannot run here without root (CAP_SYS_ADMIN, CAP_NET_ADMIN): ${cause ?? 'the kernel refuses it'}\n` +
      `seen: ${seen}\nhint: ${ways.join('\n  or: ')}`,
  )
}

/**
 * Makes sure that the calling process has CAP_SYS_ADMIN and CAP_NET_ADMIN, as root of the machine has.
 * @throws CannotRun with the remedy
 */
export function requireRoot(what: string, command: string): void {
  if (isPrivileged()) return
  throw new CannotRun(
    `${what} takes root (CAP_SYS_ADMIN, CAP_NET_ADMIN)\nhint: ${process.getuid?.() === 0 ? inContainer() : withSudo(command)}`,
  )
}

function ensureWorking(what: string): void {
  const { works, seen, cause = 'the kernel refuses it', remedy } = probeUserNamespaces()
  if (works) return
  throw new CannotRun(
    `${what} cannot run here without user namespaces: ${cause}\nseen: ${seen}\nhint: ${remedy ?? containerCommand()}`,
  )
}

/**
 * Makes sure that the calling process, whoever its user is, can make a user namespace whose root can make mounts. It is
 * tried only where a switch may forbid it: trying makes processes, of which somebody who follows the program would ask
 * what they are for.
 * @param what who asks, `lab 7`
 * @throws CannotRun with the switch that forbids it, and the remedy
 */
export function ensureUserNamespaces(what: string): void {
  // A filter is in force in every container, and in most of them it allows it.
  if (whatForbids({ ...readSwitches(), isFiltered: false })) ensureWorking(what)
}

/**
 * What to tell of an error of a program that makes user namespaces: that this machine has none for it, where that is so.
 * @param what who asks, `lab 7`
 */
export function explainRefusal(error: unknown, what: string): unknown {
  if (!(error instanceof SyscallError) || !['clone', 'unshare', 'mount'].includes(error.syscall)) return error
  try {
    ensureWorking(what)
  } catch (better) {
    return better
  }
  return error
}

/**
 * Makes sure that the calling process may do what is needed. If it may not, the program is started again in a user
 * namespace of its own, where it may, and the promise never settles.
 * @param what who asks, `lab 3`
 * @param command how to start it again with sudo
 * @param flags further namespaces that it needs as its own: CLONE_NEW…
 * @param tell says that it does so, and what is different
 * @throws CannotRun with the switch that forbids it, and the remedy
 */
export async function ensurePrivileges(
  needs: readonly Privilege[],
  what: string,
  command: string,
  tell: (line: string) => void,
  flags = 0,
): Promise<void> {
  if (isPrivileged(needs)) return
  const probe = probeUserNamespaces()
  if (!probe.works || (needs.includes('mounts') && !probe.mountsProc)) throw forbidden(what, command, probe)
  const network = needs.includes('network') ? CLONE_NEWNET : 0
  tell(`You are not root here, so ${what} runs in a user namespace, in which you are: clone(CLONE_NEWUSER),`)
  tell(`then 0 ${process.geteuid?.()} 1 in its uid_map. To the machine you are who you were.`)
  if (network) tell("It has a network of its own, too: what is called outside is that one, not the machine's.")
  await continueInUserNamespace(network | flags)
}
