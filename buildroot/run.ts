/**
 * Running other programs so that Ctrl-C ends them first and our own clean-up still happens.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const interruption = new AbortController()

/** A signal from the user or the terminal has asked for the end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** The exit code by which a shell reports the signal. */
  readonly exitCode: number

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/** From here on a signal that asks for an end makes {@link run} and {@link checkInterrupted} throw. */
export function catchSignals(): void {
  // Handled more than once, because npm passes on the same Ctrl-C that the terminal has sent already.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interruption.abort(new Interrupted(signal)))
}

/** Gives the handler of a signal that has arrived a chance to run. @throws Interrupted */
export async function checkInterrupted(): Promise<void> {
  await new Promise(setImmediate)
  interruption.signal.throwIfAborted()
}

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string
  /** Variables besides PATH, HOME and proxies, which are passed on. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether the user sees what it prints, on our stderr. */
  readonly shown?: boolean
}

/** A program's end and what it printed. */
export interface Outcome {
  /** Its exit code; 127 if it could not be started, -1 if a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Variables that other programs need; the rest of ours could change what they do. */
const KEPT = /^(PATH|HOME|TMPDIR|BR2_\w+|(https?|no|all|ftp)_proxy)$/i

/**
 * Runs a program to its end.
 * @param argv searched in PATH
 * @throws Interrupted, after the program has ended
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  await checkInterrupted()
  const [program, ...args] = argv as [string, ...string[]]
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name))
  const outcome = await new Promise<Outcome>(settle => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...Object.fromEntries(kept), LC_ALL: 'C', ...options.env },
      stdio: options.shown ? ['ignore', 2, 'pipe'] : ['ignore', 'pipe', 'pipe'],
    })
    const texts = { stdout: '', stderr: '' }
    child.stdout?.on('data', data => (texts.stdout += data))
    child.stderr?.on('data', data => {
      texts.stderr += data
      if (options.shown) process.stderr.write(data)
    })
    const stop = () => child.kill('SIGTERM')
    interruption.signal.addEventListener('abort', stop)
    const end = (code: number) => {
      interruption.signal.removeEventListener('abort', stop)
      settle({ code, ...texts })
    }
    child.on('error', error => {
      texts.stderr += error.message
      end(127)
    })
    child.on('close', code => end(code ?? -1))
  })
  await checkInterrupted()
  return outcome
}

/** The last line that a program printed, for an error of ours. */
export function lastWords({ stderr, code }: Outcome): string {
  return stderr.trim().split('\n').at(-1) || `it ended with ${code}`
}
