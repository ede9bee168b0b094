/**
 * A root file system compiled by Buildroot, with the tree in external/.
 */
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CannotRun, UsageError } from '../lib/errors.ts'
import { libcFunction } from '../lib/machine/libc.ts'
import { rootfsPath } from '../lib/mount/rootfs.ts'
import { fetchRelease } from './release.ts'
import { lastWords, type Outcome, run } from './run.ts'
import { EXTERNAL } from './skeleton.ts'

const libcFlock = libcFunction('int flock(int fd, int operation)')
/** `<sys/file.h>` */
const LOCK_EX = 2
const LOCK_NB = 4

const ARCHITECTURE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']

/** Keeps a second run out of the folder, until this process ends. @see flock(2) */
function lock(folder: string): void {
  const fd = openSync(join(folder, 'lock'), 'a')
  if (libcFlock(fd, LOCK_EX | LOCK_NB) !== 0)
    throw new CannotRun(`another run is building in ${folder}\nhint: let it finish`)
}

/** Checks a Buildroot tree that the user names. */
function checkSource(source: string): string {
  const directory = resolve(source)
  if (!existsSync(join(directory, 'support/kconfig')) || !existsSync(join(directory, 'Makefile')))
    throw new UsageError(`${directory} is no Buildroot tree\nhint: --buildroot alone downloads one`)
  return directory
}

async function make(directory: string, words: readonly string[], shown = false): Promise<Outcome> {
  // Some packages refuse to be built by root unless told so.
  const env = process.geteuid?.() === 0 ? { FORCE_UNSAFE_CONFIGURE: '1' } : {}
  const outcome = await run(['make', '-C', directory, ...words], { env, shown })
  if (outcome.code === 0) return outcome
  // The first complaint is the cause; make's later ones only say that it gave up.
  const [complaint] = /^.* \*\*\* .*$/m.exec(outcome.stderr) ?? [lastWords(outcome)]
  throw new CannotRun(`Buildroot stopped: ${complaint}${shown ? '\nhint: what it said before is above' : ''}`)
}

/**
 * Writes Buildroot's configuration, and makes sure that it has taken all of ours. Kconfig silently drops a line that it
 * does not know, so the configuration is turned back into a defconfig and compared.
 * @param source a Buildroot tree
 * @param output the directory of the build
 * @throws CannotRun at a warning or a difference
 */
export async function configure(source: string, output: string): Promise<void> {
  if (!ARCHITECTURE) throw new CannotRun(`external/configs has nothing for ${process.arch}`)
  const name = `containers_${ARCHITECTURE}_defconfig`
  const { stdout, stderr } = await make(source, [`O=${output}`, `BR2_EXTERNAL=${EXTERNAL}`, name])
  const [warning] = /^.*\bwarning:.*$/m.exec(stdout + stderr) ?? []
  if (warning) throw new CannotRun(`Buildroot does not accept ${name}: ${warning}`)
  const saved = join(output, 'saved_defconfig')
  await make(output, [`BR2_DEFCONFIG=${saved}`, 'savedefconfig'])
  const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n')
  const [ours, theirs] = [lines(join(EXTERNAL, 'configs', name)), lines(saved)]
  const lost = ours.filter(line => !theirs.includes(line))
  const added = theirs.filter(line => !ours.includes(line))
  if (lost.length + added.length > 0)
    throw new CannotRun(
      `this Buildroot reads ${name} otherwise: it drops [${lost.join(', ')}] and adds [${added.join(', ')}]`,
    )
}

/** What {@link build} has made. */
export interface Built {
  /** The archive; `undefined` where only the configuration was asked for. */
  readonly archive: string | undefined
  /** For the reader, `Buildroot 2026.02.3`. */
  readonly from: string
}

/**
 * Configures Buildroot and builds the archive. What it downloads and compiles stays, so a second run is quick.
 * @param source a tree of Buildroot's; the pinned release if `undefined`
 * @throws UsageError when `source` is no such tree; CannotRun when anything fails
 */
export async function build(source: string | undefined, configureOnly: boolean): Promise<Built> {
  const given = source === undefined ? undefined : checkSource(source)
  const work = join(dirname(rootfsPath()), 'work')
  mkdirSync(work, { recursive: true })
  lock(work)
  const directory = given ?? (await fetchRelease(work))
  const output = join(work, `output-${ARCHITECTURE}`)
  await configure(directory, output)
  const [, version] = /^export BR2_VERSION := (\S+)/m.exec(readFileSync(join(directory, 'Makefile'), 'utf8')) ?? []
  const from = `Buildroot ${version}`
  if (configureOnly) return { archive: undefined, from }
  await make(output, [`BR2_DL_DIR=${process.env['BR2_DL_DIR'] ?? join(work, 'dl')}`], true)
  return { archive: join(output, 'images/rootfs.tar'), from }
}
