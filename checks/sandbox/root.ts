/**
 * The root directory of a sandbox: it reads like the machine's, and what is written to it is lost with the sandbox.
 */
import { existsSync, lchownSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as M from '../../lib/mount/mount.ts'
import { confine } from './confinement.ts'
import { copyRootfs } from './copy-rootfs.ts'
import { makeReadOnly, planLayers, type RootPlan, STAGE } from './layers.ts'
import { planPieces } from './pieces.ts'

/** How much may be written in there, all of it in memory. */
const SPACE = 'size=256m,nr_inodes=100k'
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kmsg']
const DEVICE_LINKS = {
  ptmx: 'pts/ptmx',
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}
function mountDevices(dev: string, root: number): void {
  M.mount('dev', dev, 'tmpfs', M.MS_NOSUID, `mode=755,size=1m,uid=${root},gid=${root}`)
  for (const name of DEVICES.filter(device => existsSync(join('/dev', device)))) {
    writeFileSync(join(dev, name), '')
    const place = join(dev, name)
    M.mount(join('/dev', name), place, null, M.MS_BIND)
    // A program can still write to the device. But the node is the machine's: its owner and permissions must not
    // change.
    makeReadOnly(place, M.MS_RDONLY | M.MS_NOSUID)
  }
  for (const name of ['pts', 'shm']) mkdirSync(join(dev, name))
  for (const [name, target] of Object.entries(DEVICE_LINKS)) symlinkSync(target, join(dev, name))
  M.mount('devpts', join(dev, 'pts'), 'devpts', 0, 'newinstance,ptmxmode=0666')
  M.mount('shm', join(dev, 'shm'), 'tmpfs', M.MS_NODEV, 'mode=1777,size=64m')
}

/** Gives a tree to a user. */
function giveTree(path: string, user: number): void {
  lchownSync(path, user, user)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) giveTree(join(path, name), user)
}

/** The directory the program starts in: with a root file system, if it needs one, on a file system of its own. */
function makeDirectory(directory: string, rootfs: string | undefined, root: number): void {
  mkdirSync(directory, { mode: 0o700 })
  if (rootfs !== undefined) {
    // A mount without nodev, because the device nodes in the root file system have to work.
    M.mount('program', directory, 'tmpfs', 0, 'mode=755,size=64m')
    copyRootfs(rootfs, join(directory, 'fs'))
  }
  giveTree(directory, root)
}

/**
 * Puts the root directory together and makes it that of the calling process's mount namespace, which is private. The
 * caller is root on the machine, or in the user namespace around the sandbox. It is in the network, PID and cgroup
 * namespaces that /sys, /proc and the control groups are to show.
 * @throws SyscallError where the kernel lacks what it takes
 */
export function enterPrivateRoot(plan: RootPlan): void {
  const root = join(STAGE, 'root')
  const lay = plan.users.isSingle ? planPieces(root) : planLayers(root)
  M.mount('stage', STAGE, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, SPACE)
  mkdirSync(root)
  lay(plan)
  const owner = plan.users.outside(0)
  if (plan.confinement) {
    confine(root, plan.confinement, owner)
    for (const { to } of plan.confinement.shown) giveTree(join(root, to), owner)
  }
  mountDevices(join(root, 'dev'), owner)
  M.mount('proc', join(root, 'proc'), 'proc')
  M.mount('sysfs', join(root, 'sys'), 'sysfs', M.MS_RDONLY)
  plan.groups.mountBelow(root)
  process.chdir(root)
  M.pivotRoot('.', '.')
  M.umount2('.', M.MNT_DETACH)
  process.chdir('/')
  makeDirectory(plan.directory, plan.rootfs, owner)
}
