/**
 * Starting a program in new namespaces without a copy of this process: clone and execve in C.
 */
import { argumentError } from './errors.ts'
import { type Environment, environmentStrings } from './exec.ts'
import { CLONE_SIGHAND, CLONE_THREAD, flagSymbol, SIGCHLD } from './flags.ts'
import { announce } from './machine/announce.ts'
import { checked, shimFunction } from './machine/libc.ts'

const shimCloneExec = shimFunction(
  'long shim_clone_exec(unsigned long flags, const char *file, const char **argv, const char **envp, ' +
    'const char *cwd, const char *root, _Out_ const char **failed)',
)

/** How {@link cloneExec} starts its program. */
export interface CloneExecOptions {
  /** CLONE_NEW… flags, `int flags`; SIGCHLD is added. */
  readonly flags?: number
  /** The environment; the caller's by default. */
  readonly env?: Environment
  /** The working directory, inside `root`. */
  readonly cwd?: string
  /** A directory to chroot(2) into first. */
  readonly root?: string
}

/**
 * Starts a program in a child of the calling process. No page tables are copied: the child borrows the caller's memory
 * until execve, as posix_spawn(3) does. It is killed when the caller dies, and it inherits descriptors 0 to 2.
 * @param argv the program (searched in PATH unless it has a slash) and its arguments
 * @returns the child's PID
 * @throws SyscallError of the call that failed: clone (EPERM, EINVAL), chroot, chdir or execve (ENOENT, EACCES)
 * @see clone(2), execve(2), vfork(2)
 */
export function cloneExec(argv: readonly string[], options: CloneExecOptions = {}): number {
  const [file] = argv
  if (!file) throw argumentError('cloneExec', 'argv', 'a program and its arguments', argv)
  const flags = ((options.flags ?? 0) | SIGCHLD) >>> 0
  if ((flags & (CLONE_THREAD | CLONE_SIGHAND)) !== 0) {
    throw new TypeError('cloneExec: CLONE_THREAD and CLONE_SIGHAND make threads, and a program needs a process')
  }
  const { env = process.env, cwd = null, root = null } = options
  const failed: [string | null] = [null]
  const strings = [...environmentStrings(env), null]
  announce('clone')
  const result = shimCloneExec(flags, file, [...argv, null], strings, cwd, root, failed)
  const shown = { chroot: [root], chdir: [cwd], execve: [file] }[failed[0] ?? ''] ?? [file, flagSymbol(flags)]
  return checked(failed[0] ?? 'clone', result, shown)
}
