/**
 * The C compiler of this machine.
 */
import { compilers } from '../../native/build.ts'
import { findProgram } from '../lab/find-program.ts'

/** Its path, that of the one that builds the shim; `undefined` if there is none. */
export const findCompiler = (): string | undefined =>
  compilers()
    .map(findProgram)
    .find(path => path !== undefined)
