/**
 * Errors for readers: a failed system call, a wrong argument, and a machine that cannot run the program.
 */
import './machine/node-only.ts'
import { constants } from 'node:os'
import { getSystemErrorMap, inspect } from 'node:util'
import koffi from 'koffi'
import { commandOf } from './lab/commands.ts'
import { hintFor } from './lab/hints.ts'
import { placeLines } from './lab/own-places.ts'

/**
 * Exit codes of every program of this project: what was asked holds, or does not; wrong usage; the program itself failed,
 * which says nothing about what was asked (EX_SOFTWARE of sysexits.h); it cannot run on this machine.
 */
export const EXIT = { HOLDS: 0, FAILS: 1, USAGE: 2, FAULT: 70, CANNOT: 77 } as const

const strerror = koffi.load(null).func('const char *strerror(int errnum)') as unknown as (errno: number) => string

// For the numbers that libuv has no name for. Where Node lists two names for one number, the first is the usual one.
const OTHERS = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number as number, name]),
)

/** The name of an errno, `errnoName(1)` → `EPERM`. */
export function errnoName(errno: number): string {
  // Node calls it ENOTSUP, which on Linux is the same number; man pages and tools say what the kernel says.
  if (errno === constants.errno.EOPNOTSUPP) return 'EOPNOTSUPP'
  return getSystemErrorMap().get(-errno)?.[0] ?? OTHERS.get(errno) ?? `errno ${errno}`
}

/** What strerror(3) says of an errno. */
export function errnoText(errno: number): string {
  return strerror(errno)
}

/** One argument of a call as a reader wants to see it: a symbol stands for a constant and is printed bare. */
function show(value: unknown): string {
  if (typeof value === 'symbol') return value.description ?? ''
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return value.name || 'child'
  return value === null ? 'NULL' : String(value)
}

/**
 * A system call that failed, printed as `mount("proc", "/root/proc"): EPERM (Operation not permitted)` with a second
 * line `hint: …` where the errno alone misleads. Made by {@link syscallError} alone.
 */
export class SyscallError extends Error {
  override readonly name = 'SyscallError'
  /** The call, `mount`. */
  declare readonly syscall: string
  /** Its arguments, flags by name. */
  declare readonly args: readonly unknown[]
  /** The number of the error, positive. */
  declare readonly errno: number
  /** The name of the errno, `EPERM`. */
  declare readonly code: string
  /** What to do about it. */
  declare readonly hint: string | undefined

  constructor(syscall: string, args: readonly unknown[], errno: number, hint: string | undefined) {
    const code = errnoName(errno)
    super(`${syscall}(${args.map(show).join(', ')}): ${code} (${errnoText(errno)})${hint ? `\nhint: ${hint}` : ''}`)
    // Not enumerable: Node would print them all again after the message of an uncaught error.
    for (const [name, value] of Object.entries({ syscall, args, errno, code, hint }))
      Object.defineProperty(this, name, { value })
    this.#putStackOff()
  }

  /**
   * To say where in its sources a bundle has failed takes V8 milliseconds, and most of these errors are caught and never
   * shown: so the stack is written when somebody asks for it. Without the frames of lib/ the first place that a reader
   * sees is in their own file.
   */
  #putStackOff(): void {
    const here: { name: string; message: string; stack?: unknown } = { name: this.name, message: this.message }
    Error.captureStackTrace(here, syscallError)
    const put = (value: unknown) => Object.defineProperty(this, 'stack', { value, writable: true, configurable: true })
    const get = () => {
      const { stack } = here
      put(typeof stack === 'string' ? stack.replace(/\n\s+at .*\/lib\/(?:[\w-]+\/)*[\w-]+\.ts:.*/g, '') : stack)
      return this.stack
    }
    Object.defineProperty(this, 'stack', { get, set: put, configurable: true })
  }
}

/** The error for a call that failed with `errno`. The hint is that of `topic`, where the call alone says too little. */
export function syscallError(
  syscall: string,
  args: readonly unknown[],
  errno: number,
  topic: string = syscall,
): SyscallError {
  return new SyscallError(syscall, args, errno, hintFor(topic, errnoName(errno)))
}

