/**
 * Which process owns something that was left behind, and whether it has ended. Only what is certain counts: a PID means
 * something only in its own PID namespace, and only root in the initial PID namespace sees the processes of all others.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { uptime } from 'node:os'
import { basename } from 'node:path'
import { INITIAL_PID_NAMESPACE } from '../machine/container.ts'
import { getpid } from '../process.ts'
import { allPids, nsPids, parentAndState, readProc } from '../trace/proc.ts'

/** The unit of times in /proc/PID/stat: `sysconf(_SC_CLK_TCK)`, the same on every machine of today. */
const TICKS_PER_SECOND = 100
const MARGIN_MS = 2000

/** A process as it has named itself in the thing that it owns. */
export interface Owner {
  readonly pid: number
  /** The inode of its PID namespace. */
  readonly namespace: number
}

/** Whether an owner still runs; `unknown` is one that cannot be seen from here. */
export type Fate = 'alive' | 'dead' | 'unknown'

/** The inode of a process's PID namespace. @throws Error ENOENT, EACCES */
const pidNamespaceOf = (pid: number | 'self') => Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[0])

/** Whether the mounted /proc numbers processes as the caller does. */
const isProcOurs = () => readlinkSync('/proc/self') === String(getpid())

/** Whether a PID is in use in the caller's PID namespace, also by a process that the caller may not see. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process was started, in ms since 1970; inexact where the clock has been set meanwhile. */
function startOf(pid: number): number {
  const ticks = Number(
    readProc(pid, 'stat')
      ?.replace(/^.*\) /s, '')
      .split(' ')[19],
  )
  return Date.now() - uptime() * 1000 + (ticks * 1000) / TICKS_PER_SECOND
}

/** Whether a process only has the same PID as the owner: it is no Node, and was started after the thing was made. */
function isNamesake(pid: number, made: number | undefined): boolean {
  if (made === undefined) return false
  try {
    return !/^node/.test(basename(readlinkSync(`/proc/${pid}/exe`))) && startOf(pid) > made + MARGIN_MS
  } catch {
    // EACCES: the caller may not know.
    return false
  }
}

/** Whether a process with the owner's PID may be the owner of what was made then: a zombie owns nothing. */
const mayOwn = (pid: number, made: number | undefined) => parentAndState(pid)?.state !== 'Z' && !isNamesake(pid, made)

/** Whether a process is that owner in another PID namespace; `undefined` where the caller may not know. */
function isOwner(pid: number, owner: Owner): boolean | undefined {
  const numbers = nsPids(pid)
  // A process in the caller's own PID namespace has one number. Every user may read the numbers of the others.
  if (numbers.length < 2 || numbers.at(-1) !== owner.pid) return false
  try {
    return pidNamespaceOf(pid) === owner.namespace
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false
  }
}

/** The fate of an owner in another PID namespace, for which it looks at every process of the machine. */
function fateElsewhere(owner: Owner, made: number | undefined): Fate {
  if (!isProcOurs() || pidNamespaceOf('self') !== INITIAL_PID_NAMESPACE) return 'unknown'
  const pids = allPids()
  // A /proc that hides processes from the caller hides this one, too.
  if (nsPids(1).length === 0) return 'unknown'
  const answers = pids.filter(pid => mayOwn(pid, made)).map(pid => isOwner(pid, owner))
  if (answers.includes(true)) return 'alive'
  return answers.includes(undefined) ? 'unknown' : 'dead'
}

/**
 * Whether an owner still runs, as far as the calling process can know.
 * @param made when the thing was made, or later, in ms since 1970: a process that has the owner's PID but was started
 *   after that is not the owner
 */
export function fateOf(owner: Owner, made?: number): Fate {
  if (owner.namespace !== pidNamespaceOf('self')) return fateElsewhere(owner, made)
  if (!isTaken(owner.pid)) return 'dead'
  return !isProcOurs() || !existsSync(`/proc/${owner.pid}`) || mayOwn(owner.pid, made) ? 'alive' : 'dead'
}
