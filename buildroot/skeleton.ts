/**
 * What every root file system has: directories, a few files of /etc, and devices where they may be made.
 */
import { chmodSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SyscallError } from '../lib/errors.ts'
import { DEVICES, deviceNumber, mknod } from '../lib/mount/rootfs.ts'
import { copyAsOwn } from './contents.ts'

/** The BR2_EXTERNAL tree. */
export const EXTERNAL = join(import.meta.dirname, 'external')

const DIRECTORIES = [
  'bin',
  'sbin',
  'usr/bin',
  'usr/sbin',
  'etc',
  'proc',
  'sys',
  'dev',
  'root',
  'run',
  'mnt',
  'var',
  'tmp',
]
/** The mode of /tmp: every user may make files there, and none may remove another's (the sticky bit). */
const SHARED = 0o1777

const ETC = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  group: 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1\tlocalhost\n',
}

/** What programs expect in /dev that is no device. The terminals are those of the instance mounted on /dev/pts. */
const DEV_LINKS = {
  ptmx: 'pts/ptmx',
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}

const CONSOLE = { name: 'console', major: 5, minor: 1, mode: 0o600 }

const NODES = [...DEVICES, CONSOLE]

/** Fills an empty directory of ours, all but `/dev`. */
export function laySkeleton(tree: string): void {
  for (const path of DIRECTORIES) mkdirSync(join(tree, path), { recursive: true })
  // mkdir(2) alone would apply the umask.
  chmodSync(join(tree, 'tmp'), SHARED)
  for (const [name, text] of Object.entries(ETC)) writeFileSync(join(tree, 'etc', name), text)
  // The same file that Buildroot puts there.
  copyAsOwn(join(EXTERNAL, 'overlay/etc/profile'), join(tree, 'etc/profile'))
}

/**
 * Fills an empty `/dev`: directories and links, and the device nodes where they may be made.
 * @returns whether there are nodes: not for an ordinary user, nor for the root of a user namespace
 */
export function layDev(tree: string): boolean {
  const dev = join(tree, 'dev')
  for (const name of ['pts', 'shm']) mkdirSync(join(dev, name))
  chmodSync(join(dev, 'shm'), SHARED)
  for (const [name, target] of Object.entries(DEV_LINKS)) symlinkSync(target, join(dev, name))
  return makeNodes(dev)
}

function makeNodes(dev: string): boolean {
  try {
    for (const device of NODES) {
      const path = join(dev, device.name)
      mknod(path, constants.S_IFCHR | device.mode, deviceNumber(device))
      chmodSync(path, device.mode)
    }
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EPERM') return false
    throw error
  }
}
