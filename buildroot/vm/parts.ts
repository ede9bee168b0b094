/**
 * What a guest starts from, made once and kept: a kernel, and the first root with its modules and busybox.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { installedBusybox } from '../busybox.ts'
import type { Contents } from '../contents.ts'
import { packagedBusybox } from '../package.ts'
import { OWN_ARCH } from './architecture.ts'
import { draftFolder, TEMPORARY, writeWhole } from './cache.ts'
import type { Wish } from './command-line.ts'
import { cpio, type Entry } from './cpio.ts'
import { type Kernel, kernelBelow, openKernel } from './kernel.ts'
import { fetchKernel } from './kernel-package.ts'
import { moduleBytes } from './modules.ts'
import { unpackedKernel } from './unpacked.ts'

const GUEST = join(import.meta.dirname, 'guest')
const SCRIPTS = readdirSync(GUEST).sort()
const HOUR_MS = 3_600_000
const DIRECTORIES = ['bin', 'dev', 'kept', 'layer', 'lower', 'modules', 'proc', 'root', 'sys']

/** Uses a static busybox, which is found or fetched when it is asked for. @throws CannotRun with the remedy */
async function withBusybox<T>(use: (program: () => Promise<string>) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(draftPrefix(join(tmpdir(), TEMPORARY)))
  const find = async () => {
    const contents: Contents = await installedBusybox().catch(error => {
      if (!(error instanceof CannotRun)) throw error
      return packagedBusybox(scratch)
    })
    return contents.files.get('bin/busybox') as string
  }
  try {
    return await use(find)
  } catch (error) {
    if (!(error instanceof CannotRun) || !/busybox/.test(error.message)) throw error
    throw new CannotRun(`the guest needs a static busybox: ${error.message}\nhint: apt-get install busybox-static`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The kernel that was asked for on the command line. @throws CannotRun */
export async function findKernel({ arch, kernel, modules }: Wish, cache: string): Promise<Kernel> {
  if (kernel && 'file' in kernel) return openKernel(kernel.file, modules, arch)
  const version = kernel?.version
  const isOwn = version === undefined && arch === OWN_ARCH
  const folder = join(cache, isOwn ? 'kernel' : ['linux', arch, version].filter(Boolean).join('-'))
  const found = kernelBelow(folder, arch).kernel ?? (isOwn ? kernelBelow('/').kernel : undefined)
  if (found) return found
  rmSync(folder, { recursive: true, force: true })
  const draft = draftFolder(cache)
  try {
    const places = { cache, draft, folder }
    return await withBusybox(busybox => fetchKernel({ arch, version }, places, busybox))
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** The entries of the first root. */
function firstRoot({ modules, order }: Kernel, busybox: string): Entry[] {
  const files = order.map(path => ({ name: basename(path).replace(/\.ko\..*/, '.ko'), path: join(modules, path) }))
  return [
    ...DIRECTORIES.map(name => ({ name, mode: 0o755 })),
    { name: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) },
    ...SCRIPTS.map(name => ({
      name: name === 'init.sh' ? 'init' : name,
      mode: 0o755,
      content: readFileSync(join(GUEST, name)),
    })),
    { name: 'modules/order', mode: 0o644, content: files.map(({ name }) => `${name}\n`).join('') },
    ...files.map(({ name, path }) => ({ name: `modules/${name}`, mode: 0o644, content: moduleBytes(path) })),
  ]
}

/** What the first root depends on. */
function fingerprint({ image, order, modules }: Kernel): string {
  const hash = createHash('sha256').update(
    `${image} ${statSync(image).size} ${statSync(image).mtimeMs} ${modules} ${order}`,
  )
  for (const name of [...SCRIPTS.map(script => join(GUEST, script)), import.meta.filename])
    hash.update(readFileSync(name))
  return hash.digest('hex').slice(0, 12)
}

/** What QEMU loads. */
export interface Parts {
  readonly image: string
  readonly initramfs: string
}

const MADE = /^(initramfs|kernel)-\w+$/

/**
 * Removes what was made from other kernels more than an hour ago: a guest that was starting then has read it by now.
 */
function removeOld(cache: string, kept: readonly string[]): void {
  const paths = readdirSync(cache)
    .filter(name => MADE.test(name))
    .map(name => join(cache, name))
  for (const path of paths)
    if (!kept.includes(path) && Date.now() - statSync(path).mtimeMs > HOUR_MS) rmSync(path, { force: true })
}

/**
 * What is loaded to start a kernel, made if there is none yet.
 * @param otherBusybox a static one for the kernel's processor, where that is not this machine's
 * @throws CannotRun
 */
export async function findParts(kernel: Kernel, cache: string, otherBusybox?: string): Promise<Parts> {
  const print = fingerprint(kernel)
  const initramfs = join(cache, `initramfs-${print}`)
  const image = unpackedKernel(kernel, join(cache, `kernel-${print}`))
  if (existsSync(initramfs)) return { image, initramfs }
  const make = async (busybox: string) => writeWhole(initramfs, cpio(firstRoot(kernel, busybox)))
  await (otherBusybox ? make(otherBusybox) : withBusybox(async busybox => make(await busybox())))
  removeOld(cache, [image, initramfs])
  return { image, initramfs }
}
