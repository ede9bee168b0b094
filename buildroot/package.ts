/**
 * Busybox from the distribution's package, downloaded and unpacked in a folder of ours: nothing is installed, and root
 * is not needed. The package manager checks the signature.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../lib/errors.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { busyboxContents } from './busybox.ts'
import type { Contents } from './contents.ts'
import { lastWords, run } from './run.ts'

/** How a package of a distribution is downloaded. Every command runs in the folder that it fills. */
interface Manager {
  readonly tools: readonly string[]
  readonly download: readonly string[]
  readonly suffix: string
  readonly unpack: (file: string) => readonly string[]
  /** What helps where the download fails. */
  readonly remedy: string
}

const MANAGERS: readonly Manager[] = [
  {
    tools: ['apt-get', 'dpkg-deb'],
    download: ['apt-get', 'download', 'busybox-static'],
    suffix: '.deb',
    unpack: file => ['dpkg-deb', '--extract', file, '.'],
    remedy: 'apt-get update',
  },
  {
    tools: ['apk', 'tar'],
    download: ['apk', 'fetch', 'busybox-static'],
    suffix: '.apk',
    unpack: file => ['tar', '-xzf', file, 'bin/busybox.static'],
    remedy: 'apk update',
  },
  {
    tools: ['dnf', 'rpm2cpio', 'cpio'],
    download: ['dnf', 'download', 'busybox'],
    suffix: '.rpm',
    unpack: file => ['sh', '-c', 'rpm2cpio "$1" | cpio -idm --no-absolute-filenames', 'sh', file],
    remedy: 'dnf install dnf-plugins-core',
  },
]

/** The paths of busybox in the packages. */
const PLACES = ['bin/busybox', 'usr/bin/busybox', 'bin/busybox.static', 'usr/sbin/busybox', 'sbin/busybox']

function findManager(): Manager {
  const manager = MANAGERS.find(({ tools }) => tools.every(findProgram))
  if (manager) return manager
  const known = MANAGERS.map(({ tools }) => tools.join(' with ')).join('; ')
  throw new CannotRun(`no package manager that this project knows (${known})`)
}

/**
 * The contents made from the distribution's package.
 * @param folder an empty one, which has to stay until the contents are laid
 * @throws CannotRun
 */
export async function packagedBusybox(folder: string): Promise<Contents> {
  const { download, suffix, unpack, remedy } = findManager()
  const downloaded = await run(download, { cwd: folder })
  const file = readdirSync(folder).find(name => name.endsWith(suffix))
  if (downloaded.code !== 0 || !file)
    throw new CannotRun(`${download.join(' ')}: ${lastWords(downloaded)} (as root, ${remedy} may help)`)
  const unpacked = await run(unpack(`./${file}`), { cwd: folder })
  const program = PLACES.map(place => join(folder, place)).find(existsSync)
  if (unpacked.code !== 0 || !program) throw new CannotRun(`${file} has no busybox: ${lastWords(unpacked)}`)
  return busyboxContents(program, `package ${decodeURIComponent(file)}`)
}
