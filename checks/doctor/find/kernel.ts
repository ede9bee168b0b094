/**
 * Findings about the kernel and the place it runs in.
 */
import { FLOOR, kernelIsAtLeast } from '../../../lib/machine/kernel-version.ts'
import { OVERLAY_LACKS } from '../../../lib/mount/overlay.ts'
import type { Facts } from '../observe/facts.ts'
import { type Diagnosis, finding } from './finding.ts'
import { asRoot, betterContainer } from './remedies.ts'

/** What came with a kernel, and what a check loses without it; the oldest comes first. */
const SINCE = [
  [5, 12, 'in a check the files of the machine belong to nobody (no idmapped mounts)'],
  [5, 19, 'in a check the files of the machine belong to nobody, and v2 does not tell the peak of a group'],
] as const

function kernel(facts: Facts) {
  const title = 'Linux'
  const lacking = SINCE.find(([major, minor]) => !kernelIsAtLeast(major, minor, facts.kernel))
  if (!lacking) return finding('kernel', title, 'good', facts.kernel)
  const [major, minor, loss] = lacking
  const cause = `before ${major}.${minor} ${loss}`
  return finding('kernel', title, 'limited', facts.kernel, { cause, remedy: newerKernel(facts) })
}

function oldKernel(facts: Facts) {
  const title = `Linux ${FLOOR.join('.')}`
  if (kernelIsAtLeast(...FLOOR, facts.kernel)) return finding('old-kernel', title, 'good', 'or later')
  const cause = 'labs and checks have not been seen on an older kernel, and do not start'
  return finding('old-kernel', title, 'missing', facts.kernel, { cause, remedy: newerKernel(facts) })
}

function newerKernel({ wsl, container, distribution }: Facts): string {
  if (wsl) return 'wsl --update, in Windows'
  if (container) return 'a newer kernel on the host of this container'
  return `a newer release of ${distribution.name}, or npm run vm`
}

function wsl({ wsl, cgroups }: Facts) {
  const title = 'Windows Subsystem for Linux'
  if (!wsl) return finding('wsl', title, 'good', 'no')
  if (wsl === 1) {
    const cause = 'version 1 imitates Linux, and has neither namespaces nor groups'
    return finding('wsl', title, 'missing', 'version 1', {
      cause,
      remedy: 'wsl --set-version DISTRIBUTION 2, in Windows',
    })
  }
  if (cgroups.layout === 'v2') return finding('wsl', title, 'good', 'version 2')
  return finding('wsl', title, 'good', 'version 2, with v1 groups', {
    cause: 'distributions of today expect v2 alone',
    remedy: 'under [wsl2] in %UserProfile%\\.wslconfig: kernelCommandLine = cgroup_no_v1=all; then wsl --shutdown',
  })
}

function container(facts: Facts) {
  const title = 'a container around this'
  if (!facts.container) return finding('container', title, 'good', 'no')
  const { user, isFiltered, mask, cgroups } = facts
  const withheld = [
    ...(user.uid === 0 && !user.isPrivileged ? ['capabilities'] : []),
    ...(isFiltered ? ['system calls (seccomp)'] : []),
    ...(mask ? [`parts of /proc (${mask})`] : []),
    ...(cgroups.memory.obstacle || cgroups.freezer.obstacle ? ['control groups'] : []),
  ]
  if (withheld.length === 0) return finding('container', title, 'good', `${facts.container}, which withholds nothing`)
  const cause = `it withholds ${withheld.join(', ')}`
  return finding('container', title, 'limited', facts.container, { cause, remedy: betterContainer(facts) })
}

/** A driver or file system, and what trying it gave. */
function presence(facts: Facts, id: 'veth' | 'overlay', title: string, missing: 'missing' | 'limited', loss: string) {
  const failed = facts.tried[id]
  if (failed) return finding(id, title, missing, failed, { cause: loss, ...(facts.container && remedyOf(facts, id)) })
  const state = facts[id]
  if (state === 'there') return finding(id, title, 'good', 'the kernel has it')
  if (state === 'loadable') return finding(id, title, 'good', 'a module, which is loaded when it is first needed')
  if (state === 'unknown') return finding(id, title, 'unknown', 'the list of modules is not here', { cause: loss })
  return finding(id, title, missing, 'neither built in nor a module', { cause: loss, ...remedyOf(facts, id) })
}

