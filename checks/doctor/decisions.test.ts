/**
 * What the doctor says of other machines than this one: every decision is a function of the facts.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { LABS } from '../../lib/lab/manifest.ts'
import { distributionOf, type Family, packagesOf, type Tool } from '../../lib/machine/packages.mjs'
import { type Switches, whatForbids } from '../../lib/rights/user-namespaces.ts'
import type { Facts } from './observe/facts.ts'
import { ACTIONS, diagnose, isPossible, WAYS, type Way } from './table.ts'

const FEDORA = distributionOf('ID=fedora\nVERSION_ID=43\nPRETTY_NAME="Fedora Linux 43"')
const V2 = {
  hierarchy: { path: '/sys/fs/cgroup', dialect: 'v2' },
  obstacle: undefined,
  home: '/sys/fs/cgroup/me',
} as const
const V1 = { ...V2, hierarchy: { path: '/sys/fs/cgroup/memory', dialect: 'v1' } } as const
const NO_GROUPS = {
  hierarchy: undefined,
  fault: 'none\nhint: boot another',
  obstacle: undefined,
  home: undefined,
} as const
const GROUPS = { layout: 'v2', memory: V2, freezer: V2, pids: true, swaps: true, swapLimit: true } as const

/** A laptop on which everything works. */
const GOOD: Facts = {
  distribution: FEDORA,
  kernel: '6.18.4-200.fc43.x86_64',
  arch: 'x64',
  node: '24.11.0',
  user: { uid: 1000, name: 'reader', groups: ['wheel'], isPrivileged: false, isMapped: false },
  ordinary: 'reader',
  isConfined: false,
  become: 'sudo',
  tools: {},
  rootfs: undefined,
  kvm: 'usable',
  container: undefined,
  wsl: undefined,
  isFiltered: false,
  mask: undefined,
  selinux: 'enforcing',
  userNamespaces: { works: true, mountsProc: true },
  rootNamespaces: { works: true },
  exhausted: [],
  ptraceScope: 1,
  kcmp: undefined,
  judging: [],
  unanswered: undefined,
  rawSockets: undefined,
  cgroups: GROUPS,
  veth: 'loadable',
  overlay: 'there',
  tried: {},
  noOverlay: {},
  kernelLog: 'readable',
  isRootShared: true,
  noexec: [],
}
const ROOT = { uid: 0, name: 'root', groups: ['root'], isPrivileged: true, isMapped: false }
const ABSENT = { seen: 'none in PATH', cause: 'a lab runs it' }

/** The answers of one way, `run/check` for each lab in order. */
function answers(facts: Partial<Facts>, way: Way): string {
  const { labs } = diagnose({ ...GOOD, ...facts })
  return labs.map(({ ways }) => ACTIONS.map(action => ways[way][action].answer).join('/')).join(' ')
}
/** One answer for all labs but some, which have their own by their number. */
const rows = (answer: string, others: Readonly<Record<number, string>> = {}) =>
  LABS.map(({ number }) => others[number] ?? answer).join(' ')
const everywhere = (answer: string) => rows(answer)

function found(facts: Partial<Facts>, id: string) {
  const one = diagnose({ ...GOOD, ...facts }).findings.find(finding => finding.id === id)
  assert.ok(one, id)
  return one
}

test('where nothing is missing, every lab runs and is checked in every way', () => {
  for (const way of WAYS) assert.equal(answers({}, way), everywhere('yes/yes'))
  assert.ok(diagnose(GOOD).findings.every(({ state, remedy }) => state === 'good' && remedy === undefined))
})

test('each finding that is not good has a cause, and every cell that is not yes says what decided it', () => {
  const all = { cc: ABSENT, ip: ABSENT, ping: ABSENT, busybox: ABSENT, qemu: ABSENT }
  const bad: Facts = {
    ...GOOD,
    kernel: '4.19.0',
    tools: all,
    kvm: 'absent',
    container: 'docker',
    isFiltered: true,
    user: { ...ROOT, isPrivileged: false },
    userNamespaces: { works: false, mountsProc: false },
    rootNamespaces: { works: false },
    ptraceScope: 3,
    kcmp: 'kcmp(1, 1, KCMP_VM): ENOSYS (Function not implemented)',
    cgroups: { layout: 'none', memory: NO_GROUPS, freezer: NO_GROUPS, pids: false, swaps: true, swapLimit: false },
    veth: 'absent',
    overlay: 'absent',
    kernelLog: 'absent',
    noexec: ['/tmp'],
  }
  const { findings, labs } = diagnose(bad)
  const isWithoutReason = ({ state, cause }: (typeof findings)[number]) => state !== 'good' && !cause
  assert.deepEqual(findings.filter(isWithoutReason), [])
  const ids = findings.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  const cells = labs.flatMap(({ ways }) => WAYS.flatMap(way => ACTIONS.map(action => ways[way][action])))
  for (const { answer, decidedBy } of cells) assert.ok(answer === 'yes' || ids.includes(decidedBy ?? ''), answer)
  assert.equal(labs.filter(isPossible).length, 0)
})

