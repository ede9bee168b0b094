/**
 * The root file system of lab 4: where it is, and whether a shell can start in it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, type Stats, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { cloneExec } from '../clone-exec.ts'
import { CannotRun, SyscallError } from '../errors.ts'
import { isOurs, machineName, OUR_MACHINE, readElf } from '../machine/elf.ts'
import { ROOT } from '../machine/root.ts'
import { waitpid } from '../process.ts'
import { describeEnd } from '../status.ts'
import { resolveInside } from '../trace/inside.ts'
import { isWritable } from './writable.ts'

export { resolveInside } from '../trace/inside.ts'
export { bindDevices, DEVICES, deviceNumber, mknod } from './device-nodes.ts'

/** How a script begins. */
const SCRIPT = Buffer.from('#!')

/** What is wrong with the shell of a root file system. */
function shellFault(directory: string): string | undefined {
  const shell = resolveInside(directory, '/bin/sh')
  if (!shell) return 'it has no /bin/sh'
  const { mode } = statSync(shell)
  if (!statSync(shell).isFile()) return 'its /bin/sh is no file'
  if ((mode & 0o111) === 0) return 'its /bin/sh is not executable'
  const elf = readElf(shell)
  if (!elf) return readFileSync(shell).subarray(0, 2).equals(SCRIPT) ? undefined : 'its /bin/sh is no program'
  if (!isOurs(elf)) return `its /bin/sh is for ${machineName(elf.machine)}, and this machine is ${OUR_MACHINE}`
  if (elf.interpreter === undefined) return undefined
  const loader = resolveInside(directory, elf.interpreter)
  if (!loader || !statSync(loader).isFile()) return `its /bin/sh needs ${elf.interpreter}, which is not in it`
  return undefined
}

function directoryFault(stat: Stats | undefined, what: string): string | undefined {
  if (!stat) return `${what} is missing`
  return stat.isDirectory() ? undefined : `${what} is no directory`
}

function rootfsFault(directory: string): string | undefined {
  for (const name of ['dev', 'proc']) {
    const path = resolveInside(directory, name)
    const fault = directoryFault(path ? statSync(path) : undefined, `its /${name}`)
    if (fault) return fault
  }
  return shellFault(directory)
}

/**
 * Makes sure that a shell can start with `directory` as its root.
 * @throws CannotRun with the reason and the remedy
 */
export function checkRootfs(directory: string): void {
  const ours = directory === rootfsPath()
  const hint = ours
    ? 'hint: npm run rootfs'
    : `hint: npm run rootfs -- --output DIRECTORY makes one; without --root, a lab takes the project's own`
  let fault: string | undefined
  try {
    const stat = statSync(directory, { throwIfNoEntry: false })
    if (!stat) throw new CannotRun(`there is no root file system at ${directory}\n${hint}`)
    fault = stat.isDirectory() ? rootfsFault(directory) : 'it is no directory'
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    fault = `${path} cannot be read (${code})`
  }
  if (fault) throw new CannotRun(`${directory} is no usable root file system: ${fault}\n${hint}`)
}

/**
 * Starts the shell of a root file system once, without a task: only then a missing or broken loader or library shows.
 * Needs CAP_SYS_CHROOT.
 * @throws CannotRun with the reason and the remedy
 */
export function tryShell(directory: string): void {
  const hint = 'hint: npm run rootfs makes a new one'
  try {
    const status = waitpid(cloneExec(['/bin/sh', '-c', 'exit 0'], { root: directory, env: {} }))
    if (status.code !== 0) throw new CannotRun(`the shell of ${directory} ${describeEnd(status)}\n${hint}`)
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    throw new CannotRun(`the shell of ${directory} cannot be started: ${error.message.split('\n')[0]}\n${hint}`)
  }
}

/** Where the project's root file system is or will be: in the checkout, or in the user's cache where that is read-only. */
export function rootfsPath(): string {
  const folder = join(ROOT, 'buildroot')
  if (existsSync(join(folder, 'fs')) || isWritable(folder)) return join(folder, 'fs')
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'containers-from-clone', 'fs')
}

/**
 * The project's root file system, made now if there is none. One that is there but broken is left as it is.
 * @returns its path
 * @throws CannotRun with the reason and the remedy
 */
export function ensureRootfs(): string {
  const directory = rootfsPath()
  if (!lstatSync(directory, { throwIfNoEntry: false })) {
    const words = [
      // With threads of its own, Node 20 does not load TypeScript by a loader, as it has to where no bundle can be kept.
      '--single-threaded',
      '--v8-pool-size=1',
      '--enable-source-maps',
      join(ROOT, 'lib', 'engine', 'start.mjs'),
      join(ROOT, 'buildroot', 'rootfs.ts'),
    ]
    // Its messages go to standard error, because standard output is the lab's.
    const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new CannotRun('the root file system could not be made: the reason is above')
  }
  checkRootfs(directory)
  return directory
}

/**
 * A root file system in which a shell starts: `directory`, else `./fs` if there is one, else the project's own.
 * @throws CannotRun with the reason and the remedy
 */
export function usableRootfs(directory: string | undefined): string {
  const path = directory ?? (existsSync('fs') ? resolve('fs') : ensureRootfs())
  checkRootfs(path)
  tryShell(path)
  return path
}
