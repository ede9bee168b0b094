/**
 * Signals by name, and wait statuses decoded.
 */
import { constants } from 'node:os'

/** A signal by its name or its number. */
export type Signal = NodeJS.Signals | number

const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))
// Node lists some numbers twice; these are the names signal(7) prefers.
NAMES.set(6, 'SIGABRT').set(29, 'SIGIO')

/** `signalName(9)` → `SIGKILL`. */
export function signalName(signal: number): string {
  return NAMES.get(signal) ?? `signal ${signal}`
}

/** `signalNumber('SIGKILL')` → 9; a number is given back. */
export function signalNumber(signal: Signal): number | undefined {
  return typeof signal === 'number' ? signal : constants.signals[signal]
}

/** How a process ended: by a code or by a signal, never both. */
export interface WaitStatus {
  /** The exit code, 0 to 255, or `null` if a signal ended it. */
  readonly code: number | null
  /** The signal by name, or `null` if it exited. */
  readonly signal: string | null
  /** Whether it left a core dump. */
  readonly coreDumped: boolean
}

/**
 * Decodes a wait status as the macros of sys/wait.h do (WEXITSTATUS, WTERMSIG, WCOREDUMP).
 * @param status `int wstatus` of a process that has ended
 */
export function decodeStatus(status: number): WaitStatus {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null, coreDumped: false }
  return { code: null, signal: signalName(signal), coreDumped: (status & 0x80) !== 0 }
}

/** `exit code 3` or `killed by SIGKILL`. */
export function describeStatus({ code, signal, coreDumped }: WaitStatus): string {
  return signal ? `killed by ${signal}${coreDumped ? ' (core dumped)' : ''}` : `exit code ${code}`
}

/** The same as the end of a sentence: `ended with exit code 3` or `was killed by SIGKILL`. */
export function describeEnd(status: WaitStatus): string {
  return `${status.signal ? 'was' : 'ended with'} ${describeStatus(status)}`
}

/** The exit code by which a shell reports an end: that of the process, or 128 and the number of the signal. */
export function shellCode({ code, signal }: WaitStatus): number {
  return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
}
