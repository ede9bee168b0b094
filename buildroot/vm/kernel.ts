/**
 * Finding a kernel for the guest: the one that is named, one that was downloaded before, the machine's own, or the
 * distribution's package.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release as ownRelease } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { type Arch, OWN_ARCH } from './architecture.ts'
import { moduleOrder, NEEDED, readModules, WANTED } from './modules.ts'

/** A kernel that a guest can start with. */
export interface Kernel {
  /** The processor it is for. */
  readonly arch: Arch
  readonly image: string
  readonly release: string
  /** The folder of its modules. */
  readonly modules: string
  /** Which of them to load, in this order; paths below that folder. */
  readonly order: readonly string[]
}

/** The x86 boot protocol: the header's magic, and where it says at which offset the version stands. */
const HEADER = { magic: 0x202, version: 0x20e, base: 0x200 }
const ARM64_MAGIC = 'ARM\x64'

/** The release of a kernel's image, by its header or its name; `undefined` if it is no kernel for that processor. */
export function imageRelease(path: string, image: Buffer, arch: Arch = OWN_ARCH): string | undefined {
  const named = /(?:vmlinu[xz]-|\/modules\/)(\d[^/]*)/.exec(path)?.[1]
  if (image.toString('latin1', HEADER.magic, HEADER.magic + 4) === 'HdrS') {
    const at = image.readUInt16LE(HEADER.version) + HEADER.base
    return arch === 'x64' ? image.toString('latin1', at, at + 200).split(/[\s\0]/)[0] : undefined
  }
  // Packed images (gzip, EFI) do not contain the release in the clear either.
  const isArm = image.toString('latin1', 56, 60) === ARM64_MAGIC || image.readUInt16BE(0) === 0x1f8b
  return arch === 'arm64' && (isArm || image.toString('latin1', 4, 8) === 'zimg') ? named : undefined
}

function readImage(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CannotRun(
      `the kernel ${path} cannot be read: ${code}\nhint: name another with --kernel, or none, and one is downloaded`,
    )
  }
}

/** The folders in which a kernel's modules may be. */
function modulePlaces(image: string, release: string, named: string | undefined): string[] {
  if (named !== undefined) return [resolve(named), join(resolve(named), 'lib/modules', release)]
  const around = [dirname(image), dirname(dirname(image))]
  return [dirname(image), ...around.map(folder => join(folder, 'lib/modules', release)), join('/lib/modules', release)]
}

/**
 * Looks at a kernel and its modules.
 * @param named where its modules are, if not in the usual places
 * @param arch the processor it has to be for
 * @throws CannotRun when it cannot be read, is no kernel, or lacks what a guest needs
 */
export function openKernel(path: string, named?: string, arch: Arch = OWN_ARCH): Kernel {
  const image = resolve(path)
  const bytes = readImage(image)
  const release = bytes.length > HEADER.version + 2 ? imageRelease(image, bytes, arch) : undefined
  if (!release) throw new CannotRun(`${image} is no Linux kernel for ${arch}`)
  const places = modulePlaces(image, release, named)
  const modules = places.find(place => existsSync(join(place, 'modules.dep')))
  const table = modules && readModules(modules)
  if (!table)
    throw new CannotRun(
      `the kernel ${image} (${release}) has no modules: no modules.dep in ${places.join(', ')}\n` +
        'hint: --modules DIRECTORY says where they are; depmod makes modules.dep',
    )
  const { order, lacking } = moduleOrder(table, NEEDED, WANTED)
  if (lacking.length > 0)
    throw new CannotRun(
      `the kernel ${image} (${release}) lacks ${lacking.join(', ')}, by which the guest reaches the checkout\n` +
        "hint: a distribution's generic kernel has them, where its cloud kernel may not",
    )
  return { arch, image, release, modules, order }
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** The images below a root directory, the running kernel's first, then the newest. */
export function imagesBelow(root: string, running: string = ownRelease()): string[] {
  const boot = names(join(root, 'boot')).filter(name => /^(vmlinu[xz]|Image)\b/.test(name))
  const releases = names(join(root, 'lib/modules')).map(name => join(root, 'lib/modules', name, 'vmlinuz'))
  const images = [...boot.map(name => join(root, 'boot', name)), ...releases.filter(path => existsSync(path))]
  const byAge = images.sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
  return [...byAge.filter(path => path.includes(running)), ...byAge.filter(path => !path.includes(running))]
}

/** The first usable kernel below a root directory, and why the others are not. */
export function kernelBelow(
  root: string,
  arch: Arch = OWN_ARCH,
): { readonly kernel?: Kernel; readonly reasons: string[] } {
  const reasons: string[] = []
  for (const image of imagesBelow(root)) {
    try {
      return { kernel: openKernel(image, undefined, arch), reasons }
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error
      reasons.push((error.message.split('\n')[0] as string).trim())
    }
  }
  return { reasons }
}