const FAMILIES: readonly [osRelease: string, family: Family, ping: string][] = [
  ['ID=debian\nVERSION_ID="13"', 'apt', 'apt-get install -y iputils-ping'],
  ['ID=ubuntu\nID_LIKE=debian', 'apt', 'apt-get install -y iputils-ping'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'apt', 'apt-get install -y iputils-ping'],
  ['ID=fedora', 'dnf', 'dnf install -y iputils'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf', 'dnf install -y iputils'],
  ['ID=alpine', 'apk', 'apk add --update-cache iputils-ping'],
  ['ID=arch', 'pacman', 'pacman -S --needed --noconfirm iputils'],
  ['ID=endeavouros\nID_LIKE="arch"', 'pacman', 'pacman -S --needed --noconfirm iputils'],
  ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'zypper', 'zypper --non-interactive install iputils'],
  ['ID=nixos', 'unknown', 'install ping with the package manager of an unknown Linux'],
]

for (const [osRelease, family, command] of FAMILIES) {
  test(`${osRelease.split('\n')[0]} installs with ${family}`, () => {
    const distribution = distributionOf(osRelease)
    assert.equal(distribution.family, family)
    const { state, remedy } = found({ distribution, tools: { ping: ABSENT } }, 'ping')
    assert.equal(state, 'missing')
    assert.ok(remedy?.endsWith(command), remedy)
    assert.equal(remedy?.startsWith('sudo '), family !== 'unknown')
    assert.doesNotMatch(found({ distribution, tools: { ping: ABSENT }, user: ROOT }, 'ping').remedy ?? '', /sudo/)
  })
}

test('every tool has packages in every family', () => {
  const tools: readonly Tool[] = ['cc', 'ip', 'ping', 'busybox', 'qemu']
  for (const family of ['apt', 'dnf', 'apk', 'pacman', 'zypper'] as const)
    for (const tool of tools) assert.ok(packagesOf([tool], family).length > 0, `${tool} ${family}`)
  assert.deepEqual(packagesOf(['cc', 'ip'], 'apt'), ['gcc', 'libc6-dev', 'iproute2'])
})

test('ping is missing for lab 3 alone, ip for labs 3 and 4', () => {
  const without = (tool: Tool) => answers({ tools: { [tool]: ABSENT } }, 'root')
  assert.equal(without('ping'), rows('yes/yes', { 3: 'no/no' }))
  assert.equal(without('ip'), rows('yes/yes', { 3: 'no/no', 4: 'no/no' }))
  assert.equal(without('cc'), everywhere('yes/yes'))
})

test('nft is missing for lab 9 alone', () => {
  assert.equal(answers({ tools: { nft: ABSENT } }, 'root'), rows('yes/yes', { 9: 'no/no' }))
})

test('without overlay lab 8 is missing, and on an old kernel all of it but root running it', () => {
  assert.equal(answers({ overlay: 'absent' }, 'root'), rows('yes/limited', { 8: 'no/no' }))
  const { remedy } = found({ overlay: 'absent' }, 'root-overlay')
  assert.match(remedy ?? '', /modprobe overlay/)
  const old = { kernel: '5.10.0-28-amd64' }
  const cells = diagnose({ ...GOOD, ...old }).labs.find(({ slug }) => slug === '08-layers')?.ways
  assert.deepEqual(
    [cells?.root.run.answer, cells?.root.check.answer, cells?.user.run.answer, cells?.user.check.answer],
    ['yes', 'no', 'no', 'no'],
  )
  const lack = { seen: 'mount(…): EPERM', cause: 'refused', remedy: 'do not' }
  assert.equal(answers({ noOverlay: { user: lack } }, 'user'), rows('yes/yes', { 8: 'no/no' }))
  assert.deepEqual(found({ noOverlay: { user: lack } }, 'own-overlay').remedy, 'do not')
})

