// fork(2) from an ordinary Node: what becomes of the child?
import koffi from 'koffi'

// #region program
const libc = koffi.load(null)
const fork = libc.func('int fork()')
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)')
const _exit = libc.func('void _exit(int status)')

const pid = fork()
if (pid === 0) _exit(7)
const status = [0]
waitpid(pid, status, 0)
console.log(`exit code ${status[0] >> 8}, killed by signal ${status[0] & 127}`)
// #endregion program
