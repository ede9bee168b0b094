/**
 * Doing without root: starting the same program again in a user namespace in which its user is root.
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

/** The signals that end a process without a handler, and that this one handles until its child has ended. */
const ENDINGS = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const
/** The interval of a timer that only keeps the event loop alive, in ms. */
const LONG = 2 ** 30

/** The words this process was started with, Node's own among them. */
const ownArguments = () => readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1)

/**
 * Whether this process and its child are in the terminal's foreground process group, to which Ctrl-C sends its signal.
 * @see proc_pid_stat(5)
 */
function isInForeground(): boolean {
  const [, , group, , terminal, foreground] = (readProc('self', 'stat') ?? '').replace(/^.*\) /s, '').split(' ')
  return terminal !== '0' && group === foreground
}

/**
 * Whether a signal was sent to this process alone and has to be passed on. SIGHUP of a closed terminal reaches both.
 */
const mustBePassedOn = (signal: string) => signal === 'SIGTERM' || (signal !== 'SIGHUP' && !isInForeground())

/** Waits for a child, and passes on to it the signals that would end this process. */
function attend(child: number): Promise<WaitStatus> {
  return new Promise(resolve => {
    const patience = setInterval(() => {}, LONG)
    const passers = ENDINGS.map(signal => [signal, () => mustBePassedOn(signal) && kill(child, signal)] as const)
    const look = () => {
      const ended = waitpid(child, WNOHANG)
      if (ended.pid !== child) return
      clearInterval(patience)
      // One by one: removeAllListeners() fails where a `removeListener` listener removes another one itself.
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
 * Starts the program again in a user namespace, in which its user is root. The calling process waits for its end and
 * ends in the same way: the promise never settles. The new process has the same arguments, environment, directory,
 * terminal and descriptors 0 to 2, and dies with this one.
 * @param flags further new namespaces: root of the user namespace has its privileges only over these
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
