/**
 * A clone with its heap, in a Node of any kind: what becomes of it when it has to collect garbage?
 */
import { SIGCHLD } from '../../lib/flags.ts'
import { shimFunction } from '../../lib/machine/libc.ts'
import { _exit, waitpid } from '../../lib/process.ts'

// #region program
const shimClone = shimFunction('long shim_clone(unsigned long flags, int cgroup, ChildFunction *child)')

const pid = shimClone(SIGCHLD, -1, () => {
  for (let round = 0; round < 20; round++) {
    const kept: object[] = []
    for (let i = 0; i < 300_000; i++) kept.push({ i })
  }
  _exit(7)
})
console.log(`exit code ${waitpid(pid).code}`)
// #endregion program