/** A wrong word on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What this machine cannot do, with the reason and the remedy: exit code 77. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
}

/** A lab found something other than it relies on, and says so in one sentence: exit code 1 of a lab. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

/** The error for a wrong argument: it names the argument, what was expected and what arrived. */
export function argumentError(call: string, argument: string, expected: string, value: unknown): TypeError {
  const arrived = typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : show(value)
  return new TypeError(`${call}: ${argument} must be ${expected}, not ${arrived}`)
}

/** The name of the errno that an action fails with, `EROFS`; `undefined` if it does not fail. Other errors go on. */
export function refusalOf(action: () => void): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Node has codes of its own, such as ERR_INVALID_ARG_TYPE.
    if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) throw error
    return code
  }
}

/** Errors of a full or broken disk. They say nothing about what a program was asked. */
const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EIO: 'the disk cannot be read or written',
}

/** An error of node:fs that a full or broken disk has caused, said in a sentence; `undefined` for any other. */
function diskMessage(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof SyscallError) return undefined
  const { code = '', path } = error as NodeJS.ErrnoException
  const why = Object.hasOwn(DISK, code) ? DISK[code] : undefined
  return why && `${path === undefined ? '' : `${path}: `}${why} (${code})\nhint: make room for it, and start again`
}

/**
 * The exit code for an error.
 * @param otherwise the code for an error that has none of its own: EXIT.FAULT in a tool, EXIT.FAILS in a lab
 */
export function exitCodeOf(error: unknown, otherwise: number): number {
  if (error instanceof UsageError) return EXIT.USAGE
  if (error instanceof CannotRun) return EXIT.CANNOT
  return diskMessage(error) === undefined ? otherwise : EXIT.FAULT
}

/** The message for a failed command, as zx throws it: the command, its exit code, and all that it said. */
function commandMessage(error: Error): string | undefined {
  const { stdall, exitCode, signal } = error as { stdall?: unknown; exitCode?: unknown; signal?: unknown }
  if (typeof stdall !== 'string' || !(typeof exitCode === 'number' || typeof signal === 'string')) return undefined
  const { command, stack } = commandOf(error)
  const how = typeof exitCode === 'number' ? `exit code ${exitCode}` : `killed by ${signal}`
  const words = stdall.trim() === '' ? ['it said nothing'] : stdall.trim().split('\n')
  const head = `a command of the program failed (${how})${command === undefined ? '' : `: ${command}`}`
  return [head, ...words.map(line => `  ${line}`), ...placeLines(stack ?? '')].join('\n')
}

/** Errors whose message is a sentence of ours. */
const FOR_READERS = new Set(['SyscallError', 'UsageError', 'CannotRun', 'Unexpected', 'GateError', 'OpenTask'])
/** Errors that are about the command line or the machine, and not about a line of the program. */
const WITHOUT_PLACE = new Set(['UsageError', 'CannotRun', 'Unexpected'])

/**
 * A text for a thrown value that is no Error, or for an Error without a stack (Error.prepareStackTrace may remove it).
 */
function describeThrown(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // It has no toString method, or one that throws.
    return inspect(thrown)
  }
}

/** The message, with what helps where the error is one of node:fs. */
function messageOf(error: Error): string {
  if (FOR_READERS.has(error.name)) return error.message
  const { code = '', syscall } = error as NodeJS.ErrnoException
  const hint = syscall === undefined ? undefined : hintFor('', code)
  const text = error.message.startsWith(`${error.name}: `) ? error.message : `${error.name}: ${error.message}`
  return hint === undefined ? text : `${text}\nhint: ${hint}`
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `uncaught: ${describeThrown(error)}`
  const sentence = commandMessage(error) ?? diskMessage(error)
  if (sentence !== undefined) return sentence
  if (WITHOUT_PLACE.has(error.name)) return error.message
  const stack = typeof error.stack === 'string' ? error.stack : describeThrown(error)
  const places = placeLines(stack)
  // Without a line of a reader's own, an error that is no sentence of ours is for whoever maintains this.
  if (places.length === 0 && !FOR_READERS.has(error.name) && error.name !== 'TypeError') return stack
  return [error.name === 'TypeError' && places.length === 0 ? error.message : messageOf(error), ...places].join('\n')
}

/**
 * An error as a reader sees it: its message, and the line of their own file; the stack only where none of that is known. It never throws,
 * whatever has been thrown.
 */
export function describeError(error: unknown): string {
  try {
    return describe(error)
  } catch {
    return 'uncaught: something that cannot be shown'
  }
}
