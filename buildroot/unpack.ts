/**
 * Unpacking the archive that Buildroot has built, without trusting it: whatever its names and links say, nothing
 * outside the tree is written.
 */
import { chmodSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../lib/errors.ts'
import { lastWords, run } from './run.ts'

/**
 * GNU tar takes `/` and `..` off the front of names, and makes links that lead upwards or to the top only when all else is
 * unpacked. The tree is new, so a file that exists already comes from a second member of that name.
 */
const SAFELY = ['--keep-old-files', '--same-permissions', '--numeric-owner']
/** The archive's device nodes are left out, because they would need root; ours are made afterwards. */
const NO_NODES = ['--anchored', '--exclude=./dev/*', '--exclude=dev/*']

/** Every entry below a directory; links are not followed. */
function* entries(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    yield path
    if (entry.isDirectory()) yield* entries(path)
  }
}

/** Refuses devices, pipes and sockets; removes set-user-ID bits, which root inside does not need. */
function tidy(tree: string): void {
  for (const path of entries(tree)) {
    const stat = lstatSync(path)
    if (stat.isDirectory()) chmodSync(path, (stat.mode | 0o755) & 0o1777)
    else if (stat.isFile()) chmodSync(path, stat.mode & 0o777)
    else if (!stat.isSymbolicLink())
      throw new CannotRun(`the archive has a device, pipe or socket outside /dev: ${path.slice(tree.length)}`)
  }
}

/**
 * Unpacks a root file system into an empty directory, with an empty `/dev`.
 * @throws CannotRun when tar objects, or something is in it that a root file system must not have
 */
export async function unpackRootfs(archive: string, tree: string): Promise<void> {
  const owner = process.geteuid?.() === 0 ? '--same-owner' : '--no-same-owner'
  const outcome = await run(['tar', '--extract', '--file', archive, '--directory', tree, owner, ...SAFELY, ...NO_NODES])
  if (outcome.code !== 0) throw new CannotRun(`tar cannot unpack ${archive}: ${lastWords(outcome)}`)
  tidy(tree)
  for (const name of ['dev', 'etc']) {
    if (!lstatSync(join(tree, name), { throwIfNoEntry: false })?.isDirectory())
      throw new CannotRun(`${archive} has no directory /${name}`)
  }
}