const SWITCHES: Switches = {
  isBuilt: true,
  most: 60_000,
  debian: undefined,
  appArmor: undefined,
  isFiltered: false,
  isChrooted: false,
  isSelinux: false,
  mask: undefined,
}

const REFUSED: readonly [what: string, switches: Partial<Switches>, remedy: RegExp][] = [
  ["Ubuntu's AppArmor", { appArmor: 1 }, /^sudo sysctl kernel\.apparmor_restrict_unprivileged_userns=0$/],
  ["Debian's switch", { debian: 0 }, /^sudo sysctl kernel\.unprivileged_userns_clone=1$/],
  ['user.max_user_namespaces', { most: 0 }, /^sudo sysctl user\.max_user_namespaces=\d+$/],
  ["a container's seccomp filter", { isFiltered: true }, /seccomp=unconfined/],
]

for (const [what, switches, expected] of REFUSED) {
  test(`${what} takes namespaces from ordinary users, and the remedy names it`, () => {
    const userNamespaces = {
      works: false,
      mountsProc: false,
      seen: 'mount("tmpfs") in it: EPERM',
      ...whatForbids({ ...SWITCHES, ...switches }),
    }
    assert.equal(answers({ userNamespaces }, 'user'), rows('no/no', { 1: 'yes/no', 5: 'yes/no', 6: 'yes/no' }))
    assert.equal(answers({ userNamespaces }, 'root'), everywhere('yes/yes'))
    assert.match(found({ userNamespaces }, 'user-namespaces').remedy ?? '', expected)
  })
}

test('in a container of Docker with its usual profile only lab 1 runs, and the remedy is how to start it', () => {
  const groups = { ...V2, obstacle: 'read-only', home: undefined } as const
  const docker: Partial<Facts> = {
    container: 'docker',
    user: { ...ROOT, isPrivileged: false },
    ordinary: undefined,
    become: undefined,
    isFiltered: true,
    mask: '/proc/kcore',
    userNamespaces: { works: false, mountsProc: false, ...whatForbids({ ...SWITCHES, isFiltered: true }) },
    rootNamespaces: { works: false, ...whatForbids({ ...SWITCHES, isFiltered: true }) },
    cgroups: { ...GROUPS, memory: groups, freezer: groups },
    kernelLog: 'absent',
    tools: { qemu: ABSENT },
  }
  const onlyLab1 = rows('no/no', { 1: 'yes/no' })
  assert.equal(answers(docker, 'root'), onlyLab1)
  assert.equal(answers(docker, 'user'), onlyLab1)
  for (const id of ['root', 'memory', 'container'])
    assert.match(found(docker, id).remedy ?? '', /^docker run .*--cap-add=SYS_ADMIN .*--cgroupns=host/)
  assert.match(
    found(docker, 'container').cause ?? '',
    /capabilities, system calls .*, parts of \/proc .*, control groups/,
  )
})

test('a container whose own group is full says how to empty it', () => {
  const cgroups = { ...GROUPS, memory: { ...V2, obstacle: 'occupied' } } as const
  const facts = { user: ROOT, container: 'podman', cgroups }
  assert.equal(answers(facts, 'root'), rows('yes/yes', { 5: 'no/no' }))
  assert.match(found(facts, 'memory').remedy ?? '', /^mkdir -p \/sys\/fs\/cgroup\/init; for p in /)
})

test('what a container lacks because an ordinary user has started it, root is told to start', () => {
  const cgroups = { ...GROUPS, memory: { ...V1, obstacle: 'not ours' } } as const
  for (const container of ['podman', 'docker'] as const) {
    const facts = { user: { ...ROOT, isMapped: true }, container, cgroups }
    for (const id of ['root', 'memory']) assert.match(found(facts, id).remedy ?? '', RegExp(`^sudo ${container} run `))
    assert.match(found({ ...facts, user: ROOT }, 'memory').remedy ?? '', RegExp(`^${container} run `))
  }
})

test('WSL 1 runs nothing and says how to get to WSL 2, which runs everything', () => {
  assert.equal(answers({ wsl: 1, kernel: '4.4.0-19041-Microsoft' }, 'root'), everywhere('no/no'))
  assert.match(found({ wsl: 1 }, 'wsl').remedy ?? '', /^wsl --set-version .* 2/)
  assert.equal(answers({ wsl: 2, kernel: '6.6.87.2-microsoft-standard-WSL2' }, 'root'), everywhere('yes/yes'))
  assert.match(found({ wsl: 2, cgroups: { ...GROUPS, layout: 'hybrid' } }, 'wsl').remedy ?? '', /\.wslconfig/)
})

