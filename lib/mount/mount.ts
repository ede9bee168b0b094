/**
 * Mounts: mount(2), umount2(2), pivot_root(2), chroot(2), and /proc/PID/mountinfo.
 */
import { resolve } from 'node:path'
import { CannotRun } from '../errors.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { readProc } from '../trace/proc.ts'

const libcMount = libcFunction(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
)
const libcUmount2 = libcFunction('int umount2(const char *target, int flags)')
const libcChroot = libcFunction('int chroot(const char *path)')
const libcPivotRoot = libcFunction('long syscall(long number, const char *new_root, const char *put_old)')

/** Flags of mount(2), `<sys/mount.h>`: what a mount or its file system is not to do. */
export const MS_RDONLY = 0x1
export const MS_NOSUID = 0x2
export const MS_NODEV = 0x4
export const MS_NOEXEC = 0x8
export const MS_SYNCHRONOUS = 0x10
export const MS_MANDLOCK = 0x40
export const MS_DIRSYNC = 0x80
export const MS_NOSYMFOLLOW = 0x100
export const MS_NOATIME = 0x400
export const MS_NODIRATIME = 0x800
export const MS_SILENT = 0x8000
export const MS_POSIXACL = 0x10000
export const MS_RELATIME = 0x200000
export const MS_I_VERSION = 0x800000
export const MS_STRICTATIME = 0x1000000
export const MS_LAZYTIME = 0x2000000
/** Flags that make mount(2) another call: change a mount, attach a directory, move a mount. */
export const MS_REMOUNT = 0x20
export const MS_BIND = 0x1000
export const MS_MOVE = 0x2000
/** With any of these it changes the propagation of a mount, with MS_REC also of those below. */
export const MS_REC = 0x4000
export const MS_UNBINDABLE = 0x20000
export const MS_PRIVATE = 0x40000
export const MS_SLAVE = 0x80000
export const MS_SHARED = 0x100000
/** Flags of umount2(2). */
export const MNT_FORCE = 0x1
export const MNT_DETACH = 0x2
export const MNT_EXPIRE = 0x4
export const UMOUNT_NOFOLLOW = 0x8
/** The number of pivot_root(2) by architecture, `<asm/unistd.h>`. */
export const SYS_pivot_root = { x64: 155, arm64: 41 }[process.arch as 'x64' | 'arm64']

const MOUNT_FLAGS = {
  MS_RDONLY,
  MS_NOSUID,
  MS_NODEV,
  MS_NOEXEC,
  MS_SYNCHRONOUS,
  MS_REMOUNT,
  MS_MANDLOCK,
  MS_DIRSYNC,
  MS_NOSYMFOLLOW,
  MS_NOATIME,
  MS_NODIRATIME,
  MS_BIND,
  MS_MOVE,
  MS_REC,
  MS_SILENT,
  MS_POSIXACL,
  MS_UNBINDABLE,
  MS_PRIVATE,
  MS_SLAVE,
  MS_SHARED,
  MS_RELATIME,
  MS_I_VERSION,
  MS_STRICTATIME,
  MS_LAZYTIME,
}

/** `mountFlagNames(MS_BIND | MS_REC)` → `MS_BIND|MS_REC`. */
export function mountFlagNames(flags: number): string {
  const names = Object.entries(MOUNT_FLAGS).filter(([, bit]) => (flags & bit) !== 0)
  return names.map(([name]) => name).join('|') || '0'
}

/**
 * Attaches a file system, or changes a mount, in the calling process's mount namespace.
 * @param source `const char *source`; a device, a directory (MS_BIND) or any word
 * @param target `const char *target`
 * @param type `const char *filesystemtype`, such as `proc` or `tmpfs`; `null` where the flags need none
 * @param flags `unsigned long mountflags`, MS_ constants
 * @param data options of the file system
 * @throws SyscallError EPERM, EBUSY, ENODEV (the kernel lacks that file system), ENOENT, EINVAL
 * @see mount(2)
 */
export function mount(
  source: string,
  target: string,
  type: string | null,
  flags = 0,
  data: string | null = null,
): void {
  call(
    'mount',
    libcMount,
    [source, target, type, flags, data],
    [source, target, type, Symbol(mountFlagNames(flags)), data],
  )
}

