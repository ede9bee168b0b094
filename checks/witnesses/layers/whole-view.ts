/**
 * All mounts of a mount namespace, from its top: a process whose root is somewhere below sees only a part of them in its
 * own mountinfo. Whoever enters the namespace begins at its top.
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { fchdir } from '../../../lib/machine/descriptors.ts'
import { chroot, type Mount, parseMounts } from '../../../lib/mount/mount.ts'
import { NAMESPACES, setns } from '../../../lib/namespaces.ts'

const open = (path: string, flags = 0) => openSync(path, constants.O_RDONLY | flags)

/**
 * Reads the text of the mountinfo file from inside. The judge has one thread, and may therefore go and come back; what it
 * was in, and its root and directory, it holds open meanwhile.
 */
function readInside(namespace: number): string {
  const own = open('/proc/self', constants.O_DIRECTORY)
  const [home, root, directory] = [
    open('/proc/self/ns/mnt'),
    open('/', constants.O_DIRECTORY),
    open('.', constants.O_DIRECTORY),
  ]
  try {
    setns(namespace, NAMESPACES.mnt)
    // There its /proc may be missing, or that of others; by the directory that is open it reads its own.
    fchdir(own)
    return readFileSync('mountinfo', 'utf8')
  } finally {
    setns(home, NAMESPACES.mnt)
    fchdir(root)
    chroot('.')
    fchdir(directory)
    for (const fd of [own, home, root, directory]) closeSync(fd)
  }
}

/**
 * The mounts of the mount namespace that a thread is in, in the order in which they hang on one another.
 * @throws Error ENOENT if the thread is gone
 */
export function wholeView(tid: number): readonly Mount[] {
  const namespace = open(`/proc/${tid}/ns/mnt`)
  try {
    return parseMounts(readInside(namespace))
  } finally {
    closeSync(namespace)
  }
}
