/**
 * Device nodes of a root file system: made where that is allowed, else bind-mounted from the machine.
 */
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../errors.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { resolveInside } from '../trace/inside.ts'
import { MS_BIND, mount } from './mount.ts'

// Older C libraries export no mknod; the system call is there on all.
const libcMknodat = libcFunction(
  'long syscall(long number, int directory, const char *path, unsigned int mode, unsigned int device)',
)
/** The number of mknodat(2) by architecture, `<asm/unistd.h>`. */
export const SYS_mknodat = { x64: 259, arm64: 33 }[process.arch as 'x64' | 'arm64']
const AT_FDCWD = -100
/** The type of a block device in a mode, `<sys/stat.h>`. */
export const S_IFBLK = 0o060000

/**
 * Makes a device node in the file system the calling process sees.
 * @param path `const char *pathname`
 * @param mode `mode_t mode`: S_IFCHR and permissions, of which the umask takes some away
 * @param device `dev_t dev`, as `rdev` of lstat has it; {@link deviceNumber}
 * @throws SyscallError EPERM (needs CAP_MKNOD on the machine itself, not in a user namespace), EEXIST, ENOENT
 * @see mknod(2)
 */
export function mknod(path: string, mode: number, device: number): void {
  if (SYS_mknodat === undefined) throw new CannotRun(`mknodat(2) has no known number on ${process.arch}`)
  call(
    'mknod',
    libcMknodat,
    [SYS_mknodat, AT_FDCWD, path, mode, device],
    [path, Symbol(`0${mode.toString(8)}`), device],
  )
}

/** A character device that every program may expect in `/dev`. */
export interface Device {
  readonly name: string
  readonly major: number
  readonly minor: number
  /** Its permissions. */
  readonly mode: number
}

/** The devices of a root file system. Numbers: Linux's devices.txt. */
export const DEVICES: readonly Device[] = [
  { name: 'null', major: 1, minor: 3, mode: 0o666 },
  { name: 'zero', major: 1, minor: 5, mode: 0o666 },
  { name: 'full', major: 1, minor: 7, mode: 0o666 },
  { name: 'random', major: 1, minor: 8, mode: 0o666 },
  { name: 'urandom', major: 1, minor: 9, mode: 0o666 },
  { name: 'tty', major: 5, minor: 0, mode: 0o666 },
]

/** A device's number as `dev_t`, for numbers below 256. @see makedev(3) */
export function deviceNumber({ major, minor }: Device): number {
  return (major << 8) | minor
}

/** Whether `path` is that device, and its file system lets it be opened (with nodev, EACCES). */
function isUsable(path: string, device: Device): boolean {
  const stat = lstatSync(path)
  if (!stat.isCharacterDevice() || stat.rdev !== deviceNumber(device)) return false
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    // /dev/tty of a process without a terminal: ENXIO.
    return !['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** The place of `/dev/NAME` inside, for a node to be bound on; made as an empty file where there is none. */
function placeFor(root: string, dev: string, { name }: Device): string {
  const place = resolveInside(root, `/dev/${name}`)
  if (place) return place
  const path = join(dev, name)
  // A dangling link may be in the way.
  rmSync(path, { force: true })
  writeFileSync(path, '', { flag: 'wx' })
  return path
}

/**
 * Lends a root file system the machine's devices: for each of {@link DEVICES} that is missing in its `/dev`, is
 * something else, or cannot be opened there, an empty file with the machine's node bound on it. Also makes `/dev/pts`
 * and `/dev/ptmx` where they are missing, for a terminal of its own. No link is followed out of the tree.
 * The mounts are those of the calling process's mount namespace: it should have one of its own.
 * @param root a directory, before chroot(2)
 * @throws SyscallError EPERM (no CAP_SYS_ADMIN); CannotRun when its `/dev` cannot be written or the machine lacks one
 */
export function bindDevices(root: string): void {
  const dev = resolveInside(root, '/dev')
  if (!dev) throw new CannotRun(`${root} has no /dev\nhint: npm run rootfs makes a root file system that has one`)
  try {
    if (!resolveInside(root, '/dev/pts')) mkdirSync(join(dev, 'pts'))
    if (!lstatSync(join(dev, 'ptmx'), { throwIfNoEntry: false })) symlinkSync('pts/ptmx', join(dev, 'ptmx'))
    for (const device of DEVICES) {
      const place = placeFor(root, dev, device)
      if (!isUsable(place, device)) mount(`/dev/${device.name}`, place, null, MS_BIND)
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (!path) throw error
    throw new CannotRun(`${path} cannot be made (${code})\nhint: the lab has to write to the tree's /dev, once`)
  }
}
