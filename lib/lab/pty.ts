/**
 * A terminal of one's own, a pseudoterminal: what is written to its master is typed at it, and what programs print on
 * it is read from its master. pty(7)
 */
import { constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ReadStream } from 'node:tty'
import { dup2 } from '../machine/descriptors.ts'
import { closeQuietly } from '../machine/poll.ts'
import { keep } from '../tidy/keeper.ts'
import { statusField } from '../trace/proc.ts'
import {
  openPeer,
  rawSettings,
  setTerminal,
  setWindowSize,
  TIOCGPTN,
  TIOCSCTTY,
  TIOCSPTLCK,
  terminalIoctl,
  terminalSettings,
  windowSize,
} from './terminal.ts'

/**
 * Makes a terminal in a devpts file system.
 * @param devpts where it is mounted, `/dev/pts`; that of another mount namespace is `/proc/PID/root/dev/pts`
 * @returns the master, which never blocks, and the number of the terminal's own file in there
 * @throws Error ENOENT without devpts; SyscallError
 * @see pty(7), devpts(5)
 */
export function openTerminal(devpts: string): { readonly master: number; readonly number: number } {
  const master = openSync(join(devpts, 'ptmx'), constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  const number = Buffer.alloc(4)
  terminalIoctl(master, TIOCGPTN, 'TIOCGPTN', number)
  terminalIoctl(master, TIOCSPTLCK, 'TIOCSPTLCK', Buffer.alloc(4))
  return { master, number: number.readUInt32LE() }
}

/**
 * Makes a terminal the controlling terminal of the calling process, which leads a session without one, and its input,
 * output and error.
 * @param path the terminal's own file, `/dev/pts/0`
 * @throws Error ENOENT, EIO; SyscallError EPERM (no session leader, or one that has a terminal)
 * @see ioctl_tty(2) TIOCSCTTY
 */
export function takeTerminal(path: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  terminalIoctl(fd, TIOCSCTTY, 'TIOCSCTTY', Buffer.alloc(0))
  for (const standard of [0, 1, 2]) dup2(fd, standard)
  if (fd > 2) closeQuietly(fd)
}

/** Restores the settings of our terminal, unless another process has changed them since. */
function restore(before: Buffer, raw: Buffer, farewell: string): void {
  try {
    if (!terminalSettings(0).equals(raw)) return
    writeSync(0, farewell)
    setTerminal(0, before)
  } catch {
    // EIO: the terminal has been closed, and there is nothing to restore.
  }
}

/**
 * Makes our terminal (descriptor 0) raw, so that Ctrl-C and its like arrive as bytes and send no signal. However this
 * process ends, the terminal's settings are restored.
 * @param farewell what is printed on it then: escape sequences that undo those of the caller
 * @returns restores the terminal
 * @throws SyscallError ENOTTY when descriptor 0 is no terminal
 */
export function rawTerminal(farewell = ''): () => void {
  const before = terminalSettings(0)
  const raw = rawSettings(before)
  const keeper = keep(() => restore(before, raw, farewell), 0)
  setTerminal(0, raw)
  return () => {
    restore(before, raw, farewell)
    keeper.release()
  }
}

/** Whether a child is a zombie. */
const hasEnded = (pid: number) => statusField(pid, 'State')?.startsWith('Z') ?? true

/** Carries what is typed to the master and what is printed to us, until one of the two is closed. @returns whether ours is not */
async function carry(fd: number, master: ReadStream, pid: number): Promise<boolean> {
  const followSize = () => setWindowSize(fd, windowSize(0))
  followSize()
  process.on('SIGWINCH', followSize)
  process.stdin.pipe(master)
  master.pipe(process.stdout, { end: false })
  const hangUp = () => {
    if (hasEnded(pid)) closeQuietly(openPeer(fd, constants.O_RDWR | constants.O_NOCTTY))
  }
  let isGone = () => {}
  const isOursOpen = await new Promise<boolean>(resolve => {
    isGone = () => resolve(false)
    // The master reports a hang-up only once its terminal has been opened and closed again. A child that has ended
    // before it opened it never does that, so it is done here.
    process.on('SIGCHLD', hangUp)
    hangUp()
    // EIO: no process has that terminal open any more.
    for (const event of ['error', 'close', 'end']) {
      master.on(event, () => resolve(true))
      process.stdin.on(event, isGone)
    }
  })
  process.off('SIGWINCH', followSize)
  process.off('SIGCHLD', hangUp)
  for (const event of ['error', 'close', 'end']) process.stdin.off(event, isGone)
  process.stdin.unpipe(master)
  process.stdin.pause()
  return isOursOpen
}

/**
 * Connects our terminal (descriptors 0 and 1) to the master of another, until no process has that one open any more or
 * ours is closed. Ours is raw meanwhile, so that Ctrl-C and its like reach the other, whose window size follows ours.
 * However this process ends, the settings of ours are restored.
 * @param master closed afterwards
 * @param pid our child that works there: it may end before it has opened its terminal
 * @returns whether ours is still open
 * @throws SyscallError ENOTTY when descriptor 0 is no terminal
 */
export async function relay(master: number, pid: number): Promise<boolean> {
  const putBack = rawTerminal()
  const shell = new ReadStream(master)
  try {
    return await carry(master, shell, pid)
  } finally {
    putBack()
    shell.destroy()
  }
}
