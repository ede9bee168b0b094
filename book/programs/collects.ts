/**
 * A clone with its heap, in a Node of any kind: what becomes of it when it has to collect garbage?
 */
import { shimFunction } from '../../lib/libc.ts'
import { _exit, getpid, waitpid } from '../../lib/process.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { describeStatus } from '../../lib/status.ts'

// #region program
const shimClone = shimFunction('long shim_clone(unsigned long flags, int cgroup)')

const pid = shimClone(SIGCHLD, -1)
if (pid === 0) {
  let list: object[] = []
  for (let i = 0; i < 5_000_000; i++) list = i % 100_000 ? [...list.slice(-9), { i }] : []
  _exit(7)
}
console.log(`The child ended with ${describeStatus(waitpid(pid))}.`)
// #endregion program
