/**
 * Debian's archive, read with apt's own programs in a folder of ours, so that lists of other releases and of another
 * processor do not get into the machine's. Where the archive is, and how it is reached, is taken from the machine's
 * apt.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { lastWords, type Outcome, run } from '../run.ts'
import { type Arch, OWN_ARCH, PROCESSORS } from './architecture.ts'
import { draftFolder } from './cache.ts'

const TOOLS = ['apt-get', 'apt-cache', 'apt-config', 'dpkg-deb', 'tar']
/** Where every Debian, and every other distribution that packages it, has the keys of all its releases. */
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What apt may be asked. Its programs run in the folder that they fill. */
export interface Archive {
  /** Names of packages that begin so. */
  readonly names: (prefix: string) => Promise<string[]>
  /** A field of a package; an empty text where there is none. */
  readonly field: (name: string, field: string) => Promise<string>
  /** Downloads just these packages into a folder. */
  readonly download: (names: readonly string[], folder: string) => Promise<Outcome>
  /** Downloads packages and all that they depend on into a folder, as for a machine without any package. */
  readonly downloadAll: (names: readonly string[], folder: string) => Promise<Outcome>
}

/** An archive by the options and the environment that apt needs for it; none for the machine's own. */
function archive(env: Readonly<Record<string, string>> = {}): Archive {
  const lines = async (...words: string[]) => (await run(['apt-cache', ...words], { env })).stdout.split('\n')
  return {
    names: async prefix => (await lines('pkgnames', prefix)).filter(Boolean),
    field: async (name, field) => {
      const found = (await lines('show', '--no-all-versions', name)).find(line => line.startsWith(`${field}: `))
      return found?.slice(field.length + 2) ?? ''
    },
    download: (names, cwd) => run(['apt-get', 'download', ...names], { cwd, env }),
    downloadAll: async (names, folder) => {
      mkdirSync(join(folder, 'partial'), { recursive: true })
      const options = ['-o', `Dir::Cache::Archives=${folder}`, '-o', 'Debug::NoLocking=1']
      const words = ['--yes', '--download-only', '--no-install-recommends', 'install']
      return run(['apt-get', ...options, ...words, ...names], { env })
    },
  }
}

/** The archive that the machine itself is installed from. */
export const ownArchive = (): Archive => archive()

/** Whether this machine reads packages as Debian does. */
export const hasApt = (): boolean => TOOLS.every(findProgram)

const TARGET = ['ORIGIN', 'LABEL', 'REPO_URI', 'CODENAME'].map(name => `$(${name})`).join(' ')

/** Where Debian's archive is, and which release of it the machine has. @throws CannotRun where apt knows none */
async function debian(): Promise<{ readonly address: string; readonly release: string }> {
  const targets = (await run(['apt-get', 'indextargets', '--format', TARGET])).stdout.split('\n')
  const [, address, release] = targets.map(line => /^Debian Debian (\S+) ([a-z]+)$/.exec(line)).find(Boolean) ?? []
  if (address && release) return { address, release }
  throw new CannotRun(
    "apt on this machine knows no archive of Debian, from which another release's or another processor's packages come\n" +
      'hint: sudo apt-get update fetches its lists; elsewhere, add a source of Debian to /etc/apt/sources.list.d',
  )
}

/**
 * The settings by which the machine reaches archives, such as a proxy. Its hooks are left out: they concern its own
 * caches.
 */
async function ownAcquire(): Promise<string[]> {
  const { stdout } = await run(['apt-config', 'dump'])
  return stdout.split('\n').filter(line => /^Acquire::.*;$/.test(line))
}

function settings(folder: string, arch: Arch, acquire: readonly string[]): string {
  const place = (name: string) => JSON.stringify(join(folder, name))
  return [
    ...['Parts', 'Main'].map(name => `Dir::Etc::${name} "/dev/null";`),
    ...acquire,
    `Dir::Etc::SourceList ${place('sources.list')};`,
    ...['SourceParts', 'Preferences', 'PreferencesParts'].map(name => `Dir::Etc::${name} "/dev/null";`),
    `Dir::State::Lists ${place('lists')};`,
    `Dir::State::Status ${place('status')};`,
    `Dir::Cache ${place('cache')};`,
    `APT::Architecture "${PROCESSORS[arch].debian}";`,
    `APT::Architectures { "${PROCESSORS[arch].debian}"; };`,
    // A release that is no longer supported is signed for the last time, and a frozen mirror is past its date.
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "none";',
    'Acquire::GzipIndexes "true";',
    '',
  ].join('\n')
}

const opened = new Map<string, Promise<Archive>>()
const folders: string[] = []

async function openAnew(cache: string, arch: Arch, named: readonly string[]): Promise<Archive> {
  const { address, release } = await debian()
  const releases = named.length > 0 ? named : [release]
  const folder = draftFolder(cache)
  folders.push(folder)
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, name), { recursive: true })
  const signed = existsSync(KEYS) ? ` signed-by=${KEYS}` : ''
  const source = (name: string) => `deb [arch=${PROCESSORS[arch].debian}${signed}] ${address} ${name} main\n`
  writeFileSync(join(folder, 'sources.list'), releases.map(source).join(''))
  writeFileSync(join(folder, 'status'), '')
  const file = join(folder, 'apt.conf')
  writeFileSync(file, settings(folder, arch, await ownAcquire()))
  process.stderr.write(`vm: reading the lists of Debian ${releases.join(', ')} for ${arch}\n`)
  const env = { APT_CONFIG: file }
  const updated = await run(['apt-get', 'update'], { env })
  const found = archive(env)
  // The exit code does not tell: apt ends with 0 where nothing can be reached, and one release of several may have gone.
  if ((await found.names('linux-image-')).length > 0) return found
  throw new CannotRun(
    `the lists of Debian ${releases.join(', ')} for ${arch} cannot be had: ${lastWords(updated)}\n` +
      'hint: look whether sudo apt-get update works here',
  )
}

/**
 * Debian's archive for a processor, until {@link closeArchives}.
 * @param cache the folder in which lists are kept meanwhile
 * @param releases their code names; none is the one that this machine has
 * @throws CannotRun without apt, without a source of Debian, or where it cannot be reached
 */
export function openArchive(cache: string, arch: Arch = OWN_ARCH, releases: readonly string[] = []): Promise<Archive> {
  const name = [arch, ...releases].join()
  const archive = opened.get(name) ?? openAnew(cache, arch, releases)
  opened.set(name, archive)
  return archive
}

/** Removes all lists: they are soon out of date, and what was downloaded by them is kept. */
export function closeArchives(): void {
  opened.clear()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
