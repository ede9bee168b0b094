/**
 * Forks in the group that it is given until the kernel refuses.
 */
import { writeFileSync } from 'node:fs'
import { fork } from '../../lib/clone.ts'
import { kill, sleep, waitpid } from '../../lib/process.ts'

// #region program
writeFileSync(`${process.argv[2]}/cgroup.procs`, String(process.pid))
const children: number[] = []
try {
  for (;;) children.push(fork(() => sleep(60)))
} catch (error) {
  console.log((error as Error).message)
}
for (const pid of children) kill(pid, 'SIGKILL')
for (const pid of children) waitpid(pid)
// #endregion program
