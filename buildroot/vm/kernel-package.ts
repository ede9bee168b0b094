/**
 * A kernel from a distribution's package, downloaded and unpacked into the cache: nothing is installed, and root is
 * not needed. The package manager checks the signature.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { lastWords, type Outcome, run } from '../run.ts'
import { type Arch, OWN_ARCH, PROCESSORS } from './architecture.ts'
import { type Archive, hasApt, openArchive, ownArchive } from './archive.ts'
import { giveBackTree } from './cache.ts'
import { type Kernel, kernelBelow } from './kernel.ts'

const BY_HAND = 'hint: name a kernel with --kernel FILE, and its modules with --modules DIRECTORY'

/** Which kernel is wanted: for which processor, and how its version begins, such as `6.1`. */
export interface Wanted {
  readonly arch: Arch
  readonly version?: string | undefined
}

/** A package, and how many bytes are downloaded. */
interface Package {
  readonly name: string
  readonly bytes: number
}

/** How the kernel of a distribution is downloaded. Every command runs in the folder that it fills. */
interface Manager {
  readonly tools: readonly string[]
  readonly choose: () => Promise<readonly Package[]>
  readonly download: (names: readonly string[], folder: string) => Promise<Outcome>
  readonly suffix: string
  /** A shell command that unpacks `$1`. */
  readonly unpack: string
}

/** The packages of one kernel: one in Debian, two in Ubuntu; in Debian from 6.19 on a frame and its parts. */
const PARTS = /\blinux-(?:image|modules|binary|base)-\d[\w.+~-]*/g

/** A kernel's package and those that it is split into. */
export async function withParts(archive: Pick<Archive, 'field'>, name: string): Promise<string[]> {
  const parts = (await archive.field(name, 'Depends')).match(PARTS) ?? []
  const below = await Promise.all(parts.map(part => withParts(archive, part)))
  return [...new Set([name, ...below.flat()])]
}

async function sized(archive: Archive, names: readonly string[]): Promise<Package[]> {
  return Promise.all(names.map(async name => ({ name, bytes: Number(await archive.field(name, 'Size')) })))
}

/** The packages behind a distribution's meta package for its newest kernel. */
async function newest(archive: Archive, arch: Arch): Promise<Package[]> {
  for (const meta of [`linux-image-${PROCESSORS[arch].debian}`, 'linux-image-generic']) {
    const image = (await archive.field(meta, 'Depends')).match(PARTS)?.find(name => name.startsWith('linux-image-'))
    if (image) return sized(archive, await withParts(archive, image))
  }
  throw new CannotRun('apt knows no kernel\nhint: sudo apt-get update fetches its lists of packages')
}

/** The kernel versions that a release of Debian keeps, and that release. */
const RELEASES: Readonly<Record<string, string>> = { '5.10': 'bullseye', '6.1': 'bookworm', '6.12': 'trixie' }
/** The releases of Debian whose kernel moves from version to version. */
const MOVING = ['trixie-backports', 'bookworm-backports', 'sid']

/**
 * The releases of kernels that an archive has, the newest last: `6.12.95+deb12`. Not those for clouds or real time.
 * @param version how they begin; all without one
 */
export function releasesAmong(names: readonly string[], debianArch: string, version?: string): string[] {
  const pattern = new RegExp(`^linux-image-(\\d[\\w.+~]*(?:-\\d+)?)-${debianArch}$`)
  const releases = names.flatMap(name => pattern.exec(name)?.[1] ?? [])
  const begins = new RegExp(version === undefined ? '' : `^${version.replaceAll('.', '\\.')}(?!\\d)`)
  return releases
    .filter(release => begins.test(release))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
}

async function ofVersion(archive: Archive, { arch, version }: Wanted): Promise<Package[]> {
  const { debian } = PROCESSORS[arch]
  const names = await archive.names('linux-image-')
  const release = releasesAmong(names, debian, version).at(-1)
  if (release) return sized(archive, await withParts(archive, `linux-image-${release}-${debian}`))
  const known = releasesAmong(names, debian).map(each => each.split('.').slice(0, 2).join('.'))
  throw new CannotRun(
    `Debian's archive has no Linux ${version} for ${arch}\n` +
      `hint: it has ${[...new Set([...Object.keys(RELEASES), ...known])].join(', ')}`,
  )
}

/** Debian's archive, for a kernel of another version or processor than the machine's. */
function debianManager(cache: string, wanted: Wanted): Manager {
  const { arch, version } = wanted
  const release = version && RELEASES[version.split('.').slice(0, 2).join('.')]
  const open = () => openArchive(cache, arch, version === undefined ? [] : release ? [release] : MOVING)
  return {
    ...APT,
    choose: async () => (version === undefined ? newest(await open(), arch) : ofVersion(await open(), wanted)),
    download: async (names, folder) => (await open()).download(names, folder),
  }
}

const listed = async (...all: string[]) => all.map(name => ({ name, bytes: 0 }))

const downloadWith =
  (...words: string[]): Manager['download'] =>
  (names, cwd) =>
    run([...words, ...names], { cwd })

const APT: Manager = {
  tools: ['apt-get', 'apt-cache', 'dpkg-deb'],
  choose: () => newest(ownArchive(), OWN_ARCH),
  download: (names, folder) => ownArchive().download(names, folder),
  suffix: '.deb',
  unpack: 'dpkg-deb --extract "$1" .',
}

