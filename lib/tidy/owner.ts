/**
 * Who owns what was left behind, and whether they are dead. Only what is certain counts: a number means something in
 * one PID namespace, and what goes on in another is seen from the first one alone, by root.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { uptime } from 'node:os'
import { basename } from 'node:path'
import { getpid } from '../process.ts'
import { allPids, nsPids, readProc, statusField } from '../trace/proc.ts'

/** The first PID namespace of every kernel has this inode: `PROC_PID_INIT_INO`. */
export const INITIAL_PID_NAMESPACE = 0xeffffffc

/** Of /proc/PID/stat: `sysconf(_SC_CLK_TCK)` on every machine of today. */
const TICKS_PER_SECOND = 100
const MARGIN_MS = 2000

/** A process as it called itself. */
export interface Owner {
  readonly pid: number
  /** The inode of its PID namespace. */
  readonly namespace: number
}

/** What became of an owner; `unknown` is one that cannot be seen from here. */
export type Fate = 'alive' | 'dead' | 'unknown'

/** The inode of a process's PID namespace. @throws Error ENOENT, EACCES */
const namespaceOf = (pid: number | 'self') => Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[0])

/** Whether the mounted /proc numbers processes as the caller does. */
const isProcOurs = () => readlinkSync('/proc/self') === String(getpid())

/** Whether a number is taken in the caller's PID namespace, also by somebody whom it may not see. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process was started, in ms since 1970; not quite, where the clock has been set meanwhile. */
function startOf(pid: number): number {
  const ticks = Number(
    readProc(pid, 'stat')
      ?.replace(/^.*\) /s, '')
      .split(' ')[19],
  )
  return Date.now() - uptime() * 1000 + (ticks * 1000) / TICKS_PER_SECOND
}

/** Whether the process of that number is somebody else: no Node, and younger than what its namesake has made. */
function isNamesake(pid: number, made: number | undefined): boolean {
  if (made === undefined) return false
  try {
    return !/^node/.test(basename(readlinkSync(`/proc/${pid}/exe`))) && startOf(pid) > made + MARGIN_MS
  } catch {
    // EACCES: it is not ours to know.
    return false
  }
}

/** Whether the process of that number may be the owner of what was made then: zombies own nothing. */
const mayOwn = (pid: number, made: number | undefined) =>
  !statusField(pid, 'State')?.startsWith('Z') && !isNamesake(pid, made)

/** Whether a process is that owner in another PID namespace; `undefined` where the caller may not know. */
function isOwner(pid: number, owner: Owner): boolean | undefined {
  const numbers = nsPids(pid)
  // It has one number only where the caller is, and the other lists numbers for everybody to read.
  if (numbers.length < 2 || numbers.at(-1) !== owner.pid) return false
  try {
    return namespaceOf(pid) === owner.namespace
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false
  }
}

/** The fate of an owner in another PID namespace: looks at every process there is. */
function fateElsewhere(owner: Owner, made: number | undefined): Fate {
  if (!isProcOurs() || namespaceOf('self') !== INITIAL_PID_NAMESPACE) return 'unknown'
  const pids = allPids()
  // A /proc that hides processes from the caller hides this one, too.
  if (nsPids(1).length === 0) return 'unknown'
  const answers = pids.filter(pid => mayOwn(pid, made)).map(pid => isOwner(pid, owner))
  if (answers.includes(true)) return 'alive'
  return answers.includes(undefined) ? 'unknown' : 'dead'
}

/**
 * What became of an owner, as far as the calling process can know.
 * @param made when the thing was made, or later, in ms since 1970: whoever has the owner's number but came after that is
 *   not the owner
 */
export function fateOf(owner: Owner, made?: number): Fate {
  if (owner.namespace !== namespaceOf('self')) return fateElsewhere(owner, made)
  if (!isTaken(owner.pid)) return 'dead'
  return !isProcOurs() || !existsSync(`/proc/${owner.pid}`) || mayOwn(owner.pid, made) ? 'alive' : 'dead'
}
