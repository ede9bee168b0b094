/**
 * What PID 1 has to do for orphans. With an argument it does it.
 */
import { clone, fork } from '../../lib/clone.ts'
import { CLONE_NEWPID, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { sleep, waitpid } from '../../lib/process.ts'
import { childrenOf, statusField } from '../../lib/trace/proc.ts'

// #region program
const [isReady, isSeen] = [makeGate(), makeGate()]

function reap(): void {
  try {
    for (;;) waitpid(-1)
  } catch {
    // ECHILD: none is left.
  }
}

const init = clone(() => {
  // A child's child is an orphan when that child has ended, and from then on it belongs to PID 1.
  for (let i = 0; i < 3; i++) waitpid(fork(() => void fork(() => 0)))
  sleep(0.2)
  if (process.argv[2]) reap()
  isReady.open()
  isSeen.wait()
}, CLONE_NEWPID | SIGCHLD)
isReady.wait()
const states = childrenOf(init).map(pid => statusField(pid, 'State'))
console.log(`children of PID 1: ${states.join(', ') || 'none'}`)
isSeen.open()
waitpid(init)
// #endregion program
