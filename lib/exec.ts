/**
 * Turning the calling process into another program, and running a shell command: execve(2), execvp(3), system(3).
 */
import { accessSync, constants as fsConstants, statSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { isGuest, leave, pending } from './engine/guest.ts'
import { argumentError, type SyscallError, syscallError } from './errors.ts'
import { announce } from './machine/announce.ts'
import { checked, shimFunction } from './machine/libc.ts'
import { decodeStatus, type WaitStatus } from './status.ts'

const shimExecve = shimFunction('long shim_execve(const char *file, const char **argv, const char **envp, int search)')
const shimSystem = shimFunction('long shim_system(const char *command)')

/** An environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `NAME=value` strings, as execve(2) takes them. */
export function environmentStrings(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
}

function checkArgv(name: string, file: unknown, argv: unknown): void {
  if (typeof file !== 'string' || file === '') throw argumentError(name, 'the program', 'a path', file)
  if (!Array.isArray(argv) || !argv.every(word => typeof word === 'string')) {
    throw argumentError(name, 'argv', 'an array of strings', argv)
  }
}

/**
 * How an error names the execve(2) of a guest, a child on its parent's heap: C makes that call only after the guest has
 * left its JavaScript.
 */
let last: { readonly name: string; readonly shown: unknown[] } | undefined

/** The error of an execve(2) that C has tried for a guest. */
export const lastExecError = (errno: number): SyscallError =>
  syscallError(last?.name ?? 'execve', last?.shown ?? [], errno)

/** Where execvp(3) looks for a name. */
function candidates(file: string): string[] {
  if (file.includes('/')) return [file]
  return (process.env['PATH'] ?? '/bin:/usr/bin').split(delimiter).map(folder => join(folder || '.', file))
}

/** Checks that one of the paths is a file that may be executed. @throws SyscallError ENOENT, EACCES */
function checkProgram(name: string, paths: readonly string[], shown: unknown[]): void {
  const failures = paths.map(path => {
    try {
      accessSync(path, fsConstants.X_OK)
      return statSync(path).isFile() ? 0 : constants.errno.EACCES
    } catch (error) {
      return -((error as NodeJS.ErrnoException).errno ?? 0)
    }
  })
  if (failures.includes(0)) return
  throw syscallError(name, shown, failures.find(errno => errno === constants.errno.EACCES) ?? failures[0] ?? 0)
}

function exec(name: string, file: string, argv: readonly string[], env: Environment, search: boolean): never {
  checkArgv(name, file, argv)
  const shown = [file, Symbol(`[${argv.join(', ')}]`)]
  if (isGuest()) {
    const end = pending()
    if (end) throw end
    checkProgram(name, search ? candidates(file) : [file], shown)
    last = { name, shown }
  }
  announce(name)
  const result = shimExecve(file, [...argv, null], [...environmentStrings(env), null], search ? 1 : 0)
  checked(name, result, shown)
  if (isGuest()) leave(0)
  throw new Error(`${name} returned ${result}`)
}

/**
 * Replaces the calling process with a program; on success it does not return. Descriptors 0 to 2 stay open.
 * @param path `const char *pathname`, not searched in PATH
 * @param argv `char *const argv[]`, the first is the program's own name
 * @param env `char *const envp[]` as an object
 * @throws SyscallError ENOENT, EACCES, ENOEXEC, E2BIG; a child on its parent's heap (CLONE_VM) only the first two, and
 *   of the others, which show only when it has left its JavaScript, it dies
 * @see execve(2)
 */
export function execve(path: string, argv: readonly string[], env: Environment = process.env): never {
  return exec('execve', path, argv, env, false)
}

/**
 * As {@link execve}, but looks a name without a slash up in PATH and keeps the environment.
 * @throws SyscallError ENOENT, EACCES, ENOEXEC
 * @see exec(3)
 */
export function execvp(file: string, argv: readonly string[]): never {
  return exec('execvp', file, argv, process.env, true)
}

/**
 * Runs a shell command in a child of the calling process and waits for it, as C does: the caller ignores SIGINT and
 * SIGQUIT meanwhile.
 * @param command `const char *command`, given to `/bin/sh -c`
 * @returns how the shell ended; code 127 if it could not be started
 * @throws SyscallError EAGAIN
 * @see system(3)
 */
export function system(command: string): WaitStatus {
  if (typeof command !== 'string') throw argumentError('system', 'the command', 'a string', command)
  announce('clone')
  const result = shimSystem(command)
  // Where glibc gives the status of a shell that could not be started, musl gives the reason.
  const isUnstarted = [constants.errno.ENOENT, constants.errno.EACCES].includes(-result)
  return decodeStatus(isUnstarted ? 127 << 8 : checked('system', result, [command]))
}
