/** Right: TypeScript, where 3 and 4 wait at a gate each, and PID 1 learns the number outside as the argument of its child. */
import { clone, fork } from '../../../../lib/clone.ts'
import { SyscallError } from '../../../../lib/errors.ts'
import { CLONE_NEWPID, SIGCHLD } from '../../../../lib/flags.ts'
import { type Gate, makeGate } from '../../../../lib/gate.ts'
import { getpid, kill, waitpid } from '../../../../lib/process.ts'

function findsNobody(pid: number): boolean {
  try {
    kill(pid, 'SIGKILL')
    return false
  } catch (error) {
    return error instanceof SyscallError && error.code === 'ESRCH'
  }
}

function waiting(gate: Gate): number {
  return fork(() => gate.wait())
}

function init(outside: number): number {
  const gates = [makeGate(), makeGate(), makeGate()]
  const [second, third, fourth] = gates.map(waiting)
  if (second !== 2 || third !== 3 || fourth !== 4 || !findsNobody(outside)) return 1
  kill(second, 'SIGKILL')
  waitpid(second)
  for (const gate of gates.slice(1)) gate.open()
  return waitpid(fourth).code === 0 && waitpid(third).code === 0 ? 0 : 1
}

const { code } = waitpid(clone(init, CLONE_NEWPID | SIGCHLD, getpid()))
process.exitCode = code ?? 1
