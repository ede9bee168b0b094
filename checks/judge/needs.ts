/**
 * What a judge needs of this machine besides namespaces and groups, each tried by doing it: what a container's filter or
 * a stripped root refuses. `npm run doctor` names it beforehand, and a check that has failed names the same.
 */
import { closeSync, readFileSync, readlinkSync } from 'node:fs'
import { clone, fork } from '../../lib/clone.ts'
import { CannotRun } from '../../lib/errors.ts'
import { CLONE_NEWNS, SIGCHLD } from '../../lib/flags.ts'
import { makeGate, pipe } from '../../lib/gate.ts'
import { containerCommand } from '../../lib/machine/container.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import { MNT_DETACH, MS_PRIVATE, MS_REC, mount, pivotRoot, umount2 } from '../../lib/mount/mount.ts'
import { inNamespace } from '../../lib/namespaces.ts'
import { getpid, kill, waitpid } from '../../lib/process.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { shares } from '../../lib/trace/kcmp.ts'
import { pidfdOpen } from '../../lib/trace/pidfd.ts'
import { checkEvents, FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'

/** Something that a judge cannot do here. */
export interface Lack {
  readonly what: string
  /** The error of the call, in one line. */
  readonly seen: string
  readonly cause: string
  readonly remedy: string
}

const FILTER = 'a filter or the lack of a capability, most likely that of a container, refuses it'
const inContainer = () => `check on the machine itself, or start the container so: ${containerCommand()}`

const firstLine = (error: unknown) => String((error as Error).message ?? error).split('\n')[0]

/** The first line of what an action throws. */
function errorOf(action: () => void): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return firstLine(error)
  }
}

/** Traces a child that waits, and ends it. */
function tryTracing(): void {
  const never = makeGate()
  const pid = fork(() => never.wait())
  try {
    seize(pid, FOLLOW_TREE)
  } finally {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
}

/** Runs something in a child, with whose end everything goes. @returns the first line of what it throws */
function errorInChild(flags: number, action: () => void): string | undefined {
  const { readEnd, writeEnd } = pipe()
  try {
    const pid = clone(() => writeAll(writeEnd, errorOf(action) ?? ''), flags | SIGCHLD)
    closeQuietly(writeEnd)
    const said = readFileSync(readEnd, 'utf8')
    const { signal } = waitpid(pid)
    return said === '' ? (signal ?? undefined) : said
  } catch (error) {
    return firstLine(error)
  } finally {
    closeQuietly(writeEnd)
    closeQuietly(readEnd)
  }
}

/** Goes to a root on a tmpfs, as the warden of a sandbox does. */
function pivot(): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount('needs', '/sys', 'tmpfs')
  process.chdir('/sys')
  pivotRoot('.', '.')
  umount2('.', MNT_DETACH)
}

/** A /proc of another PID namespace shows nobody by the numbers that the judge knows. */
function checkProc(): void {
  const seen = readlinkSync('/proc/self')
  if (seen !== String(getpid())) throw new Error(`/proc/self is ${seen}, and this process is ${getpid()}`)
}

const ofCall = (what: string, seen: string | undefined): Lack[] =>
  seen === undefined ? [] : [{ what, seen, cause: FILTER, remedy: inContainer() }]

/** The calls without which nothing that a judge has begun comes to an end. They are tried before each check. */
function lacksOfEnds(): Lack[] {
  return [
    ...ofCall(
      'kill(2), by which it ends a program',
      errorOf(() => kill(getpid(), 0)),
    ),
    ...ofCall('waitid(2) or wait4(2), by which it hears what a program does', errorOf(checkEvents)),
  ]
}

/** All that is tried, in the order in which a judge needs it. What takes root is tried where it is there. */
export function lacksOfJudge(): Lack[] {
  const ends = lacksOfEnds()
  // Nothing else can be tried: it would have to be ended, too.
  if (ends.length > 0) return ends
  const proc = errorOf(checkProc)
  const foreign = {
    what: 'its own processes in /proc',
    seen: proc ?? '',
    cause: 'this shell is in a PID namespace of its own, and /proc is that of another',
    remedy: 'mount -t proc proc /proc (in unshare(1): --mount-proc)',
  }
  if (proc !== undefined) return [foreign]
  const asRoot = isPrivileged()
    ? [
        ...ofCall(
          'setns(2), by which it enters a namespace',
          errorInChild(0, () => inNamespace(getpid(), 'uts', () => {})),
        ),
        ...ofCall('pivot_root(2), by which its sandbox gets a root', errorInChild(CLONE_NEWNS, pivot)),
      ]
    : []
  return [
    ...ofCall('ptrace(2), by which it follows a program', errorOf(tryTracing)),
    ...ofCall(
      'kcmp(2), by which it knows what two processes share',
      errorOf(() => shares(getpid(), getpid(), 'VM')),
    ),
    ...ofCall(
      'pidfd_open(2), by which it waits for a process',
      errorOf(() => closeSync(pidfdOpen(getpid()))),
    ),
    ...asRoot,
  ]
}

/** The first of some in words, as a check says it. */
const describe = ([lack]: readonly Lack[]) =>
  lack && `the judge lacks ${lack.what}: ${lack.seen}; ${lack.cause}\nhint: ${lack.remedy}`

export const describeLack = (): string | undefined => describe(lacksOfJudge())

/** @throws CannotRun where a judge could begin something here that it could not end */
export function ensureEnds(): void {
  const lack = describe(lacksOfEnds())
  if (lack !== undefined) throw new CannotRun(lack)
}
