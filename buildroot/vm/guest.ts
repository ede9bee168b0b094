/**
 * A guest that runs: QEMU as a child of ours that ends with us, and the lines to it.
 */
import { closeSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { fork } from '../../lib/clone.ts'
import { execve } from '../../lib/exec.ts'
import { closeAtExec, dup2, socketPair } from '../../lib/machine/descriptors.ts'
import { kill, setsid, waitpid } from '../../lib/process.ts'
import { CHANNELS, type Channel, type Plan, qemuArguments } from './qemu.ts'

/** How many characters of the guest's console, and of QEMU's messages, are kept for an error. */
const KEPT = 16_384

/** A running guest. */
export interface Guest {
  readonly channels: Readonly<Record<Channel, Socket>>
  /** The end of the guest's console, and what QEMU itself has said. */
  readonly last: { console: string; qemu: string }
  /** QEMU has ended. */
  readonly ended: Promise<void>
  /** Ends it at once. */
  readonly kill: () => void
}

/** The first of QEMU's descriptors that are channels to us. */
const FIRST = 100
const fdOf = (channel: Channel) => FIRST + CHANNELS.indexOf(channel)

/** Our end of a line. */
const lineTo = (fd: number) => new Socket({ fd, readable: true, writable: true })

function remember(line: Socket, last: Guest['last'], name: keyof Guest['last']): void {
  line.on('data', data => (last[name] = (last[name] + data.toString('latin1')).slice(-KEPT)))
  line.on('error', () => {})
}

/**
 * Starts a guest. QEMU runs in a clone of this process: so it is killed when this process ends, in whatever way, and
 * has the channels and no other descriptor of ours.
 */
export function startGuest(program: string, plan: Plan): Guest {
  const pairs = CHANNELS.map(channel => ({ channel, ends: socketPair() }))
  const [ourLog, theirLog] = socketPair()
  const argv = [program, ...qemuArguments(plan, fdOf)]
  const pid = fork(() => {
    // Keys such as Ctrl-C at our terminal are passed to the guest and must not end QEMU.
    setsid()
    closeAtExec()
    dup2(openSync('/dev/null', 'r'), 0)
    for (const standard of [1, 2]) dup2(theirLog, standard)
    for (const { channel, ends } of pairs) dup2(ends[1], fdOf(channel))
    execve(program, argv)
  })
  for (const fd of [theirLog, ...pairs.map(({ ends }) => ends[1])]) closeSync(fd)
  const channels = Object.fromEntries(pairs.map(({ channel, ends }) => [channel, lineTo(ends[0])]))
  return watch(pid, channels as Guest['channels'], lineTo(ourLog))
}

function watch(pid: number, channels: Guest['channels'], log: Socket): Guest {
  const last = { console: '', qemu: '' }
  let isOver = false
  remember(channels.console, last, 'console')
  remember(log, last, 'qemu')
  for (const line of Object.values(channels)) line.on('error', () => {})
  // Only QEMU has the other end.
  const ended = new Promise<void>(resolve => log.on('close', resolve)).then(() => {
    isOver = true
    waitpid(pid)
  })
  const end = () => {
    if (!isOver) kill(pid, 'SIGKILL')
  }
  return { channels, last, ended, kill: end }
}
