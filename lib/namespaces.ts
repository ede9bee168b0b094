/**
 * Which namespaces a process lives in, and moving between them.
 */
import { closeSync, fstatSync, openSync, readlinkSync } from 'node:fs'
import { argumentError } from './errors.ts'
import * as F from './flags.ts'
import { call, libcFunction } from './machine/libc.ts'

const libcUnshare = libcFunction('int unshare(int flags)')
const libcSetns = libcFunction('int setns(int fd, int nstype)')
const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request)')
const libcIoctlNumber = libcFunction('int ioctl(int fd, unsigned long request, _Out_ unsigned int *answer)')

/**
 * The ioctl requests for the user namespace that a namespace belongs to, and for the user that a user namespace belongs
 * to, `<linux/nsfs.h>`.
 */
export const NS_GET_USERNS = 0xb701
export const NS_GET_OWNER_UID = 0xb704

/** The kinds of namespace by their file in /proc/PID/ns, with the flag that makes a new one. */
export const NAMESPACES = {
  cgroup: F.CLONE_NEWCGROUP,
  ipc: F.CLONE_NEWIPC,
  mnt: F.CLONE_NEWNS,
  net: F.CLONE_NEWNET,
  pid: F.CLONE_NEWPID,
  user: F.CLONE_NEWUSER,
  uts: F.CLONE_NEWUTS,
} as const

/** A kind of namespace, by its file in /proc/PID/ns. */
export type NamespaceKind = keyof typeof NAMESPACES

/** The inode number of each namespace of a process: two processes share one exactly when the numbers are equal. */
export type Namespaces = Readonly<Record<NamespaceKind, number>>

/**
 * One namespace of a process or thread, by its inode.
 * @param pid as the mounted /proc numbers it
 * @throws Error ENOENT when it has ended, EACCES when it belongs to another user
 * @see namespaces(7)
 */
export function namespaceInode(pid: number | 'self', kind: NamespaceKind): number {
  // net:[4026531840]
  const link = readlinkSync(`/proc/${pid}/ns/${kind}`)
  return Number(link.slice(kind.length + 2, -1))
}

const KINDS = Object.keys(NAMESPACES) as NamespaceKind[]

/** One namespace of a process or thread, by its inode; `undefined` if that has ended or belongs to another user. @see namespaces(7) */
export function namespaceOf(pid: number | 'self', kind: NamespaceKind): number | undefined {
  try {
    return namespaceInode(pid, kind)
  } catch {
    return undefined
  }
}

/**
 * The namespaces of a process.
 * @param pid as the mounted /proc numbers it; the calling process by default
 * @throws Error ENOENT when it has ended, EACCES when it belongs to another user
 * @see namespaces(7)
 */
export function namespaces(pid: number | 'self' = 'self'): Namespaces {
  return Object.fromEntries(KINDS.map(kind => [kind, namespaceInode(pid, kind)])) as Namespaces
}

/**
 * Moves the calling process into new namespaces; with CLONE_NEWPID its next child instead.
 * @param flags `int flags`: CLONE_NEW… constants
 * @throws SyscallError EPERM, EINVAL
 * @see unshare(2)
 */
export function unshare(flags: number): void {
  if (!Number.isInteger(flags)) throw argumentError('unshare', 'flags', 'a number such as CLONE_NEWNET', flags)
  call('unshare', libcUnshare, [flags | 0], [F.flagSymbol(flags)])
}

/**
 * Moves the calling thread into an existing namespace.
 * @param fd `int fd`: an open /proc/PID/ns file
 * @param kind `int nstype`: the flag of the kind expected, 0 for any
 * @throws SyscallError EPERM, EINVAL, EBADF
 * @see setns(2)
 */
export function setns(fd: number, kind = 0): void {
  call('setns', libcSetns, [fd, kind | 0], [fd, F.flagSymbol(kind)])
}

/** The user namespace that an open namespace belongs to, or of a user namespace the one above, as `int fd`. */
function openOwner(namespace: number): number | undefined {
  const owner = libcIoctl(namespace, NS_GET_USERNS)
  // EPERM: it lies outside the caller's user namespace.
  return owner < 0 ? undefined : owner
}

