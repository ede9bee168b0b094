/**
 * What a guest of another processor than this machine's has to find: a root directory of Debian's packages with Node and
 * npm, the packages of this checkout, and the shim. Made once and kept; nothing of it runs here.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { crossCompileShim } from '../../lib/machine/compiler.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { installHint } from '../../lib/machine/packages.mjs'
import { ROOT } from '../../lib/machine/root.ts'
import { NODE_VERSIONS } from '../../lib/testing/node-versions.ts'
import { lastWords, run } from '../run.ts'
import { type Arch, PROCESSORS } from './architecture.ts'
import { hasApt, openArchive } from './archive.ts'
import { draftFolder, giveBackTree } from './cache.ts'

/** Where the two folders are that a guest mounts. */
export interface Stranger {
  readonly root: string
  /** What is in front of the checkout's own node_modules: packages with programs for that processor. */
  readonly packages: string
}

/** The packages that labs, checks and tests need, and a shell to look around. */
const PACKAGES = [
  ...['base-files', 'base-passwd', 'bash', 'busybox-static', 'coreutils', 'dash', 'debianutils', 'diffutils'],
  ...['findutils', 'grep', 'gzip', 'hostname', 'iproute2', 'iputils-ping', 'libc-bin', 'libstdc++6', 'login', 'mawk'],
  ...['mount', 'ncurses-bin', 'nftables', 'passwd', 'procps', 'sed', 'tar', 'util-linux'],
]

/** In the root directory: the static one that the first root takes. */
export const STRANGER_BUSYBOX = 'bin/busybox'

/** The Node of a guest: of the line that this one is of, so that what holds there holds for it. */
export function strangerNode(own: string = process.versions.node): string {
  const line = (version: string) => version.split('.')[0]
  return NODE_VERSIONS.find(version => line(version) === line(own)) ?? (NODE_VERSIONS.at(-1) as string)
}

/** Makes /bin, /lib and others links into /usr, as in Debian: packages rely on these links and do not contain them. */
function makeLinks(root: string): void {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
}

/** What a package's own scripts would do when it is installed. */
function finish(root: string): void {
  const at = (...names: string[]) => join(root, ...names)
  for (const name of ['passwd', 'group']) copyFileSync(at(`usr/share/base-passwd/${name}.master`), at('etc', name))
  writeFileSync(at('etc/shadow'), 'root:*:19000:0:99999:7:::\n', { mode: 0o640 })
  const choices = { awk: 'mawk', which: 'which.debianutils' }
  for (const [name, program] of Object.entries(choices))
    if (!existsSync(at('usr/bin', name))) symlinkSync(program, at('usr/bin', name))
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'home']) mkdirSync(at(name), { recursive: true })
  chmodSync(at('root'), 0o755)
}

const UNPACK = 'dpkg-deb --fsys-tarfile "$1" | tar -xpf - --no-same-owner --keep-directory-symlink -C "$2"'

async function unpackDebs(folder: string, root: string): Promise<void> {
  for (const file of readdirSync(folder).filter(name => name.endsWith('.deb'))) {
    const unpacked = await run(['sh', '-c', UNPACK, 'sh', join(folder, file), root])
    if (unpacked.code !== 0) throw new CannotRun(`${file} cannot be unpacked: ${lastWords(unpacked)}`)
  }
}

/** Runs npm, with the settings by which it reaches its registry. */
async function npm(folder: string, ...words: string[]): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([, text]) => text !== undefined))
  const outcome = await run(['npm', ...words, '--no-audit', '--no-fund'], {
    cwd: folder,
    env: env as Record<string, string>,
  })
  if (outcome.code !== 0)
    throw new CannotRun(`npm ${words.join(' ')}: ${lastWords(outcome)}\nhint: look whether npm ci works here`)
}

/** One package of npm, unpacked into a folder without being installed: it is for a processor that npm would refuse. */
async function unpackFromNpm(scratch: string, name: string, to: string): Promise<void> {
  const before = new Set(readdirSync(scratch))
  await npm(scratch, 'pack', '--loglevel', 'error', name)
  const file = readdirSync(scratch).find(each => each.endsWith('.tgz') && !before.has(each))
  mkdirSync(to, { recursive: true })
  const words = ['-xzf', join(scratch, file ?? ''), '--no-same-owner', '--strip-components=1', '-C', to]
  const unpacked = await run(['tar', ...words])
  if (unpacked.code !== 0) throw new CannotRun(`${name} cannot be unpacked: ${lastWords(unpacked)}`)
}