/** An overlay as lab 8 mounts it, in the words of that lab. */
function layers(facts: Facts, who: 'root' | 'user') {
  const id = who === 'root' ? 'root-overlay' : 'own-overlay'
  const title = who === 'root' ? 'overlay, for root' : 'overlay in a user namespace'
  const { overlay: state, noOverlay } = facts
  const lack = noOverlay[who]
  if (lack) return finding(id, title, 'missing', lack.seen, lack)
  const { fileSystem, inUserNamespace } = OVERLAY_LACKS
  if (state === 'absent') return finding(id, title, 'missing', 'neither built in nor a module', fileSystem)
  if (who === 'user' && !kernelIsAtLeast(5, 11, facts.kernel))
    return finding(id, title, 'missing', facts.kernel, inUserNamespace)
  if (state === 'unknown')
    return finding(id, title, 'unknown', 'the list of modules is not here', { cause: 'lab 8 lays layers by it' })
  return finding(id, title, 'good', state === 'there' ? 'it can be mounted' : 'its module is loaded when it is needed')
}

const remedyOf = (facts: Facts, module: string): Diagnosis => ({
  remedy: facts.container ? `modprobe ${module}, on the host of this container` : newerKernel(facts),
})

const UNJUDGED = 'one claim about lab 5 has no witness, and is not judged'

function kernelLog(facts: Facts) {
  const title = "the kernel's log, for root"
  if (facts.kernelLog !== 'absent') return finding('kernel-log', title, 'good', 'readable')
  const remedy = facts.container ? betterContainer(facts) : 'work as root of the machine'
  return finding('kernel-log', title, 'limited', 'not readable, or not there', { cause: UNJUDGED, remedy })
}

function ownKernelLog(facts: Facts) {
  const title = `the kernel's log, for ${facts.ordinary ?? 'an ordinary user'}`
  if (facts.kernelLog === 'readable') return finding('own-kernel-log', title, 'good', 'readable')
  const remedy = asRoot(facts, 'sysctl kernel.dmesg_restrict=0')
  if (facts.kernelLog === 'absent')
    return finding('own-kernel-log', title, 'limited', 'not readable', { cause: UNJUDGED })
  return finding('own-kernel-log', title, 'limited', 'not readable', { cause: UNJUDGED, remedy })
}

function propagation({ isRootShared }: Facts) {
  const seen = isRootShared
    ? '/ is shared, as systemd makes it: lab 4 shows why it has to be made private first'
    : '/ is private: a program that forgets to say so is not caught here, but in a check it is'
  return finding('propagation', 'mounts that spread', 'good', seen)
}

function selinux({ selinux }: Facts) {
  return finding('selinux', 'SELinux', 'good', selinux)
}

function noexec({ noexec }: Facts) {
  const title = 'folders in which programs may run'
  if (noexec.length === 0) return finding('noexec', title, 'good', 'all that are needed')
  const cause = `${noexec.join(' and ')}: mounted with noexec, so a program that is compiled there does not start`
  return finding('noexec', title, 'limited', 'noexec', { cause, remedy: 'keep programs to be checked elsewhere' })
}

/** What is said of the kernel and the place. */
export const kernelFindings = (facts: Facts) => [
  oldKernel(facts),
  kernel(facts),
  wsl(facts),
  container(facts),
  presence(facts, 'veth', 'veth pairs', 'missing', 'labs 3 and 4 are connected by one'),
  presence(facts, 'overlay', 'overlay', 'limited', 'in a check the files of the machine are read-only'),
  layers(facts, 'root'),
  layers(facts, 'user'),
  kernelLog(facts),
  ownKernelLog(facts),
  propagation(facts),
  selinux(facts),
  noexec(facts),
]
