/**
 * For tests: what a child saw, and what it printed.
 */
import { closeSync, readFileSync } from 'node:fs'
import { compilers } from '../../native/build.ts'
import { type Child, clone } from '../clone.ts'
import { SIGCHLD } from '../flags.ts'
import { pipe } from '../gate.ts'
import { dup2 } from '../machine/descriptors.ts'
import { findProgram } from '../machine/find-program.ts'
import { writeAll } from '../machine/output.ts'
import { waitpid } from '../process.ts'
import type { WaitStatus } from '../status.ts'

/** Reads a descriptor to its end and closes it. */
function drain(fd: number): string {
  const text = readFileSync(fd, 'utf8')
  closeSync(fd)
  return text
}

/** Runs `look` in a child cloned with `flags` and gives what it returned. */
export function inChild<T>(flags: number, look: () => T): T {
  const { readEnd, writeEnd } = pipe()
  const pid = clone(() => writeAll(writeEnd, JSON.stringify(look())), flags | SIGCHLD)
  closeSync(writeEnd)
  const text = drain(readEnd)
  const { code, signal } = waitpid(pid)
  if (code !== 0) throw new Error(`the child ended with ${signal ?? code}`)
  return JSON.parse(text) as T
}

/** Runs a child and gives all that it, and whatever it started, printed on descriptors 1 and 2. */
export function capture(flags: number, child: Child<undefined>): WaitStatus & { readonly output: string } {
  const { readEnd, writeEnd } = pipe()
  const pid = clone(() => {
    dup2(writeEnd, 1)
    dup2(writeEnd, 2)
    closeSync(readEnd)
    return child(undefined)
  }, flags | SIGCHLD)
  closeSync(writeEnd)
  const output = drain(readEnd)
  const { code, signal, coreDumped } = waitpid(pid)
  return { code, signal, coreDumped, output }
}

/** The error that `action` throws. */
export function thrownBy(action: () => unknown): Error & { code?: string; hint?: string } {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** The C compiler of this machine, the one that builds the shim. */
export const compiler = (): string => compilers().find(findProgram) as string

/** Where Debian has the kernel's headers of this machine; musl-gcc alone looks into musl's folder only. */
const KERNEL_HEADERS = ['/usr/include', `/usr/include/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`]

/** The compiler for the other C library, with its options. */
export const MUSL_COMPILER = ['musl-gcc', ...KERNEL_HEADERS.flatMap(folder => ['-idirafter', folder])]

/** Why there can be no test with musl. */
export const withoutMusl = !findProgram('musl-gcc') && 'musl-gcc is not installed'