/**
 * Detaches a mount.
 * @param flags `int flags`: 0, MNT_DETACH (also while it is in use), MNT_FORCE, MNT_EXPIRE, UMOUNT_NOFOLLOW
 * @throws SyscallError EBUSY, EINVAL (no mount point), EPERM
 * @see umount2(2)
 */
export function umount2(target: string, flags = 0): void {
  call('umount2', libcUmount2, [target, flags])
}

/**
 * Changes where `/` is for the calling process. A process with CAP_SYS_CHROOT can escape from it again, but not from
 * {@link pivotRoot} once the old root is unmounted.
 * @throws SyscallError EPERM, ENOENT, ENOTDIR
 * @see chroot(2)
 */
export function chroot(path: string): void {
  call('chroot', libcChroot, [path])
}

/**
 * Makes another mount the root of the calling process's mount namespace.
 * @param newRoot a mount point, not on the present root's mount
 * @param putOld where the old root is attached, at or below `newRoot`
 * @throws SyscallError EINVAL, EBUSY, EPERM
 * @see pivot_root(2)
 */
export function pivotRoot(newRoot: string, putOld: string): void {
  if (SYS_pivot_root === undefined) throw new CannotRun(`pivot_root(2) has no known number on ${process.arch}`)
  call('pivot_root', libcPivotRoot, [SYS_pivot_root, newRoot, putOld], [newRoot, putOld])
}

/** One line of /proc/PID/mountinfo. */
export interface Mount {
  readonly id: number
  readonly parent: number
  /** The file system, `0:52`, as the major and minor number that stat(2) has for its files. */
  readonly device: string
  /** The directory of the file system that is attached. */
  readonly root: string
  readonly target: string
  /** Options of this mount, such as `ro` and `noexec`. */
  readonly attributes: readonly string[]
  /** Whether its propagation is shared: mounts made below it appear in the other mounts of its peer group, too. */
  readonly isShared: boolean
  /** The number of that peer group. */
  readonly peers: number | undefined
  /** The peer group of which it is a slave: mounts made there appear below it, and not the other way round. */
  readonly master: number | undefined
  readonly type: string
  readonly source: string
  /** Options of the file system. */
  readonly options: string
}

const decode = (word = '') =>
  word.includes('\\') ? word.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))) : word

function parseMount(line: string): Mount {
  const [before = '', after = ''] = line.split(' - ')
  const [id, parent, device = '', root, target, attributes = '', ...tags] = before.split(' ')
  const [type = '', source, options = ''] = after.split(' ')
  const tagged = (name: string) => tags.find(tag => tag.startsWith(`${name}:`))?.slice(name.length + 1)
  const [peers, master] = [tagged('shared'), tagged('master')]
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: decode(root),
    target: decode(target),
    attributes: attributes.split(','),
    isShared: peers !== undefined,
    peers: peers === undefined ? undefined : Number(peers),
    master: master === undefined ? undefined : Number(master),
    type,
    source: decode(source),
    options,
  }
}

/** How many texts are remembered: as many as there are mount namespaces that are looked at in turn. */
const REMEMBERED = 8
/**
 * The texts that were parsed last, and what they say. The same mounts are read again and again, and a text always says
 * the same: what is remembered by it cannot be out of date.
 */
const known = new Map<string, readonly Mount[]>()

/** The mounts in the text of a mountinfo file. @see proc_pid_mountinfo(5) */
export function parseMounts(text: string): readonly Mount[] {
  const found = known.get(text) ?? text.split('\n').filter(Boolean).map(parseMount)
  // Behind all others: whoever has not been asked for longest goes first.
  known.delete(text)
  known.set(text, found)
  for (const oldest of known.keys()) if (known.size > REMEMBERED) known.delete(oldest)
  return found
}

/** The mounts that a process sees. @see proc_pid_mountinfo(5) */
export const mounts = (pid: number | 'self' = 'self'): readonly Mount[] => parseMounts(readProc(pid, 'mountinfo') ?? '')

/** Whether something is mounted at a path, as the calling process sees it. @param path in which links are not followed */
export const isMountPoint = (path: string): boolean => mounts().some(({ target }) => target === resolve(path))
