/**
 * Our own streams, connected to those of the guest's command: separately, or as one terminal.
 */
import { fstatSync } from 'node:fs'
import type { Socket } from 'node:net'
import { isatty } from 'node:tty'
import { rawTerminal } from '../../lib/lab/pty.ts'
import { windowSize } from '../../lib/lab/terminal.ts'
import type { Guest } from './guest.ts'
import type { Meeting } from './settings.ts'

/** Whether this process has a terminal, or an input to read. */
export function ownMeeting(): Meeting {
  const isTerminal = isatty(0) && isatty(1)
  return { window: isTerminal ? windowSize(0) : undefined, hasInput: isOpen(0) && !isNull(0) }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

const NULL_DEVICE = 0x103
const isNull = (fd: number) => fstatSync(fd).rdev === NULL_DEVICE

/** When all that a line brought has been handed on. */
function carry(line: Socket, to: NodeJS.WriteStream): Promise<void> {
  line.pipe(to, { end: false })
  return new Promise(resolve => line.on('close', () => to.write('', () => resolve())))
}

/** Connects our terminal to the guest's. @returns what restores ours, and a promise of the end of the output */
function tieTerminal({ terminal, control }: Guest['channels']) {
  const putBack = rawTerminal()
  const followSize = () => {
    const { rows, columns } = windowSize(0)
    control.write(`size ${rows} ${columns}\n`)
  }
  process.on('SIGWINCH', followSize)
  process.stdin.pipe(terminal)
  const over = carry(terminal, process.stdout)
  const untie = () => {
    process.off('SIGWINCH', followSize)
    process.stdin.unpipe(terminal)
    process.stdin.pause()
    putBack()
  }
  return { over, untie }
}

/**
 * Connects our streams to those of the guest's command, which has just been started.
 * @returns `over`, when all of its output has been passed on, and `untie`, which restores our terminal
 */
export function tie({ channels }: Guest, { window, hasInput }: Meeting) {
  if (window) return tieTerminal(channels)
  if (hasInput) process.stdin.pipe(channels.in)
  const over = Promise.all([carry(channels.out, process.stdout), carry(channels.err, process.stderr)]).then(() => {})
  return { over, untie: () => process.stdin.unpipe(channels.in).pause() }
}
