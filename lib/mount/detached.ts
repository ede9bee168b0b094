/**
 * Detached mounts, which are only descriptors until move_mount(2) attaches them: open_tree(2), mount_setattr(2),
 * fsopen(2), fsmount(2).
 */
import { closeSync, openSync } from 'node:fs'
import { call, libcFunction } from '../machine/libc.ts'
import { closeQuietly } from '../machine/poll.ts'

const libcOpenTree = libcFunction('long syscall(long number, int directory, const char *path, unsigned int flags)')
const libcMountSetattr = libcFunction(
  'long syscall(long number, int directory, const char *path, unsigned int flags, const uint8_t *attr, unsigned long size)',
)
const libcMoveMount = libcFunction(
  'long syscall(long number, int from, const char *fromPath, int to, const char *toPath, unsigned int flags)',
)
const libcFsopen = libcFunction('long syscall(long number, const char *type, unsigned int flags)')
const libcFsconfig = libcFunction(
  'long syscall(long number, int fs, unsigned int command, const char *key, const char *value, int aux)',
)
const libcFsmount = libcFunction('long syscall(long number, int fs, unsigned int flags, unsigned int attributes)')

/** These calls have the same number on every architecture. */
export const SYS_open_tree = 428
export const SYS_move_mount = 429
export const SYS_fsopen = 430
export const SYS_fsconfig = 431
export const SYS_fsmount = 432
export const SYS_mount_setattr = 442
/** `<linux/mount.h>` and `<fcntl.h>` */
export const OPEN_TREE_CLONE = 1
export const OPEN_TREE_CLOEXEC = 0o2000000
export const AT_EMPTY_PATH = 0x1000
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4
export const MOVE_MOUNT_T_SYMLINKS = 0x10
export const MOUNT_ATTR_IDMAP = 0x100000
export const AT_RECURSIVE = 0x8000
export const FSOPEN_CLOEXEC = 1
export const FSCONFIG_CMD_CREATE = 6
export const FSMOUNT_CLOEXEC = 1
const AT_FDCWD = -100
const ATTR_SIZE = 32

/** `struct mount_attr { __u64 attr_set; __u64 attr_clr; __u64 propagation; __u64 userns_fd; }`, `<linux/mount.h>`. */
function attributes(set: number, userNamespace = 0): Buffer {
  const attr = Buffer.alloc(ATTR_SIZE)
  attr.writeBigUInt64LE(BigInt(set), 0)
  attr.writeBigUInt64LE(BigInt(userNamespace), 24)
  return attr
}

/**
 * Restricts a mount and those below it, and leaves their other flags as they are: flags that were set outside the
 * caller's user namespace are locked, and a remount that did not repeat them would be refused.
 * @param flags MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC
 * @throws SyscallError ENOSYS (before Linux 5.12), EINVAL (no mount point), EPERM
 * @see mount_setattr(2)
 */
export function restrictMount(target: string, flags: number): void {
  // The four flags have the same values as attributes.
  const args = [SYS_mount_setattr, AT_FDCWD, target, AT_RECURSIVE, attributes(flags), ATTR_SIZE]
  call('mount_setattr', libcMountSetattr, args, [target, flags])
}

/**
 * Attaches a mount that is a descriptor, in the calling process's mount namespace.
 * @param target `const char *to_pathname`
 * @throws SyscallError ENOENT, ENOTDIR, EPERM
 * @see move_mount(2)
 */
export function attachMount(fd: number, target: string): void {
  const args = [SYS_move_mount, fd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS]
  call('move_mount', libcMoveMount, args, [fd, target, Symbol('MOVE_MOUNT_F_EMPTY_PATH')])
}

/**
 * Attaches one mount in a second place as an idmapped mount: there a file of user N belongs to the user that N stands
 * for in a user namespace.
 * @param source a directory; mounts below it do not come along
 * @param target `const char *target`
 * @param userNamespace a /proc/PID/ns/user whose maps have been written
 * @throws SyscallError ENOSYS (before Linux 5.12), EINVAL (a file system that cannot, such as overlay), EPERM
 * @see mount_setattr(2)
 */
export function mountIdmapped(source: string, target: string, userNamespace: string): void {
  const user = openSync(userNamespace, 'r')
  let tree = -1
  try {
    const clone = [SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC]
    tree = call('open_tree', libcOpenTree, clone, [source, Symbol('OPEN_TREE_CLONE')])
    const idmap = [SYS_mount_setattr, tree, '', AT_EMPTY_PATH, attributes(MOUNT_ATTR_IDMAP, user), ATTR_SIZE]
    call('mount_setattr', libcMountSetattr, idmap, [source, Symbol('MOUNT_ATTR_IDMAP')])
    attachMount(tree, target)
  } finally {
    closeSync(user)
    closeQuietly(tree)
  }
}

/**
 * Makes a mount of a file system without attaching it. Of proc and sysfs it is that of the calling process's PID or
 * network namespace.
 * @param type `const char *fsname`, `proc`
 * @param flags MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC
 * @returns a descriptor for {@link attachMount}
 * @throws SyscallError ENOSYS (before Linux 5.2), ENODEV, EPERM
 * @see fsopen(2), fsmount(2)
 */
export function makeMount(type: string, flags: number): number {
  const fs = call('fsopen', libcFsopen, [SYS_fsopen, type, FSOPEN_CLOEXEC], [type])
  try {
    call('fsconfig', libcFsconfig, [SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, null, null, 0], [type])
    // The four flags have the same values as attributes.
    return call('fsmount', libcFsmount, [SYS_fsmount, fs, FSMOUNT_CLOEXEC, flags], [type, flags])
  } finally {
    closeSync(fs)
  }
}
