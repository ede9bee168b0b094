/**
 * Looking at this machine. Nothing is changed: what has to be tried is tried in a child and goes with it.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { engineHere, INITIAL_PID_NAMESPACE } from '../../../lib/machine/container.ts'
import { distribution, findProgram } from '../../../lib/machine/packages.mjs'
import { ROOT } from '../../../lib/machine/root.ts'
import { knowsFewUsers } from '../../../lib/machine/self.ts'
import { mounts } from '../../../lib/mount/mount.ts'
import { rootfsPath } from '../../../lib/mount/rootfs.ts'
import { namespaces } from '../../../lib/namespaces.ts'
import { refusedSockets } from '../../../lib/net/raw-socket.ts'
import { whyUnanswered } from '../../../lib/net/unanswered.ts'
import { isPrivileged } from '../../../lib/rights/privileges.ts'
import { whyNoComparison } from '../../../lib/trace/kcmp.ts'
import { statusField } from '../../../lib/trace/proc.ts'
import { lacksOfJudge } from '../../judge/needs.ts'
import { NOBODY, ordinaryUser } from './attempt.ts'
import { withRoot } from './by-sudo.ts'
import type { Facts } from './facts.ts'
import { observeGroups } from './groups.ts'
import { observeKernel } from './kernel.ts'
import { observeNamespaces } from './namespaces.ts'
import { toolFaults } from './programs.mjs'

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** A setting of the kernel; `undefined` where it has none of that name. */
const setting = (path: string) => (existsSync(path) ? Number(read(path)) : undefined)

const LIMITS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'].map(kind => `max_${kind}_namespaces`)

/** Groups whose members may usually become root. */
const ADMINISTRATORS = ['sudo', 'wheel', 'admin', 'root']

function groupNames(): string[] {
  const ids = [process.getgid?.(), ...(process.getgroups?.() ?? [])].map(String)
  const lines = read('/etc/group')
    .split('\n')
    .map(line => line.split(':'))
  return lines.filter(([, , id = '']) => ids.includes(id)).map(([name = '']) => name)
}

/** The name of a user by number, from /etc/passwd alone. */
function nameOf(uid: number): string {
  const line = read('/etc/passwd')
    .split('\n')
    .find(each => each.split(':')[2] === String(uid))
  return line?.split(':')[0] ?? `user ${uid}`
}

/**
 * Recognises a container by the files of its engine, together with a PID namespace: images of virtual machines may have
 * the same files, but are in the initial PID namespace. WSL 2 has a PID namespace for each distribution.
 */
function container(): Facts['container'] {
  if (namespaces().pid === INITIAL_PID_NAMESPACE) return undefined
  const engine = engineHere()
  if (engine) return engine
  const named = read('/run/systemd/container') || /(?:^|\0)container=([^\0]+)/.exec(read('/proc/1/environ'))?.[1]
  if (named) return named
  const known = /\b(docker|kubepods|libpod|lxc|containerd)\b/.exec(read('/proc/1/cgroup'))?.[1]
  return known ?? (wslVersion() ? undefined : 'of an unknown kind')
}

/** @see https://learn.microsoft.com/windows/wsl */
function wslVersion(): Facts['wsl'] {
  if (!/microsoft/i.test(release())) return undefined
  return /WSL2|microsoft-standard/.test(release()) ? 2 : 1
}

function kvm(): Facts['kvm'] {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return 'usable'
  } catch {
    return existsSync('/dev/kvm') ? 'forbidden' : 'absent'
  }
}

/** Whether programs in a folder may be run, by the mount it is on: the last one over it whose target is above it. */
function isNoexec(folder: string): boolean {
  const above = mounts().filter(({ target }) => target === '/' || folder === target || folder.startsWith(`${target}/`))
  const longest = Math.max(...above.map(({ target }) => target.length))
  return above.findLast(({ target }) => target.length === longest)?.attributes.includes('noexec') ?? false
}

function observeUser(): Pick<Facts, 'user' | 'ordinary' | 'isConfined' | 'become'> {
  const uid = process.getuid?.() ?? 0
  const groups = groupNames().filter(name => ADMINISTRATORS.includes(name))
  return {
    user: { uid, name: nameOf(uid), groups, isPrivileged: isPrivileged(), isMapped: knowsFewUsers() },
    ordinary: [0, NOBODY].includes(ordinaryUser().uid) ? undefined : nameOf(ordinaryUser().uid),
    isConfined: statusField('self', 'NoNewPrivs') === '1',
    become: (['sudo', 'doas'] as const).find(findProgram),
  }
}

function rootfs(): string | undefined {
  try {
    return existsSync(rootfsPath()) ? rootfsPath() : undefined
  } catch {
    // A user without a name and without HOME has no cache either.
    return undefined
  }
}

/** Looks at everything, as root as well where that needs no password. */
export const observe = (): Facts => withRoot(observeAlone())

/** Looks at everything as the user who asks. */
export function observeAlone(): Facts {
  const all = mounts()
  const enforce = setting('/sys/fs/selinux/enforce')
  return {
    distribution: distribution(),
    kernel: release(),
    arch: process.arch,
    node: process.versions.node,
    ...observeUser(),
    tools: toolFaults(),
    rootfs: rootfs(),
    kvm: kvm(),
    container: container(),
    wsl: wslVersion(),
    isFiltered: statusField('self', 'Seccomp') === '2',
    mask: all.find(({ target }) => target.startsWith('/proc/') && target !== '/proc/sys/fs/binfmt_misc')?.target,
    selinux: enforce === undefined ? 'absent' : enforce === 1 ? 'enforcing' : 'permissive',
    exhausted: LIMITS.filter(name => setting(`/proc/sys/user/${name}`) === 0).map(name => `user.${name}`),
    ptraceScope: setting('/proc/sys/kernel/yama/ptrace_scope'),
    kcmp: whyNoComparison()?.seen,
    judging: lacksOfJudge().filter(({ what }) => !what.startsWith('kcmp')),
    unanswered: whyUnanswered(),
    rawSockets: isPrivileged() ? refusedSockets() : undefined,
    isRootShared: all.findLast(({ target }) => target === '/')?.isShared ?? false,
    noexec: [ROOT, tmpdir()].filter(isNoexec),
    ...observeNamespaces(),
    ...observeKernel(),
    cgroups: observeGroups(),
  }
}
