/**
 * The C compiler of this machine, and what another one makes for another processor.
 */
import { join } from 'node:path'
import { buildShim, compilers } from '../../native/build.ts'
import { shimName } from '../../native/libc-name.mjs'
import { findProgram } from './find-program.ts'
import { ROOT } from './root.ts'

/** The path of the compiler that builds the shim; `undefined` if there is none. */
export const findCompiler = (): string | undefined =>
  compilers()
    .map(findProgram)
    .find(path => path !== undefined)

/**
 * Builds the shim for a Node of another processor, with glibc, beside the one for this Node, if there is none yet.
 * @param arch as Node calls it, `arm64`
 * @param compiler one that compiles for it, `aarch64-linux-gnu-gcc`
 * @throws Error without that compiler, or where native/ cannot be written
 */
export const crossCompileShim = (arch: string, compiler: string): string =>
  buildShim(join(ROOT, 'native'), shimName('glibc', arch), [compiler])
