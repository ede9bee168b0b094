/**
 * The C library and the shim, through koffi. Every failed call becomes a {@link SyscallError}.
 */
import './node-only.ts'
import { constants } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import { buildShim, exitCodeOfBuild } from '../../native/build.ts'
import { syscallError } from '../errors.ts'
import { announce } from './announce.ts'
import { ROOT } from './root.ts'

/** A C function as koffi hands it out. */
export type NativeFunction = (...args: unknown[]) => number

const libc = koffi.load(null)
const shim = koffi.load(findShim())

/** Builds the shim if need be. This runs while the module is imported, where no caller could catch an error. */
function findShim(): string {
  try {
    return buildShim(join(ROOT, 'native'))
  } catch (error) {
    process.stderr.write(`${(error as Error).message.trimEnd()}\n`)
    return process.exit(exitCodeOfBuild(error))
  }
}

/** A function of the C library by its prototype, `libcFunction('int kill(int pid, int sig)')`. */
export function libcFunction(prototype: string): NativeFunction {
  return libc.func(prototype) as unknown as NativeFunction
}

/** A function of native/ by its prototype. It returns a value or -errno. */
export function shimFunction(prototype: string): NativeFunction {
  return shim.func(prototype) as unknown as NativeFunction
}

/** The type of a child function that C calls, `child_function` of native/shim.h. */
const ChildFunction = koffi.pointer(koffi.proto('void ChildFunction(int failed_exec)'))

/** A function that C may call as often as it likes, for as long as the process lives. */
export const childFunction = (child: (failed: number) => void): unknown => koffi.register(child, ChildFunction)

/** The errno of the call that has just failed. */
export const lastErrno = (): number => koffi.errno()

/**
 * Calls a C function that returns -1 for failure.
 * @param name the call, as an error prints it
 * @param native the function
 * @param args its arguments; `shown` replaces them in an error where a pointer would say nothing
 * @param topic whose hint an error bears, where the call alone says too little
 * @throws SyscallError
 */
export function call(
  name: string,
  native: NativeFunction,
  args: unknown[],
  shown: unknown[] = args,
  topic: string = name,
): number {
  announce(name)
  return ask(name, native, args, shown, topic)
}

/**
 * As {@link call}, for a call that changes nothing, so that a story has nothing to tell of it.
 * @throws SyscallError
 */
export function ask(
  name: string,
  native: NativeFunction,
  args: unknown[],
  shown: unknown[] = args,
  topic: string = name,
): number {
  const result = native(...args)
  if (result < 0) throw syscallError(name, shown, lastErrno(), topic)
  return result
}

/**
 * As {@link call}, for a call that returns a value or -errno, as those of native/ do.
 * @throws SyscallError
 */
export function checked(name: string, result: number, shown: unknown[]): number {
  if (result < 0) throw syscallError(name, shown, -result)
  return result
}

/** As {@link call}, but starts again when a signal interrupts (EINTR). */
export function callUninterrupted(name: string, native: NativeFunction, args: unknown[], shown?: unknown[]): number {
  for (;;) {
    const result = native(...args)
    if (result >= 0) return result
    const errno = lastErrno()
    if (errno !== constants.errno.EINTR) throw syscallError(name, shown ?? args, errno)
  }
}
