/**
 * Where programs are, and which package of which distribution has them. JavaScript, because `npm run setup` uses it
 * before TypeScript can be loaded.
 */
import { accessSync, constants, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'

/** Ordinary users lack these in their PATH on many machines, and `ip` lives there. */
export const SBIN = ['/usr/sbin', '/sbin']

/** How each family of distributions installs, and how it fetches its lists where `lists` holds none yet. */
export const MANAGERS = {
  apt: {
    install: ['apt-get', 'install', '-y'],
    refresh: ['apt-get', 'update'],
    lists: ['/var/lib/apt/lists', /_Packages/],
  },
  dnf: { install: ['dnf', 'install', '-y'] },
  apk: { install: ['apk', 'add', '--update-cache'] },
  pacman: {
    install: ['pacman', '-S', '--needed', '--noconfirm'],
    refresh: ['pacman', '-Sy'],
    lists: ['/var/lib/pacman/sync', /\.db$/],
  },
  zypper: { install: ['zypper', '--non-interactive', 'install'] },
}

const all = name => ({ apt: name, dnf: name, apk: name, pacman: name, zypper: name })

const QEMU = {
  x64: { ...all('qemu-system-x86'), dnf: 'qemu-system-x86-core', apk: 'qemu-system-x86_64', zypper: 'qemu-x86' },
  arm64: { ...all('qemu-system-aarch64'), dnf: 'qemu-system-aarch64-core', apt: 'qemu-system-arm', zypper: 'qemu-arm' },
}
/** Compilers for the other processor, with the C library to compile against. */
const CROSS = {
  x64: {
    ...all('gcc-x86_64-linux-gnu'),
    apt: 'gcc-x86-64-linux-gnu libc6-dev-amd64-cross',
    zypper: 'cross-x86_64-gcc',
  },
  arm64: {
    ...all('aarch64-linux-gnu-gcc'),
    apt: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    dnf: 'gcc-aarch64-linux-gnu',
    zypper: 'cross-aarch64-gcc',
  },
}
const [OWN, OTHER] = process.arch === 'arm64' ? ['arm64', 'x64'] : ['x64', 'arm64']

/** Which packages bring a program, `cc` with all that it needs to compile. */
export const PACKAGES = {
  cc: { ...all('gcc'), apt: 'gcc libc6-dev', apk: 'gcc musl-dev', zypper: 'gcc glibc-devel' },
  ip: { ...all('iproute2'), dnf: 'iproute' },
  ping: { ...all('iputils'), apt: 'iputils-ping', apk: 'iputils-ping' },
  nft: all('nftables'),
  busybox: { ...all('busybox'), apt: 'busybox-static', apk: 'busybox-static', zypper: 'busybox-static' },
  mount: { ...all('util-linux'), apt: 'mount' },
  qemu: QEMU[OWN],
  otherQemu: QEMU[OTHER],
  otherCc: CROSS[OTHER],
}

/** Distributions by their ID, and by that of those they are like. */
const FAMILIES = {
  apt: ['debian', 'ubuntu', 'raspbian'],
  dnf: ['fedora', 'rhel', 'centos', 'rocky', 'almalinux', 'amzn'],
  apk: ['alpine', 'postmarketos'],
  pacman: ['arch', 'archarm', 'manjaro'],
  zypper: ['suse', 'opensuse', 'sles', 'opensuse-tumbleweed', 'opensuse-leap'],
}

export function distributionOf(osRelease) {
  const field = name => {
    const [, text = ''] = new RegExp(`^${name}=(.*)$`, 'm').exec(osRelease) ?? []
    return text.trim().replace(/^(["'])(.*)\1$/, '$2')
  }
  const names = [field('ID'), ...field('ID_LIKE').split(/\s+/)].filter(Boolean)
  const known = names.flatMap(name => Object.keys(FAMILIES).filter(family => FAMILIES[family].includes(name)))
  return {
    id: field('ID') || 'linux',
    name: field('PRETTY_NAME') || field('NAME') || 'an unknown Linux',
    version: field('VERSION_ID'),
    family: known[0] ?? 'unknown',
  }
}

export function distribution() {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return distributionOf(readFileSync(file, 'utf8'))
    } catch {
      // ENOENT: the next place, or a distribution that does not name itself.
    }
  }
  return distributionOf('')
}

export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SBIN].filter(Boolean)
  return folders
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

export const isBusybox = path => basename(realpathSync(path)).startsWith('busybox')

export const packagesOf = (tools, family) =>
  family === 'unknown' ? [] : [...new Set(tools.flatMap(tool => PACKAGES[tool][family].split(' ')))]

function hasLists([folder, pattern]) {
  try {
    return readdirSync(folder).some(name => pattern.test(name))
  } catch {
    return false
  }
}

/** How an ordinary user becomes root for one command; nothing for root, `undefined` where there is no way. */
export function becomeRoot() {
  if (process.getuid?.() === 0) return []
  const program = ['sudo', 'doas'].find(findProgram)
  return program && [program]
}

export function installCommands(tools, family, prefix = becomeRoot() ?? ['sudo']) {
  const packages = packagesOf(tools, family)
  if (packages.length === 0) return []
  const { install, refresh, lists } = MANAGERS[family]
  const first = refresh && !hasLists(lists) ? [[...prefix, ...refresh]] : []
  return [...first, [...prefix, ...install, ...packages]]
}

export function installHint(tools) {
  const commands = installCommands(tools, distribution().family)
  if (commands.length > 0) return commands.map(words => words.join(' ')).join(' && ')
  return `install ${tools.map(tool => PACKAGES[tool].pacman).join(' and ')} with this machine's package manager`
}

export function withProgram(tool, command) {
  if (findProgram(tool)) return command
  return `${installHint([tool])}${distribution().family === 'unknown' ? ', then ' : ' && '}${command}`
}

export { shimName } from '../../native/libc-name.mjs'
