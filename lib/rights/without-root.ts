/**
 * Doing without root: the same program once more, in a user namespace in which its user is root.
 */
import { readFileSync } from 'node:fs'
import { clone } from '../clone.ts'
import { execve } from '../exec.ts'
import { CLONE_NEWUSER, SIGCHLD } from '../flags.ts'
import { makeGate } from '../gate.ts'
import { getpid, kill, WNOHANG, waitpid } from '../process.ts'
import { shellCode, type WaitStatus } from '../status.ts'
import { readProc } from '../trace/proc.ts'
import { writeOwnIdMap } from './users.ts'

/** What ends a process that does not listen. What SIGHUP announces, a closed terminal, everybody hears for themselves. */
const ENDINGS = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const
/** A wait that only a child's end interrupts, in ms. */
const LONG = 2 ** 30

/** The words this process was started with, Node's own among them. */
const ownArguments = () => readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1)

/** Whether a key at the terminal would reach this process and its child alike. @see proc_pid_stat(5) */
function hasKeyboard(): boolean {
  const [, , group, , terminal, foreground] = (readProc('self', 'stat') ?? '').replace(/^.*\) /s, '').split(' ')
  return terminal !== '0' && group === foreground
}

/** Whether a signal came for this process alone, and its child has to hear of it. */
const isForUs = (signal: string) => signal === 'SIGTERM' || (signal !== 'SIGHUP' && !hasKeyboard())

/** Waits for a child and passes on to it what would end this process. */
function attend(child: number): Promise<WaitStatus> {
  return new Promise(resolve => {
    const patience = setInterval(() => {}, LONG)
    const passers = ENDINGS.map(signal => [signal, () => isForUs(signal) && kill(child, signal)] as const)
    const look = () => {
      const ended = waitpid(child, WNOHANG)
      if (ended.pid !== child) return
      clearInterval(patience)
      // One by one: removeAllListeners() stumbles over whoever removes a listener when another one goes.
      for (const [signal, pass] of passers) process.off(signal, pass)
      process.off('SIGCHLD', look)
      resolve(ended)
    }
    for (const [signal, pass] of passers) process.on(signal, pass)
    process.on('SIGCHLD', look)
    // It may have ended already.
    look()
  })
}

/** Ends the calling process as its child ended. */
function endLike(status: WaitStatus): never {
  const signal = ENDINGS.find(one => one === status.signal)
  if (signal) kill(getpid(), signal)
  return process.exit(shellCode(status))
}

/**
 * Starts the program anew in a user namespace, in which its user is root. The calling process waits for its end and ends
 * in the same way: the promise is never kept. The new process has the same arguments, environment, directory, terminal
 * and descriptors 0 to 2, and dies with this one.
 * @param flags further namespaces that are new: in those only may root in there do what root may
 * @throws SyscallError EPERM, ENOSPC; ask `probeUserNamespaces` first
 * @see user_namespaces(7)
 */
export async function continueInUserNamespace(flags: number): Promise<never> {
  const hasUsers = makeGate()
  const child = clone(
    () => {
      hasUsers.wait()
      execve(process.execPath, ownArguments())
    },
    CLONE_NEWUSER | flags | SIGCHLD,
  )
  writeOwnIdMap(child)
  hasUsers.open()
  return endLike(await attend(child))
}
