/**
 * What a clone costs: the time until the child is born, and until the parent goes on.
 */
import { clone } from '../../lib/clone.ts'
import { CLONE_VFORK, CLONE_VM, SIGCHLD } from '../../lib/flags.ts'
import { waitpid } from '../../lib/process.ts'

// #region program
function median(flags: number): string {
  const times = Array.from({ length: 201 }, () => {
    const began = performance.now()
    waitpid(clone(() => 0, flags | SIGCHLD))
    return performance.now() - began
  })
  return `${times.sort((a, b) => a - b)[100]?.toFixed(1)} ms`
}

console.log(`a copy:           ${median(0)}`)
console.log(`on the same heap: ${median(CLONE_VM | CLONE_VFORK)}`)
// #endregion program