async function addNode(scratch: string, root: string, arch: Arch): Promise<void> {
  const local = join(root, 'usr/local')
  await unpackFromNpm(scratch, `node-linux-${arch}@${strangerNode()}`, join(scratch, 'node'))
  mkdirSync(join(local, 'bin'), { recursive: true })
  renameSync(join(scratch, 'node/bin/node'), join(local, 'bin/node'))
  const { stdout } = await run(['npm', '--version'])
  await unpackFromNpm(scratch, `npm@${stdout.trim()}`, join(local, 'lib/node_modules/npm'))
  for (const name of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name))
}

async function makeRoot(arch: Arch, cache: string, draft: string): Promise<void> {
  const [debs, scratch, root] = ['debs', 'scratch', 'root'].map(name => join(draft, name)) as [string, string, string]
  for (const folder of [debs, scratch, root]) mkdirSync(folder)
  const archive = await openArchive(cache, arch)
  process.stderr.write(`vm: downloading a root directory for ${arch}: packages of Debian, Node and npm (80 MB)\n`)
  const downloaded = await archive.downloadAll(PACKAGES, debs)
  if (downloaded.code !== 0)
    throw new CannotRun(`the packages of Debian for ${arch} cannot be downloaded: ${lastWords(downloaded)}`)
  makeLinks(root)
  await unpackDebs(debs, root)
  finish(root)
  await addNode(scratch, root, arch)
}

/** What package-lock.json says of each package, by its folder; `cpu` is there if it is for some processors alone. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly cpu?: readonly string[] }>>
}

/**
 * Installs the packages that are for one processor alone. The guest finds all others in the checkout, with the times
 * that bundles were made from: with other times it would make every bundle anew, which takes longer than what it is
 * started for.
 */
async function makePackages(arch: Arch, draft: string): Promise<void> {
  const [all, root] = ['all', 'root'].map(name => join(draft, name)) as [string, string]
  mkdirSync(all)
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(all, name))
  process.stderr.write(`vm: installing the packages of package-lock.json for ${arch}\n`)
  await npm(all, 'ci', `--cpu=${arch}`, '--os=linux', '--libc=glibc', '--ignore-scripts', '--omit=dev')
  const { packages } = JSON.parse(readFileSync(join(all, 'package-lock.json'), 'utf8')) as Lock
  for (const [path, { cpu }] of Object.entries(packages)) {
    if (cpu === undefined || !existsSync(join(all, path))) continue
    mkdirSync(dirname(join(root, path)), { recursive: true })
    renameSync(join(all, path), join(root, path))
  }
}

/** A folder that is kept under a name for what it was made from, and made if there is none. */
async function kept(
  cache: string,
  kind: string,
  from: string,
  make: (draft: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, `${kind}-${createHash('sha256').update(from).digest('hex').slice(0, 12)}`)
  if (existsSync(folder)) return folder
  const draft = draftFolder(cache)
  try {
    await make(draft)
    const made = join(draft, 'root')
    giveBackTree(made)
    for (const name of readdirSync(cache).filter(each => each.startsWith(`${kind}-`)))
      rmSync(join(cache, name), { recursive: true, force: true })
    // Another run may have put it there meanwhile.
    if (!existsSync(folder)) renameSync(made, folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return folder
}

/** Compiles the shim for another processor, beside the one for ours. @throws CannotRun */
function buildStrangerShim(arch: Arch): void {
  const compiler = `${PROCESSORS[arch].gnu}-gcc`
  try {
    crossCompileShim(arch, compiler)
  } catch (error) {
    if (findProgram(compiler)) throw new CannotRun((error as Error).message)
    const hint = `hint: ${installHint(['otherCc'])}`
    throw new CannotRun(`native/ has to be compiled for ${arch}, and PATH has no ${compiler}\n${hint}`)
  }
}

/**
 * All that a guest of another processor needs besides its kernel.
 * @throws CannotRun with the remedy: without apt and a source of Debian, npm, or a compiler for it
 */
export async function findStranger(arch: Arch, cache: string): Promise<Stranger> {
  buildStrangerShim(arch)
  const own = readFileSync(import.meta.filename, 'utf8')
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  if (!hasApt())
    throw new CannotRun(
      `a guest of ${arch} has the programs of Debian's packages, which take apt, and PATH has none\n` +
        'hint: use a machine of Debian or Ubuntu, or no --arch',
    )
  const root = await kept(cache, `root-${arch}`, own + strangerNode(), draft => makeRoot(arch, cache, draft))
  const packages = await kept(cache, `packages-${arch}`, own + lock, draft => makePackages(arch, draft))
  return { root, packages: join(packages, 'node_modules') }
}
