/**
 * Reports to tsx that a signal is being handled. `tsx FILE` waits 30 ms for its child to say so and otherwise kills it,
 * even while its handler is at work. tsx's own preload says it; the process that replaces that child has to say it
 * instead. It also removes the socket of a tsx that was killed, because no other process knows whose it was.
 */
import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RELAYED = ['SIGINT', 'SIGTERM'] as const

/** The socket on which tsx, if it is the parent, listens. */
function socketPath(): string {
  return join(tmpdir(), `tsx-${process.geteuid?.()}`, `${process.ppid}.pipe`)
}

/** Removes the socket of a tsx that has ended before us: only if it is a socket, and no process has it open. */
function removeSocket(path: string): void {
  try {
    const isOpen = readFileSync('/proc/net/unix', 'utf8').includes(` ${path}\n`)
    if (!isOpen && lstatSync(path).isSocket()) rmSync(path)
  } catch {
    // ENOENT: our parent was no tsx, or has removed it itself.
  }
}

/** When the program ends, the socket of its tsx goes, too, if that one was killed meanwhile. */
export function tidyAfterTsx(): void {
  const [parent, path] = [process.ppid, socketPath()]
  process.on('exit', () => {
    if (process.ppid !== parent) removeSocket(path)
  })
}

/** One message as tsx reads it: its length in four bytes, then JSON. */
function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** From here on, whenever the program handles SIGINT or SIGTERM itself, it is reported to tsx at once. */
export function reportSignalsToTsx(): void {
  let socket: Socket | undefined
  const reports = new Map<string | symbol, () => void>()
  process.on('newListener', name => {
    const signal = RELAYED.find(relayed => relayed === name)
    if (!signal || reports.has(signal)) return
    socket ??= createConnection(socketPath())
      .on('error', () => {})
      .unref()
    const report = () => socket?.write(frame({ type: 'signal', signal }))
    const handled = () => {
      report()
      // tsx listens only once the same signal has reached itself, which may be a moment later.
      setTimeout(report, 10).unref()
    }
    reports.set(signal, handled)
    process.prependListener(signal, handled)
  })
  // Without a handler of the program's own the signal must end the program again.
  process.on('removeListener', name => {
    const handled = reports.get(name)
    if (!handled || process.listenerCount(name) > 1) return
    reports.delete(name)
    process.off(name, handled)
  })
}
