/**
 * Calls that root of a machine may make and root of a user namespace may not, although they do no harm: mounting the
 * /proc of one's own PID namespace where no other is left, and making nodes such as /dev/null. The judge makes them on
 * behalf of its programs, so that they behave in the sandbox as they would with sudo.
 */
import { closeSync, constants, lchownSync, openSync } from 'node:fs'
import { fork } from '../../lib/clone.ts'
import { closeOthers, dup2, fchdir } from '../../lib/machine/descriptors.ts'
import { attachMount, makeMount } from '../../lib/mount/detached.ts'
import {
  chroot,
  MS_BIND,
  MS_MOVE,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REMOUNT,
} from '../../lib/mount/mount.ts'
import { DEVICES, deviceNumber, mknod } from '../../lib/mount/rootfs.ts'
import { NAMESPACES, type NamespaceKind, namespaceInode, setns } from '../../lib/namespaces.ts'
import { waitpid } from '../../lib/process.ts'
import { realUser, statusField } from '../../lib/trace/proc.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import { readCString } from '../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../lib/trace/seccomp.ts'

const EPERM = -1
const CAP_SYS_ADMIN = 21n
const CAP_MKNOD = 27n
/** Each of these shows no more than the namespaces of the process that mounts it. */
const LENT_TYPES = ['proc', 'sysfs']
const KEPT_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
/** With one of these flags mount(2) ignores the type. */
const OTHER_MEANING = MS_BIND | MS_MOVE | MS_REMOUNT
const S_IFMT = 0o170000
const S_IFCHR = 0o020000
const AT_FDCWD = -100
const LONGEST_PATH = 4096

const hasCapability = (pid: number, bit: bigint) =>
  ((BigInt(`0x${statusField(pid, 'CapEff') || '0'}`) >> bit) & 1n) === 1n

/** The root and the directory of a process, as descriptors: they stay valid after a change of mount namespace. */
function placesOf(tid: number, directory: number) {
  const open = (path: string) => openSync(`/proc/${tid}/${path}`, constants.O_RDONLY | constants.O_DIRECTORY)
  return { root: open('root'), directory: open(directory === AT_FDCWD ? 'cwd' : `fd/${directory}`) }
}

function enter(tid: number, kinds: readonly NamespaceKind[]): void {
  const fds = kinds.map(kind => [openSync(`/proc/${tid}/ns/${kind}`, 'r'), kind] as const)
  for (const [fd, kind] of fds) {
    setns(fd, NAMESPACES[kind])
    closeSync(fd)
  }
}

/**
 * Does something as root of the machine in the mount namespace, root and directory of a process.
 * @param kinds further namespaces of that process that are joined before `prepare`; in its PID namespace it uses up a
 *   PID
 * @returns whether it succeeded
 */
function inPlaceOf(
  tid: number,
  directory: number,
  kinds: readonly NamespaceKind[],
  prepare: () => number,
  act: (prepared: number) => void,
): boolean {
  // In a child, and in a child of that one, because setns(2) to a PID namespace affects only children.
  const helper = fork(() => {
    // An error is not printed: the program then gets the kernel's own answer.
    dup2(openSync('/dev/null', 'w'), 2)
    const places = placesOf(tid, directory)
    const mnt = openSync(`/proc/${tid}/ns/mnt`, 'r')
    enter(tid, kinds)
    const inner = fork(() => {
      const prepared = prepare()
      // The program chose the path, and one such as /proc/self/fd/30 would lead to a descriptor of ours.
      closeOthers([places.root, places.directory, mnt, prepared])
      setns(mnt, NAMESPACES.mnt)
      fchdir(places.root)
      chroot('.')
      fchdir(places.directory)
      act(prepared)
    })
    return waitpid(inner).code ?? 1
  })
  return waitpid(helper).code === 0
}

/** Makes calls for the programs of one sandbox that root of a user namespace is refused. */
export class CallEmulator {
  readonly #init: number

  constructor(init: number) {
    this.#init = init
  }

  /** A thread is about to make one of these calls. @returns a listener that makes it instead if the kernel refuses */
  call(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    const lend = this.#offer(name, args, tid)
    return lend && (result => (result === EPERM && this.#isRoot(tid) && lend() ? 0 : undefined))
  }

  /** Whether a thread is in the sandbox's own user namespace, and not in one below. */
  #isRoot(tid: number): boolean {
    return namespaceInode(tid, 'user') === namespaceInode(this.#init, 'user')
  }

  #offer(name: StoppedCall, args: readonly bigint[], tid: number): (() => boolean) | undefined {
    try {
      return name === 'mount' ? this.#mount(args, tid) : this.#node(name, args, tid)
    } catch {
      // The pointer is invalid, or the process was killed while it was stopped.
      return undefined
    }
  }

  #mount([, target = 0n, type = 0n, flags = 0n, data = 0n]: readonly bigint[], tid: number) {
    const wanted = readCString(tid, type, 32)
    if (!LENT_TYPES.includes(wanted) || (Number(flags) & OTHER_MEANING) !== 0) return undefined
    if (readCString(tid, data, 1) !== '') return undefined
    const path = readCString(tid, target, LONGEST_PATH)
    return () =>
      hasCapability(tid, CAP_SYS_ADMIN) &&
      inPlaceOf(
        tid,
        AT_FDCWD,
        ['net', 'pid'],
        () => makeMount(wanted, Number(flags) & KEPT_FLAGS),
        mount => attachMount(mount, path),
      )
  }

  #node(name: StoppedCall, args: readonly bigint[], tid: number) {
    const [directory, address = 0n, mode = 0n, device = 0n] =
      name === 'mknod' ? [BigInt(AT_FDCWD), ...args] : [BigInt.asIntN(32, args[0] ?? 0n), ...args.slice(1)]
    const isHarmless = DEVICES.some(one => BigInt(deviceNumber(one)) === device)
    if ((Number(mode) & S_IFMT) !== S_IFCHR || !isHarmless) return undefined
    const path = readCString(tid, address, LONGEST_PATH)
    const root = realUser(this.#init) ?? 0
    const act = () => {
      mknod(path, Number(mode), Number(device))
      lchownSync(path, root, root)
    }
    return () => hasCapability(tid, CAP_MKNOD) && inPlaceOf(tid, Number(directory), [], () => 0, act)
  }
}
