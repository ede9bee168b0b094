/**
 * A place for things that go with the process: a file system in memory, which nobody else sees.
 */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CannotRun, Unexpected } from '../errors.ts'
import { CLONE_NEWNS } from '../flags.ts'
import { unshare } from '../namespaces.ts'
import { MS_NODEV, MS_NOSUID, mount } from './mount.ts'
import { setPropagation } from './propagation.ts'

/** Directories that most machines have, and in which a machine itself keeps nothing: hier(7) has /mnt for such mounts. */
const PLACES = ['/mnt', '/media', '/srv', '/opt', '/var/empty', '/home']

/** Whether a directory is there and empty. */
function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0
  } catch {
    return false
  }
}

/** A path without links on the way to it, also of something that is not there yet. */
function real(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path))
  } catch {
    return path
  }
}

/**
 * Moves the calling process into a mount namespace of its own, in which nothing is passed on to anybody, and mounts a file
 * system in memory there. Whatever ends the process ends both.
 * @param size how much goes into it, as the option of tmpfs says it: `256m`
 * @param kept paths that shall lead where they lead now: it does not lie over them. `undefined` stands for no path
 * @returns its directory: one that the machine has and does not use
 * @throws SyscallError EPERM; CannotRun where no directory is empty
 * @see tmpfs(5), mount_namespaces(7)
 */
export function makeStage(size: string, kept: readonly (string | undefined)[] = []): string {
  const own = kept.filter(path => path !== undefined).map(real)
  const hides = (place: string) => own.some(path => path.startsWith(`${real(place)}/`))
  const place = PLACES.find(one => isEmpty(one) && !hides(one))
  if (place === undefined)
    throw new CannotRun(
      `none of ${PLACES.join(', ')} is an empty directory, on which something can be mounted\nhint: sudo mkdir /mnt`,
    )
  unshare(CLONE_NEWNS)
  setPropagation('/', 'private', { recursive: true })
  mount('stage', place, 'tmpfs', MS_NOSUID | MS_NODEV, `mode=755,size=${size}`)
  return place
}

/**
 * Makes sure that the root of the calling process is that of a certain file system, before something is removed there.
 * @param device `dev` of stat(2) of its directory, from before the change of root
 * @throws Unexpected where the root is another one
 */
export function ensureRootIs(device: number): void {
  if (statSync('/').dev !== device)
    throw new Unexpected('the root was not exchanged: / is not that of the container, and nothing is done there')
}