/** The inodes of the user namespaces that a namespace belongs to, the nearest first. @param most how many are asked for */
function ownersOf(pid: number | 'self', kind: NamespaceKind, most: number): number[] {
  const owners: number[] = []
  let fd: number | undefined = openSync(`/proc/${pid}/ns/${kind}`, 'r')
  while (fd !== undefined) {
    const above: number | undefined = owners.length < most ? openOwner(fd) : undefined
    closeSync(fd)
    if (above !== undefined) owners.push(fstatSync(above).ino)
    fd = above
  }
  return owners
}

/**
 * The user namespace that a namespace of a process belongs to; of its user namespace, the one above.
 * @param pid as the mounted /proc numbers it
 * @returns its inode number; `undefined` where it lies outside the caller's own
 * @throws Error ENOENT, EACCES, as of {@link namespaces}
 * @see ioctl_nsfs(2)
 */
export const owningUserNamespace = (pid: number | 'self', kind: NamespaceKind): number | undefined =>
  ownersOf(pid, kind, 1)[0]

/**
 * The user namespaces above that of a process, the nearest first, up to the caller's own.
 * @param pid as the mounted /proc numbers it
 * @throws Error ENOENT, EACCES, as of {@link namespaces}
 * @see user_namespaces(7)
 */
export const userNamespacesAbove = (pid: number | 'self'): number[] => ownersOf(pid, 'user', Number.POSITIVE_INFINITY)

/**
 * The user whose user namespace a process is in: who made it, and has every capability in it from outside.
 * @param pid as the mounted /proc numbers it
 * @returns `uid_t`, as the caller's user namespace numbers it
 * @throws Error ENOENT, EACCES, as of {@link namespaces}; SyscallError
 * @see ioctl_nsfs(2), user_namespaces(7)
 */
export function userNamespaceOwner(pid: number | 'self'): number {
  const namespace = openSync(`/proc/${pid}/ns/user`, 'r')
  try {
    const uid = [0]
    call('ioctl', libcIoctlNumber, [namespace, NS_GET_OWNER_UID, uid], [namespace, Symbol('NS_GET_OWNER_UID')], 'nsfs')
    return uid[0] as number
  } finally {
    closeSync(namespace)
  }
}

/**
 * Whether a namespace of the calling process belongs to its user namespace: only then do its capabilities count in it.
 * @see ioctl_nsfs(2)
 */
export const ownsNamespace = (kind: NamespaceKind): boolean =>
  owningUserNamespace('self', kind) === namespaceInode('self', 'user')

/** Runs `action` with the calling thread in the namespace of another process, and goes back. */
export function inNamespace<T>(pid: number, kind: NamespaceKind, action: () => T): T {
  const there = openSync(`/proc/${pid}/ns/${kind}`, 'r')
  try {
    return inNamespaceBy(there, kind, action)
  } finally {
    closeSync(there)
  }
}

/** As {@link inNamespace}, of a namespace that is open already. @param there `int fd` of it */
export function inNamespaceBy<T>(there: number, kind: NamespaceKind, action: () => T): T {
  const here = openSync(`/proc/thread-self/ns/${kind}`, 'r')
  try {
    setns(there, NAMESPACES[kind])
    try {
      return action()
    } finally {
      setns(here, NAMESPACES[kind])
    }
  } finally {
    closeSync(here)
  }
}

const libcSethostname = libcFunction('int sethostname(const char *name, size_t len)')

/**
 * Sets the host name of the calling process's UTS namespace.
 * @param name `const char *name`, 1 to 64 bytes; its length is counted here, never given
 * @throws SyscallError EPERM
 * @see sethostname(2), uts_namespaces(7)
 */
export function sethostname(name: string): void {
  const length = typeof name === 'string' ? Buffer.byteLength(name) : 0
  if (length < 1 || length > 64) throw argumentError('sethostname', 'name', 'a string of 1 to 64 bytes', name)
  call('sethostname', libcSethostname, [name, length])
}