test('v1, v2 and hybrid are all good; no groups at all cost labs 5 and 6, and each controller its own lab', () => {
  const withGroups = (groups: Partial<Facts['cgroups']>) => answers({ cgroups: { ...GROUPS, ...groups } }, 'root')
  assert.equal(withGroups({ layout: 'v1', memory: V1, freezer: V1 }), everywhere('yes/yes'))
  assert.equal(withGroups({ layout: 'hybrid', memory: V1 }), everywhere('yes/yes'))
  assert.equal(withGroups({ freezer: NO_GROUPS }), rows('yes/yes', { 6: 'no/no' }))
  const none = rows('yes/limited', { 5: 'no/no', 6: 'no/no' })
  assert.equal(withGroups({ layout: 'none', memory: NO_GROUPS, freezer: NO_GROUPS }), none)
})

test('without a group of their own, ordinary users lack labs 5 and 6, and are told how root hands one over', () => {
  const cgroups = { ...GROUPS, memory: { ...V2, home: undefined }, freezer: { ...V2, home: undefined } }
  assert.equal(answers({ cgroups }, 'user'), rows('yes/yes', { 5: 'no/no', 6: 'no/no' }))
  assert.match(found({ cgroups }, 'delegated-memory').remedy ?? '', /^echo \+memory .*\nsudo mkdir .*\necho \$\$ /)
  assert.doesNotMatch(found({ cgroups, user: ROOT }, 'delegated-memory').remedy ?? '', /\$USER|sudo/)
})

test('a limit of 0 namespaces applies to root, too', () => {
  const exhausted = ['user.max_net_namespaces']
  assert.equal(answers({ exhausted }, 'root'), rows('yes/no', { 3: 'no/no', 4: 'no/no', 9: 'no/no' }))
  assert.equal(found({ exhausted }, 'network-limit').remedy, 'sudo sysctl user.max_net_namespaces=15000')
})

test('swap that cannot be limited costs lab 5', () => {
  const swap = (swapLimit: boolean | undefined) => answers({ cgroups: { ...GROUPS, swapLimit } }, 'root').split(' ')[4]
  assert.deepEqual([swap(true), swap(undefined), swap(false)], ['yes/yes', 'unknown/unknown', 'no/no'])
})

test('a kernel below the floor costs everything, an older one costs checks what it lacks', () => {
  const check = (kernel: string) => answers({ kernel }, 'root').split(' ')[1]
  const kernels = [
    '4.18.0-553.el8.x86_64',
    '5.10.0-30-amd64',
    '5.15.0-91-generic',
    '6.1.0-40-cloud-amd64',
    '6.8.0-31-generic',
  ]
  assert.deepEqual(kernels.map(check), ['no/no', 'yes/limited', 'yes/limited', 'yes/yes', 'yes/yes'])
  assert.match(found({ kernel: '5.15.0', wsl: 2 }, 'kernel').remedy ?? '', /wsl --update/)
})

test('whether another user may use sudo is unknown, unless nothing can become root here', () => {
  const stranger = { ...GOOD.user, groups: [] }
  assert.equal(answers({ user: stranger }, 'root'), rows('unknown/unknown', { 1: 'yes/unknown', 7: 'yes/unknown' }))
  assert.equal(answers({ isConfined: true }, 'root'), rows('no/no', { 1: 'yes/no', 7: 'yes/no' }))
  assert.equal(answers({ user: { ...ROOT, isMapped: true } }, 'root'), rows('no/no', { 1: 'yes/no', 7: 'yes/no' }))
})

test('the virtual machine needs QEMU and is slow without KVM, and nothing else', () => {
  assert.equal(answers({ kvm: 'absent', wsl: 1 }, 'vm'), everywhere('limited/limited'))
  assert.equal(answers({ tools: { qemu: ABSENT } }, 'vm'), everywhere('no/no'))
})

test('a program that a lab needs not to be there decides nothing in the virtual machine', () => {
  const { labs } = diagnose({ ...GOOD, wsl: 1, tools: { ip: ABSENT, ping: ABSENT } })
  assert.ok(labs.every(isPossible))
})
