/**
 * The protocol with a guest: it says hello, is sent the settings and the command, and at last reports how that ended.
 */
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { CannotRun } from '../../lib/errors.ts'
import { Interrupted } from '../run.ts'
import type { Guest } from './guest.ts'

/** The guest failed before the command had ended. */
export class GuestFailed extends Error {
  override readonly name = 'GuestFailed'
}

/** The kernel printed nothing in time: KVM does not work here. */
export class NoSignOfLife extends Error {
  override readonly name = 'NoSignOfLife'
}

/** Bounds, in seconds; 0 is none. */
export interface Bounds {
  /** How long the guest may boot, and be silent. */
  readonly patience: number
  readonly timeout: number
  /** How long until the kernel's first words. */
  readonly firstWords: number
}

/** What is done when the guest reports something. */
export interface Handlers {
  readonly onStart: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LINES = 25
/** Escape sequences, which are meant for a terminal alone. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;?]*\\w`, 'g')

function lastLines(text: string): string {
  const lines = text.replaceAll('\r', '').replaceAll(COLOURS, '').trimEnd().split('\n')
  // The trace after that line can be longer than what is shown.
  const first = lines.slice(0, -LINES).find(line => /Kernel panic|BUG:|Oops/.test(line))
  return [...(first ? [first, '...'] : []), ...lines.slice(-LINES)].map(line => `  ${line}`).join('\n')
}

/** What went wrong, with what the guest said last. */
export function guestFailed(what: string, { last }: Guest): GuestFailed {
  const { console: text, qemu } = last
  const said = [
    qemu.trim() && `QEMU said:\n${lastLines(qemu)}`,
    text.trim() && `the end of its console:\n${lastLines(text)}`,
  ]
  return new GuestFailed([`vm: ${what}`, ...said.filter(Boolean)].join('\n'))
}

/** A timer that can be set again. */
function makeTimer(action: () => void) {
  let timer: NodeJS.Timeout | undefined
  const set = (seconds: number) => {
    clearTimeout(timer)
    if (seconds > 0) timer = setTimeout(action, seconds * 1000)
  }
  return { set, clear: () => clearTimeout(timer) }
}

/** How a conversation can end, and what has to be undone then. */
interface Ends {
  readonly resolve: (code: number) => void
  readonly reject: (error: Error) => void
  readonly undo: (() => void)[]
}

/** Signals to us, and a reader of our output who goes away. */
function watchOutside({ resolve, reject, undo }: Ends): void {
  for (const signal of SIGNALS) {
    const stop = () => reject(new Interrupted(signal))
    process.on(signal, stop)
    undo.push(() => process.off(signal, stop))
  }
  const onClosed = () => resolve(128 + constants.signals.SIGPIPE)
  process.stdout.on('error', onClosed)
  undo.push(() => process.stdout.off('error', onClosed))
}

/** The time that is left, to boot, between two words, and in all. @returns what to call at each of the guest's words */
function watchClock(guest: Guest, { patience, timeout, firstWords }: Bounds, { reject, undo }: Ends) {
  const failed = (what: string) => () => reject(guestFailed(what, guest))
  const boot = makeTimer(failed(`the guest did not boot in ${patience} s`))
  const silence = makeTimer(failed(`the guest has been silent for ${patience} s: it hangs`))
  const whole = makeTimer(failed(`the time is up: --timeout ${timeout}`))
  const first = makeTimer(() => reject(new NoSignOfLife('no sign of life')))
  undo.push(boot.clear, silence.clear, whole.clear, first.clear)
  boot.set(patience)
  whole.set(timeout)
  first.set(firstWords)
  guest.channels.console.on('data', () => hasSpoken(guest) && first.clear())
  return { onStart: boot.clear, onWord: () => silence.set(patience) }
}

/** Whether the kernel has begun. */
const hasSpoken = ({ last }: Guest) => last.console.includes('Linux version')

/**
 * Tells a guest what to do and waits for the end of the command.
 * @param settings the script it asks for
 * @returns the command's exit code; the guest may still run
 * @throws CannotRun, GuestFailed, NoSignOfLife, Interrupted
 */
export function converse(guest: Guest, settings: string, bounds: Bounds, { onStart }: Handlers): Promise<number> {
  const { control } = guest.channels
  const undo: (() => void)[] = []
  const conversation = new Promise<number>((resolve, reject) => {
    const ends = { resolve, reject, undo }
    let isStarted = false
    watchOutside(ends)
    const clock = watchClock(guest, bounds, ends)
    const hear: Record<string, (rest: string) => void> = {
      hello: () => control.write(`${Buffer.byteLength(settings)}\n${settings}`),
      started: () => {
        isStarted = true
        clock.onStart()
        onStart()
      },
      exit: code => resolve(Number(code)),
      fail: reason => reject(new CannotRun(`the guest cannot start: ${reason}`)),
    }
    const lines = createInterface(control)
    // ECONNRESET: QEMU has ended, which is reported below.
    lines.on('error', () => {})
    lines.on('line', line => {
      const [verb = '', rest = ''] = line.split(/ (.*)/)
      hear[verb]?.(rest)
      if (isStarted) clock.onWord()
    })
    guest.ended.then(() => {
      const when = isStarted ? 'before the command did' : 'before it had booted'
      const isMute = bounds.firstWords > 0 && !hasSpoken(guest)
      reject(isMute ? new NoSignOfLife('it ended') : guestFailed(`the guest ended ${when}`, guest))
    })
  })
  return conversation.finally(() => {
    for (const each of undo) each()
  })
}
