/**
 * A kernel from the distribution's package, downloaded and unpacked into the cache: nothing is installed, and root is
 * not needed. The package manager checks the signature.
 */
import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/lab/find-program.ts'
import { lastWords, run } from '../run.ts'
import { giveBackTree } from './cache.ts'
import { type Kernel, kernelBelow } from './kernel.ts'

/** What a package manager calls its architectures. */
const DEBIAN_ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64'
const BY_HAND = 'hint: name a kernel with --kernel FILE, and its modules with --modules DIRECTORY'

/** A package, and how many bytes are downloaded. */
interface Package {
  readonly name: string
  readonly bytes: number
}

/** How a distribution hands out its kernel. Every command runs in the folder that it fills. */
interface Manager {
  readonly tools: readonly string[]
  readonly choose: () => Promise<readonly Package[]>
  readonly download: readonly string[]
  readonly suffix: string
  /** A shell command that unpacks `$1`. */
  readonly unpack: string
}

async function aptField(name: string, field: string): Promise<string> {
  const { stdout } = await run(['apt-cache', 'show', '--no-all-versions', name])
  return new RegExp(`^${field}: (.*)`, 'm').exec(stdout)?.[1] ?? ''
}

/** The packages that a distribution's name for its newest kernel stands for: one in Debian, two in Ubuntu. */
async function chooseApt(): Promise<Package[]> {
  const kernels = /\blinux-(?:image|modules)-\d[\w.+~-]*/g
  const found: string[] = []
  for (const meta of [`linux-image-${DEBIAN_ARCH}`, 'linux-image-generic']) {
    const image = (await aptField(meta, 'Depends')).match(kernels)?.[0]
    if (image) found.push(image, ...((await aptField(image, 'Depends')).match(kernels) ?? []))
    if (found.length > 0) break
  }
  if (found.length === 0)
    throw new CannotRun('apt knows no kernel\nhint: sudo apt-get update fetches its lists of packages')
  const sizes = found.map(async name => ({ name, bytes: Number(await aptField(name, 'Size')) }))
  return Promise.all(sizes)
}

const listed = async (...all: string[]) => all.map(name => ({ name, bytes: 0 }))

const MANAGERS: readonly Manager[] = [
  {
    tools: ['apt-get', 'apt-cache', 'dpkg-deb'],
    choose: chooseApt,
    download: ['apt-get', 'download'],
    suffix: '.deb',
    unpack: 'dpkg-deb --extract "$1" .',
  },
  {
    tools: ['dnf', 'rpm2cpio', 'cpio'],
    choose: () => listed('kernel-core', 'kernel-modules-core', 'kernel-modules'),
    download: ['dnf', 'download'],
    suffix: '.rpm',
    unpack: 'rpm2cpio "$1" | cpio -idm --no-absolute-filenames',
  },
  {
    tools: ['apk', 'tar'],
    choose: () => listed('linux-virt'),
    download: ['apk', 'fetch'],
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

/** Packages leave the making of modules.dep to their installation. */
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

/**
 * Downloads and unpacks the distribution's kernel.
 * @param draft an empty folder, which becomes `folder`
 * @param busybox a static busybox, for its depmod
 * @throws CannotRun
 */
export async function fetchKernel(draft: string, folder: string, busybox: () => Promise<string>): Promise<Kernel> {
  const manager = MANAGERS.find(({ tools }) => tools.every(findProgram))
  if (!manager) throw new CannotRun(`this program downloads kernels with apt, dnf and apk alone\n${BY_HAND}`)
  const packages = await manager.choose()
  announce(packages)
  const downloaded = await run([...manager.download, ...packages.map(({ name }) => name)], { cwd: draft })
  const files = readdirSync(draft).filter(name => name.endsWith(manager.suffix))
  if (downloaded.code !== 0 || files.length === 0)
    throw new CannotRun(`${manager.download.join(' ')}: ${lastWords(downloaded)}\n${BY_HAND}`)
  for (const file of files) {
    const unpacked = await run(['sh', '-c', manager.unpack, 'sh', `./${file}`], { cwd: draft })
    if (unpacked.code !== 0) throw new CannotRun(`${file} cannot be unpacked: ${lastWords(unpacked)}`)
    rmSync(join(draft, file))
  }
  if (!existsSync(join(draft, 'lib/modules'))) renameSync(join(draft, 'usr/lib/modules'), join(draft, 'lib/modules'))
  prune(draft)
  await makeTables(draft, busybox)
  return place(draft, folder)
}

function place(draft: string, folder: string): Kernel {
  // mkdtemp(3) has made it for us alone.
  chmodSync(draft, 0o755)
  giveBackTree(draft)
  // Another run may have been quicker.
  if (existsSync(folder)) rmSync(draft, { recursive: true })
  else renameSync(draft, folder)
  const { kernel, reasons } = kernelBelow(folder)
  if (!kernel) throw new CannotRun(`the downloaded kernel cannot be used: ${reasons.join('; ')}\n${BY_HAND}`)
  return kernel
}
