/**
 * What an ordinary user may do in a user namespace of their own on this machine, and what forbids it where it is less
 * than usual.
 */
import { existsSync, readFileSync } from 'node:fs'
import { clone } from '../clone.ts'
import { SyscallError } from '../errors.ts'
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, SIGCHLD } from '../flags.ts'
import { makeGate } from '../gate.ts'
import { containerCommand } from '../machine/container.ts'
import { mount, mounts } from '../mount/mount.ts'
import { kill, waitpid } from '../process.ts'
import { statusField } from '../trace/proc.ts'
import { writeOwnIdMap } from './users.ts'

/** The result of trying to make a user namespace. */
export interface UserNamespaces {
  /** Whether root in there can make mounts, and with that all that the labs need. */
  readonly works: boolean
  /** Whether it can mount a /proc of its own, which lab 4 and every check need. */
  readonly mountsProc: boolean
  /** The call that failed, as an error prints it. */
  readonly seen?: string
  /** The switch that forbids it, and how it stands. */
  readonly cause?: string
  /** The command, or the setting, that allows it. */
  readonly remedy?: string
}

/** What the switches of a machine say. */
export interface Switches {
  /** Whether the kernel has user namespaces at all. */
  readonly isBuilt: boolean
  /** user.max_user_namespaces. */
  readonly most: number | undefined
  /** kernel.unprivileged_userns_clone, of Debian and Arch. */
  readonly debian: number | undefined
  /** kernel.apparmor_restrict_unprivileged_userns, of Ubuntu. */
  readonly appArmor: number | undefined
  /** Whether a seccomp filter is in force, as in most containers. */
  readonly isFiltered: boolean
  /** Whether the process lives in a chroot. */
  readonly isChrooted: boolean
  /** Whether SELinux enforces. */
  readonly isSelinux: boolean
  /** A mount that hides a part of /proc. */
  readonly mask: string | undefined
}

/** The exit codes of the probe: 0 if all of it works, else what does not. */
const [DONE, NO_MOUNT, NO_PROC] = [0, 1, 2]

function read(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Reads the switches of this machine. */
export function readSwitches(): Switches {
  const all = mounts()
  return {
    isBuilt: existsSync('/proc/self/ns/user'),
    most: read('/proc/sys/user/max_user_namespaces'),
    debian: read('/proc/sys/kernel/unprivileged_userns_clone'),
    appArmor: read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    isFiltered: statusField('self', 'Seccomp') === '2',
    isChrooted: !all.some(({ target }) => target === '/'),
    isSelinux: read('/sys/fs/selinux/enforce') === 1,
    mask: all.find(({ target }) => target.startsWith('/proc/') && target !== '/proc/sys/fs/binfmt_misc')?.target,
  }
}

interface Diagnosis {
  readonly cause: string
  readonly remedy?: string
}

/** Which switch forbids user namespaces; `undefined` where none that is known does. */
export function whatForbids(switches: Switches): Diagnosis | undefined {
  const { isBuilt, most, debian, appArmor, isFiltered, isChrooted, isSelinux } = switches
  if (!isBuilt) return { cause: 'this kernel is built without user namespaces (CONFIG_USER_NS)' }
  if (most === 0)
    return { cause: 'user.max_user_namespaces is 0', remedy: 'sudo sysctl user.max_user_namespaces=15000' }
  if (debian === 0)
    return { cause: 'kernel.unprivileged_userns_clone is 0', remedy: 'sudo sysctl kernel.unprivileged_userns_clone=1' }
  if (appArmor === 1)
    return {
      cause: 'kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor takes root in there its powers',
      remedy: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    }
  if (isFiltered)
    return { cause: "a seccomp filter, most likely a container's, refuses it", remedy: containerCommand() }
  if (isChrooted)
    return { cause: 'in a chroot the kernel refuses it', remedy: 'leave the chroot, or enter it with pivot_root' }
  if (isSelinux) return { cause: 'SELinux may refuse it', remedy: 'sudo ausearch -m avc -ts recent' }
  return undefined
}

function whatHidesProc({ mask }: Switches): Diagnosis {
  if (mask === undefined) return { cause: 'no whole /proc is mounted here' }
  return {
    cause: `${mask} is covered by a mount, as in most containers, and so no other /proc may show it`,
    remedy: containerCommand(),
  }
}

const NEITHER = { works: false, mountsProc: false }
const stripped = () => ({
  cause: 'this root has no CAP_SETFCAP, as in some containers, and so it may be root nowhere else',
  remedy: containerCommand().replace(' --rm', ' --rm --cap-add=SETFCAP'),
})

/** Tries what root in a user namespace has to be able to do, in a child that is gone afterwards. */
function tryMounts(): number {
  const hasUsers = makeGate()
  const pid = clone(
    () => {
      hasUsers.wait()
      try {
        // On /, where it covers nothing: paths still lead to the old root, and the mount on /proc below finds its
        // place.
        mount('probe', '/', 'tmpfs')
      } catch {
        return NO_MOUNT
      }
      try {
        mount('probe', '/proc', 'proc')
      } catch {
        return NO_PROC
      }
      return DONE
    },
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD,
  )
  try {
    writeOwnIdMap(pid)
  } catch (error) {
    kill(pid, 'SIGKILL')
    waitpid(pid)
    throw error
  }
  hasUsers.open()
  return waitpid(pid).code ?? NO_MOUNT
}

/**
 * Tries whether the calling process, as an ordinary user, can have a user namespace in which root can work. It tries a
 * mount, because some systems allow the namespace but strip root in it of its capabilities.
 * @see user_namespaces(7)
 */
export function probeUserNamespaces(): UserNamespaces {
  try {
    const result = tryMounts()
    if (result === DONE) return { works: true, mountsProc: true }
    if (result === NO_PROC)
      return { works: true, mountsProc: false, seen: 'mount("proc") in it: EPERM', ...whatHidesProc(readSwitches()) }
    return { works: false, mountsProc: false, seen: 'mount("tmpfs") in it: EPERM', ...whatForbids(readSwitches()) }
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException
    if (error instanceof SyscallError)
      return { ...NEITHER, seen: `${syscall}(CLONE_NEWUSER): ${code}`, ...whatForbids(readSwitches()) }
    // Since Linux 5.12 a root without CAP_SETFCAP, as in some containers, may not map user 0 into a user namespace.
    if (code === 'EPERM' && process.geteuid?.() === 0)
      return { ...NEITHER, seen: `${syscall}(uid_map): EPERM`, ...stripped() }
    throw error
  }
}
