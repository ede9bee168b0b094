/**
 * A copy of a root file system, links and harmless device nodes included.
 */
import {
  chmodSync,
  copyFileSync,
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { DEVICES, deviceNumber, mknod } from '../../lib/mount/rootfs.ts'

const PERMISSIONS = 0o7777

/** Whether a device may be copied. The console may not: it is the machine's, and a program must not write to it. */
const isHarmless = (device: number) => DEVICES.some(one => deviceNumber(one) === device)

/** Makes a device node. Without root on the machine there is none, and a lab binds the machine's node in its place. */
function makeNode(path: string, mode: number, device: number): void {
  try {
    mknod(path, mode, device)
    chmodSync(path, mode & PERMISSIONS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

function copyEntry(entry: Dirent, from: string, to: string): void {
  const { mode, rdev } = lstatSync(from)
  if (entry.isCharacterDevice() && !isHarmless(rdev)) return
  if (entry.isDirectory()) copyRootfs(from, to)
  else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to)
  else if (entry.isCharacterDevice()) makeNode(to, mode, rdev)
  else if (entry.isFile()) copyFileSync(from, to)
  if (entry.isFile()) chmodSync(to, mode & PERMISSIONS)
}

/** Copies a tree to a place where nothing is yet. Links are copied as links and never followed. */
export function copyRootfs(from: string, to: string): void {
  mkdirSync(to)
  chmodSync(to, lstatSync(from).mode & PERMISSIONS)
  for (const entry of readdirSync(from, { withFileTypes: true }))
    copyEntry(entry, join(from, entry.name), join(to, entry.name))
}
