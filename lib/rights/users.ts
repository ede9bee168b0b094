/**
 * Users and groups across user namespaces: which IDs inside stand for which outside, and becoming root inside.
 */
import { writeFileSync } from 'node:fs'
import { CannotRun } from '../errors.ts'
import { CLONE_NEWUSER } from '../flags.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { readSelf } from '../machine/self.ts'
import { unshare } from '../namespaces.ts'
import { allowInspection } from './prctl.ts'

// The system calls and not libc's wrappers: these have every thread that libc knows of change as well and wait for it,
// and a clone has only one of those threads.
const libcSetThree = libcFunction(
  'long syscall(long number, unsigned int real, unsigned int effective, unsigned int saved)',
)
const libcSetgroups = libcFunction('long syscall(long number, unsigned long size, const uint32_t *list)')

/** Numbers of the calls by architecture, `<asm/unistd.h>`. */
export const SYS_users = {
  x64: { setresuid: 117, setresgid: 119, setgroups: 116 },
  arm64: { setresuid: 147, setresgid: 149, setgroups: 159 },
}[process.arch as 'x64' | 'arm64']

/** A range of IDs: one line of /proc/PID/uid_map. */
export interface IdRange {
  /** The first ID as the new namespace numbers it. */
  readonly inside: number
  /** The same as the writer's namespace numbers it. */
  readonly outside: number
  readonly count: number
}

/**
 * Maps users and groups of a new user namespace to those of the caller's. A map can be written once per namespace.
 * @param pid a process in the new namespace
 * @param ranges `inside outside count`, at most 340, for users
 * @param groups the same for groups; those of the users by default
 * @throws Error EPERM (without CAP_SETUID only one's own ID, and `deny` in setgroups first), EINVAL (overlap)
 * @see user_namespaces(7)
 */
export function writeIdMaps(pid: number, ranges: readonly IdRange[], groups = ranges): void {
  const text = (all: typeof ranges) =>
    all.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('')
  writeFileSync(`/proc/${pid}/uid_map`, text(ranges))
  writeFileSync(`/proc/${pid}/gid_map`, text(groups))
}

/**
 * Maps the caller's own user and group to root in a new user namespace, and no other ID: an ordinary user may write no
 * other map. A map can be written once per namespace.
 * @param pid a process in the new namespace, which the caller has made
 * @throws Error EPERM: it is another user's namespace
 * @see user_namespaces(7)
 */
export function writeOwnIdMap(pid: number): void {
  // Otherwise a member of a group that is allowed less than everybody else could drop that group.
  writeFileSync(`/proc/${pid}/setgroups`, 'deny')
  writeFileSync(`/proc/${pid}/uid_map`, `0 ${process.geteuid?.()} 1`)
  writeFileSync(`/proc/${pid}/gid_map`, `0 ${process.getegid?.()} 1`)
}

/**
 * Moves the calling process, which has one thread, into a new user namespace below its own, and makes it root there: its
 * user and group become 0, and no other ID is known inside.
 * @throws SyscallError ENOSPC (33 are above it already, or the limit of user.max_user_namespaces), EPERM (its user is nobody in its own namespace), EINVAL
 * @see user_namespaces(7)
 */
export function enterUserNamespace(): void {
  // Afterwards both are 65534, until the map is there.
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()]
  unshare(CLONE_NEWUSER)
  // Who has changed their user is not dumpable, and their own files in /proc belong to root of the machine.
  allowInspection()
  writeFileSync('/proc/self/setgroups', 'deny')
  writeFileSync('/proc/self/uid_map', `0 ${uid} 1`)
  writeFileSync('/proc/self/gid_map', `0 ${gid} 1`)
}

/**
 * Makes the calling process root of its user namespace, in no group but root's (and those it cannot leave, where
 * setgroups(2) is denied).
 * @throws SyscallError EINVAL: no maps have been written, or they have no 0
 * @see setresuid(2), setgroups(2)
 */
export function becomeRoot(): void {
  becomeUser(0, 0)
}

/**
 * Makes the calling process another user's, for good, and a member of one group alone.
 * @param uid `uid_t`, and
 * @param gid `gid_t`, as the caller's user namespace numbers them
 * @throws SyscallError EPERM (without CAP_SETUID, CAP_SETGID), EINVAL (no such ID there)
 * @see setresuid(2), setgroups(2)
 */
export function becomeUser(uid: number, gid: number): void {
  if (SYS_users === undefined) throw new CannotRun(`setresuid(2) has no known number on ${process.arch}`)
  const { setresgid, setresuid, setgroups } = SYS_users
  call('setresgid', libcSetThree, [setresgid, gid, gid, gid], [gid, gid, gid])
  if (readSelf('setgroups').trim() !== 'deny') call('setgroups', libcSetgroups, [setgroups, 0, null], [0, null])
  call('setresuid', libcSetThree, [setresuid, uid, uid, uid], [uid, uid, uid])
}
