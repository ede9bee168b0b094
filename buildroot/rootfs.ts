/**
 * `npm run rootfs`: makes the root file system of lab 4. README.md says from what.
 */
import { relative } from 'node:path'
import { CannotRun, EXIT, UsageError } from '../lib/errors.ts'
import { choice, flag, helpLines, parseKnobs, path } from '../lib/lab/knobs.ts'
import { runTool } from '../lib/lab/lab.ts'
import { installHint } from '../lib/machine/packages.mjs'
import { ROOT } from '../lib/machine/root.ts'
import { rootfsPath } from '../lib/mount/rootfs.ts'
import { build } from './build.ts'
import { installedBusybox } from './busybox.ts'
import { type Contents, layContents, WAYS, type Way } from './contents.ts'
import { machineContents } from './machine.ts'
import { packagedBusybox } from './package.ts'
import { placeTree, type Record } from './place.ts'
import { catchSignals, Interrupted } from './run.ts'
import { layDev, laySkeleton } from './skeleton.ts'
import { unpackRootfs } from './unpack.ts'

const KNOBS = {
  from: choice(WAYS, undefined, `one way and no other: ${WAYS.join(', ')}`),
  output: path('DIRECTORY', `where it goes (${rootfsPath()})`),
  buildroot: flag('compiles it with Buildroot'),
  'configure-only': flag('with --buildroot: ends before anything is compiled'),
}

const HELP = [
  'Usage: npm run rootfs                              from busybox, in seconds',
  '       npm run rootfs -- --buildroot               compiled, from the release that is downloaded',
  '       npm run rootfs -- --buildroot DIRECTORY     compiled, with a Buildroot that is there',
  '',
  'As root it also makes device nodes; without, lab 4 borrows those of the machine.',
  '',
  'Options, with what they are otherwise in brackets:',
]

const REMEDY = `a static busybox would do: ${installHint(['busybox'])}`

const MAKERS: Readonly<{ [way in Way]: (scratch: string) => Promise<Contents> }> = {
  installed: installedBusybox,
  package: packagedBusybox,
  machine: machineContents,
}

/** The contents by the first way that works. */
async function findContents(ways: readonly Way[], scratch: string): Promise<Contents> {
  const reasons: string[] = []
  for (const way of ways) {
    try {
      return await MAKERS[way](scratch)
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error
      reasons.push(`  ${way}: ${error.message}`)
    }
  }
  throw new CannotRun(['no root file system can be made here:', ...reasons, `hint: ${REMEDY}`].join('\n'))
}

async function fromContents(tree: string, scratch: string, ways: readonly Way[]): Promise<Record> {
  const contents = await findContents(ways, scratch)
  laySkeleton(tree)
  layContents(tree, contents)
  const { from, files, missing = [], origin } = contents
  const isOwn = (source: string) => source.startsWith(import.meta.dirname)
  const origins = [...files].map(([path, source]) => [
    `/${path}`,
    isOwn(source) ? relative(ROOT, source) : (origin ?? source),
  ])
  return { from, devices: layDev(tree), files: Object.fromEntries(origins), missing }
}

async function fromArchive(tree: string, archive: string, from: string): Promise<Record> {
  await unpackRootfs(archive, tree)
  return { from, devices: layDev(tree), files: { '/': archive } }
}

function tell(directory: string, { from, devices, missing = [] }: Record): void {
  console.log(`${directory}: from ${from}`)
  if (missing.length > 0) console.log(`This machine has no ${missing.join(', ')}, so neither has the root file system.`)
  if (!devices) console.log('Device nodes take root: lab 4 will borrow those of the machine.')
}

function readCommandLine() {
  const args = process.argv.slice(2).flatMap(word => word.split(/(?<=^--buildroot)=/))
  const { values, help, words } = parseKnobs(KNOBS, args, 'any')
  const [source, ...more] = words
  if (source !== undefined && (!values.buildroot || more.length > 0))
    throw new UsageError(`unexpected argument ${more[0] ?? source}\nhint: try --help`)
  if (values.buildroot && values.from) throw new UsageError('--from and --buildroot are two ways: name one')
  if (values['configure-only'] && !values.buildroot) throw new UsageError('--configure-only goes with --buildroot')
  return { ...values, help, source }
}

async function main(): Promise<void> {
  const { from, output = rootfsPath(), buildroot, help, source, ...rest } = readCommandLine()
  if (help) return console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
  process.umask(0o022)
  catchSignals()
  const built = buildroot ? await build(source, rest['configure-only']) : undefined
  if (built && !built.archive) return console.log(`${built.from} accepts the configuration as it is`)
  const { directory, record } = await placeTree(output, (tree, scratch) =>
    built?.archive ? fromArchive(tree, built.archive, built.from) : fromContents(tree, scratch, from ? [from] : WAYS),
  )
  tell(directory, record)
}

await runTool(async () => {
  try {
    await main()
    process.exitCode = EXIT.HOLDS
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    process.stderr.write(`${error.message}: no root file system was changed\n`)
    process.exitCode = error.exitCode
  }
})
