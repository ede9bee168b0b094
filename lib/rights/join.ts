/**
 * Entering the namespaces of another process: what `docker exec` and nsenter(1) do first.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { argumentError, syscallError } from '../errors.ts'
import { kernelIsAtLeast } from '../machine/kernel-version.ts'
import { poll } from '../machine/poll.ts'
import { openSelf } from '../machine/self.ts'
import { NAMESPACES, type NamespaceKind, setns } from '../namespaces.ts'
import { pidfdOpen } from '../trace/pidfd.ts'

/**
 * The order in which to enter them one by one: first the user namespace, whose root may then enter the rest; last the
 * mount namespace, because another /proc may be mounted in there.
 */
const ORDER: readonly NamespaceKind[] = ['user', 'cgroup', 'ipc', 'uts', 'net', 'pid', 'mnt']

/** The inode of the calling process's namespace; of kind `pid`, that of the namespace its children will be in. */
function ownInode(kind: NamespaceKind): number {
  const fd = openSelf(kind === 'pid' ? 'ns/pid_for_children' : `ns/${kind}`)
  try {
    return fstatSync(fd).ino
  } finally {
    closeSync(fd)
  }
}

interface NamespaceFile {
  readonly kind: NamespaceKind
  readonly fd: number
}

function openNamespaceFiles(target: number, kinds: readonly NamespaceKind[]): NamespaceFile[] {
  const files: NamespaceFile[] = []
  try {
    for (const kind of ORDER.filter(each => kinds.includes(each)))
      files.push({ kind, fd: openSync(`/proc/${target}/ns/${kind}`, 'r') })
  } catch (error) {
    closeNamespaceFiles(files)
    throw error
  }
  return files
}

function closeNamespaceFiles(files: readonly NamespaceFile[]): void {
  for (const { fd } of files) closeSync(fd)
}

/** Enters all namespaces at once through the process's pidfd from Linux 5.8 on; before, one by one. */
function enter(pidfd: number, files: readonly NamespaceFile[]): void {
  if (kernelIsAtLeast(5, 8)) {
    const flags = files.reduce((all, { kind }) => all | NAMESPACES[kind], 0)
    if (flags !== 0) setns(pidfd, flags)
  } else for (const { kind, fd } of files) setns(fd, NAMESPACES[kind])
  // Node caches its working directory, and setns(2) has changed that to the root of the new mount namespace.
  if (files.some(({ kind }) => kind === 'mnt')) process.chdir('/')
}

/**
 * Moves the calling process into namespaces of another one, in the order that works. Those that both are in already are
 * left out, because the kernel refuses to enter the user namespace that a process is already in. To be called in a
 * child of fork(): a process with several threads, as Node is, cannot enter a user or a mount namespace. With `pid`
 * only children that are made later are inside, so the caller has to fork once more.
 * @param target `pid_t`, as the caller numbers it
 * @param kinds which namespaces; all by default
 * @returns those that were entered
 * @throws SyscallError ESRCH (it has ended), EPERM, EINVAL (several threads)
 * @throws Error ENOENT (no such process), EACCES (it belongs to another user)
 * @see setns(2), nsenter(1)
 */
export function join(target: number, kinds: readonly NamespaceKind[] = ORDER): NamespaceKind[] {
  if (!Number.isInteger(target) || target <= 0)
    throw argumentError('join', 'the target', 'the PID of a process', target)
  const unknown = kinds.find(kind => !(kind in NAMESPACES))
  if (unknown !== undefined)
    throw argumentError('join', 'a kind', `one of ${Object.keys(NAMESPACES).join(', ')}`, unknown)
  const pidfd = pidfdOpen(target)
  let files: NamespaceFile[] = []
  try {
    files = openNamespaceFiles(target, kinds)
    // The PID may have been used again for another process before the files were opened, but not while the process that
    // the pidfd stands for lives.
    if (poll([pidfd], 0).length > 0) throw syscallError('pidfd_open', [target, 0], constants.errno.ESRCH)
    const others = files.filter(({ kind, fd }) => fstatSync(fd).ino !== ownInode(kind))
    enter(pidfd, others)
    return others.map(({ kind }) => kind)
  } finally {
    closeNamespaceFiles(files)
    closeSync(pidfd)
  }
}
