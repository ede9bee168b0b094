/**
 * Turning the calling process into another program, and running a shell command: execve(2), execvp(3), system(3).
 */
import { constants } from 'node:os'
import { checked, shimFunction } from './engine/libc.ts'
import { argumentError } from './errors.ts'
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

function exec(name: string, file: string, argv: readonly string[], env: Environment, search: boolean): never {
  checkArgv(name, file, argv)
  const result = shimExecve(file, [...argv, null], [...environmentStrings(env), null], search ? 1 : 0)
  checked(name, result, [file, Symbol(`[${argv.join(', ')}]`)])
  throw new Error(`${name} returned ${result}`)
}

/**
 * Replaces the calling process with a program; on success it does not return. Descriptors 0 to 2 stay open.
 * @param path `const char *pathname`, not searched in PATH
 * @param argv `char *const argv[]`, the first is the program's own name
 * @param env `char *const envp[]` as an object
 * @throws SyscallError ENOENT, EACCES, ENOEXEC, E2BIG
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
  const result = shimSystem(command)
  // Where glibc gives the status of a shell that could not be started, musl gives the reason.
  const isUnstarted = [constants.errno.ENOENT, constants.errno.EACCES].includes(-result)
  return decodeStatus(isUnstarted ? 127 << 8 : checked('system', result, [command]))
}
