/**
 * What `console.log` and `process.exit` mean in a child without an event loop. The wrappers are put in place once, in
 * the parent, so that a child has only to turn one switch: whatever it writes to, the kernel must copy first.
 */
import { writeAll } from '../io/output.ts'
import { _exit, getpid } from '../process.ts'
import { endStay } from './guest.ts'
import { findSignalLock } from './signal-lock.ts'

/** Whose life this process leads: its own, that of a copy, or that of a guest on the parent's heap. */
export type Life = 'own' | 'copy' | 'guest'

let life: Life = 'own'
let isPrepared = false

type Callback = (error?: Error | null) => void

/** A stream of this process; none where its descriptor is closed or somebody has taken it away. */
function streamOf(name: 'stdout' | 'stderr'): NodeJS.WriteStream | undefined {
  try {
    return typeof process[name].write === 'function' ? process[name] : undefined
  } catch {
    return undefined
  }
}

/** Makes a stream complete its writes before they return, in every life but its own. */
function wrapStream(name: 'stdout' | 'stderr', fd: number): void {
  const stream = streamOf(name)
  if (!stream) return
  // What reads our output has gone, as `| head` does: end as SIGPIPE would end us, had Node not switched it off.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(128 + 13)
    throw error
  })
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, done?: Callback): boolean => {
    if (life === 'own') return write(chunk, encoding, done)
    const isText = typeof chunk === 'string' && typeof encoding === 'string'
    writeAll(fd, isText ? Buffer.from(chunk, encoding) : chunk)
    const callback = typeof encoding === 'function' ? encoding : done
    callback?.()
    return true
  }
}

function wrapExit(): void {
  const exit = process.exit.bind(process)
  process.exit = code => {
    if (life === 'own') return exit(code)
    return _exit(Number(code ?? process.exitCode ?? 0) & 0xff)
  }
  const { reallyExit } = internals
  internals.reallyExit = code => (life === 'own' ? reallyExit.call(process, code) : _exit(code))
}

/** What Node has fixed at its start: `process.pid`, and with it whom `process.kill(process.pid)` strikes. */
function wrapPid(): void {
  Object.defineProperty(process, 'pid', { get: getpid, configurable: true, enumerable: true })
}

/** Behind process.exit, and called by some programs. */
const internals = process as unknown as { reallyExit(code: number): never }

/** Puts the wrappers in place, before the first clone. @returns whether it was the first time */
export function prepareLives(): boolean {
  if (isPrepared) return false
  isPrepared = true
  findSignalLock()
  wrapStream('stdout', 1)
  wrapStream('stderr', 2)
  wrapExit()
  wrapPid()
  return true
}

/** Says whose life this process leads from here on. @returns whose it was */
export function lead(next: Life): Life {
  const before = life
  life = next
  if (life === 'copy') endStay(undefined)
  return before
}
