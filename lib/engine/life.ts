/**
 * What `console.log` and `process.exit` do in a child without an event loop. The wrappers are installed once, in the
 * parent, so that a child has to change only one variable: each page that it writes to, the kernel has to copy first.
 */
import { writeAll } from '../machine/output.ts'
import { _exit, getpid } from '../process.ts'
import { isGuest } from './guest.ts'
import { findSignalLock } from './signal-lock.ts'

let isCopy = false

/** Whether this process is an ordinary Node: neither a copy of its parent nor a guest on its parent's heap. */
const isOrdinary = () => !isCopy && !isGuest()

type Callback = (error?: Error | null) => void

/** A stream of this process; `undefined` where its descriptor is closed or the program has replaced it. */
function streamOf(name: 'stdout' | 'stderr'): NodeJS.WriteStream | undefined {
  try {
    return typeof process[name].write === 'function' ? process[name] : undefined
  } catch {
    return undefined
  }
}

/** Makes the writes of a stream synchronous in a copy and in a guest. */
function wrapStream(name: 'stdout' | 'stderr', fd: number): void {
  const stream = streamOf(name)
  if (!stream) return
  // The reader of the output has closed it, as `| head` does: end as by SIGPIPE, which Node ignores.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(128 + 13)
    throw error
  })
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, done?: Callback): boolean => {
    if (isOrdinary()) return write(chunk, encoding, done)
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
    if (isOrdinary()) return exit(code)
    return _exit(Number(code ?? process.exitCode ?? 0) & 0xff)
  }
  const { reallyExit } = internals
  internals.reallyExit = code => (isOrdinary() ? reallyExit.call(process, code) : _exit(code))
}

/** Makes `process.pid` a getter, because Node fixes the number at its start, and in a child it is another. */
function wrapPid(): void {
  Object.defineProperty(process, 'pid', { get: getpid, configurable: true, enumerable: true })
}

/** The function that process.exit calls, and that some programs call themselves. */
const internals = process as unknown as { reallyExit(code: number): never }

/**
 * What has not been installed yet. A step that is cut short, by the end of the stack or by V8 (the `timeout` of
 * node:vm), comes again before the next clone; to do one twice changes nothing. With a step missing, a copy would call
 * Node's own `process.exit`, which waits for threads that no copy has.
 */
const steps = [findSignalLock, () => wrapStream('stdout', 1), () => wrapStream('stderr', 2), wrapExit, wrapPid]

/** Installs the wrappers, where that has not been done. To be called before every clone. */
export function prepareLives(): void {
  for (let step = steps[0]; step; step = steps[0]) {
    step()
    steps.shift()
  }
}

/** Sets whether this process is a copy of its parent, from here on. */
export function beCopy(yes: boolean): void {
  isCopy = yes
}