/** The package managers for a kernel of the machine's own distribution. */
const MANAGERS: readonly Manager[] = [
  APT,
  {
    tools: ['dnf', 'rpm2cpio', 'cpio'],
    choose: () => listed('kernel-core', 'kernel-modules-core', 'kernel-modules'),
    download: downloadWith('dnf', 'download'),
    suffix: '.rpm',
    unpack: 'rpm2cpio "$1" | cpio -idm --no-absolute-filenames',
  },
  {
    tools: ['apk', 'tar'],
    choose: () => listed('linux-virt'),
    download: downloadWith('apk', 'fetch'),
    suffix: '.apk',
    unpack: 'tar -xzf "$1" boot lib',
  },
]

/** Modules for hardware that no guest has: most of the package. */
const USELESS = [
  'sound',
  ...['gpu', 'media', 'staging', 'infiniband', 'usb', 'iio', 'hwmon', 'input', 'scsi', 'isdn'].map(
    name => `drivers/${name}`,
  ),
  'drivers/net/ethernet',
  'drivers/net/wireless',
]

function prune(root: string): void {
  for (const release of readdirSync(join(root, 'lib/modules')))
    for (const path of USELESS)
      rmSync(join(root, 'lib/modules', release, 'kernel', path), { recursive: true, force: true })
}

/** Where /lib is a link to /usr/lib, packages have the modules there, and no /lib. */
function useModules(root: string): void {
  const [modules, there] = [join(root, 'lib/modules'), join(root, 'usr/lib/modules')]
  if (existsSync(modules)) return
  if (!existsSync(there)) throw new CannotRun(`the packages of the kernel have no modules\n${BY_HAND}`)
  mkdirSync(join(root, 'lib'), { recursive: true })
  renameSync(there, modules)
}

/** Makes modules.dep, which otherwise the installation of a package would make. */
async function makeTables(root: string, busybox: () => Promise<string>): Promise<void> {
  for (const release of readdirSync(join(root, 'lib/modules'))) {
    if (existsSync(join(root, 'lib/modules', release, 'modules.dep'))) continue
    const depmod = findProgram('depmod')
    const outcome = await run([...(depmod ? [depmod] : [await busybox(), 'depmod']), '-b', root, release])
    if (outcome.code !== 0) throw new CannotRun(`depmod: ${lastWords(outcome)}`)
  }
}

function announce(packages: readonly Package[]): void {
  const total = packages.reduce((sum, { bytes }) => sum + bytes, 0)
  const size = total > 0 ? ` (${Math.round(total / 1e6)} MB)` : ''
  process.stderr.write(`vm: downloading ${packages.map(({ name }) => name).join(', ')}${size}, to be unpacked\n`)
}

function chooseManager(cache: string, wanted: Wanted): Manager {
  if (wanted.version === undefined && wanted.arch === OWN_ARCH) {
    const manager = MANAGERS.find(({ tools }) => tools.every(findProgram))
    if (manager) return manager
    throw new CannotRun(`this program downloads kernels with apt, dnf and apk alone\n${BY_HAND}`)
  }
  if (hasApt()) return debianManager(cache, wanted)
  throw new CannotRun(
    `kernels of another version or processor come from Debian's archive, which takes apt, and PATH has none\n${BY_HAND}`,
  )
}

/**
 * Downloads and unpacks a kernel: the distribution's own, or another one of Debian's.
 * @param cache where lists of packages are kept
 * @param draft an empty folder, which becomes `folder`
 * @param busybox a static busybox of this machine, for its depmod
 * @throws CannotRun
 */
export async function fetchKernel(
  wanted: Wanted,
  { cache, draft, folder }: { readonly cache: string; readonly draft: string; readonly folder: string },
  busybox: () => Promise<string>,
): Promise<Kernel> {
  const manager = chooseManager(cache, wanted)
  const packages = await manager.choose()
  announce(packages)
  const names = packages.map(({ name }) => name)
  const downloaded = await manager.download(names, draft)
  const files = readdirSync(draft).filter(name => name.endsWith(manager.suffix))
  if (downloaded.code !== 0 || files.length < names.length)
    throw new CannotRun(`${names.join(', ')} cannot be downloaded: ${lastWords(downloaded)}\n${BY_HAND}`)
  for (const file of files) {
    const unpacked = await run(['sh', '-c', manager.unpack, 'sh', `./${file}`], { cwd: draft })
    if (unpacked.code !== 0) throw new CannotRun(`${file} cannot be unpacked: ${lastWords(unpacked)}`)
    rmSync(join(draft, file))
  }
  useModules(draft)
  prune(draft)
  await makeTables(draft, busybox)
  return place(draft, folder, wanted.arch)
}

function place(draft: string, folder: string, arch: Arch): Kernel {
  // mkdtemp(3) has made the folder accessible for its owner alone.
  chmodSync(draft, 0o755)
  giveBackTree(draft)
  // Another run may have put it there meanwhile.
  if (existsSync(folder)) rmSync(draft, { recursive: true, maxRetries: 5 })
  else renameSync(draft, folder)
  const { kernel, reasons } = kernelBelow(folder, arch)
  if (!kernel) throw new CannotRun(`the downloaded kernel cannot be used: ${reasons.join('; ')}\n${BY_HAND}`)
  return kernel
}
