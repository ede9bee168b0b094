/**
 * A seccomp filter, and then the program on the command line: from here on there is no mknod(2).
 */
import { execve } from '../../lib/exec.ts'
import { stopAtCalls } from '../../lib/trace/seccomp.ts'

// #region program
const [, , program = 'sh', ...words] = process.argv
stopAtCalls([], ['mknod', 'mknodat'])
execve(program, [program, ...words])
// #endregion program
