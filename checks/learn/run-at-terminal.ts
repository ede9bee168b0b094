/**
 * Running a program at our terminal, but with a controlling terminal of its own: Ctrl-C ends that program and no other.
 */
import { fork } from '../../lib/clone.ts'
import { execve } from '../../lib/exec.ts'
import { makeGate } from '../../lib/gate.ts'
import { openTerminal, relay, takeTerminal } from '../../lib/lab/pty.ts'
import { setWindowSize, windowSize } from '../../lib/lab/terminal.ts'
import { kill, setsid, waitpid } from '../../lib/process.ts'
import type { WaitStatus } from '../../lib/status.ts'

/**
 * Runs a program until it ends. Our terminal must not be raw, and nothing else may read it meanwhile.
 * @param words the program by its path, and its arguments
 * @returns how it ended; `undefined` if our terminal has been closed meanwhile
 * @throws SyscallError, Error where no terminal can be made
 */
export async function runAtTerminal(words: readonly string[], cwd: string): Promise<WaitStatus | undefined> {
  const { master, number } = openTerminal('/dev')
  setWindowSize(master, windowSize(0))
  const hasTerminal = makeGate()
  const pid = fork(() => {
    setsid()
    takeTerminal(`/dev/pts/${number}`)
    hasTerminal.open()
    process.chdir(cwd)
    execve(words[0] ?? '', words)
  })
  hasTerminal.wait()
  const isOursOpen = await relay(master, pid)
  if (!isOursOpen) kill(pid, 'SIGKILL')
  const status = waitpid(pid)
  return isOursOpen ? status : undefined
}
