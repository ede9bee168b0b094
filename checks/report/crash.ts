/**
 * How a program failed, as it said itself: its own error, found among what it printed, so that it can be shown first.
 */
import { ROOT } from '../../lib/machine/root.ts'

/** An error that a program has printed. */
export interface Crash {
  /** The message, and the place in the program's own file. */
  readonly lines: readonly string[]
  /** The numbers of the lines of the program's own files that it names, the innermost first. */
  readonly places: readonly number[]
  /** All the other lines that it printed. */
  readonly rest: readonly string[]
}

/** How the message of an error begins: of JavaScript, of a call or a command of lib/, of Python. */
const ERROR = /^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception|Interrupt)\b.*|^uncaught: /
const CALL = /^[a-z]\w*\(.*\): E[A-Z0-9]+ \(/
const OURS = /^(?:gate: |a command of the program failed|task \d+\.\d+ is still open)/
const TRACEBACK = /^Traceback \(most recent call last\):/
/** Whether an error only says that somebody else has died. */
export const isAboutAnother = (message: string): boolean => message.startsWith('gate: it was closed')
/** A frame of a stack, a line of source that belongs to one, and what Node prints around them. */
const FRAME = /^\s+at (?:(?:async )?(.+?) \()?((?:file:\/\/)?[/.\w][^()]*?):(\d+):(\d+)\)?(?: \((\w+)\))?$/
const NAMELESS_FRAME = /^\s+at \S/
const SOURCE = /^\s+\d+ \| /
const NODE_ENDS = /^Node\.js v\d/
/** Frames that are nobody's own. */
const FOREIGN = /node:|\/node_modules\/|^(?:file:\/\/)?<|\bnative\b/
/** How many lines of a message are shown: a command may have said much. */
const MOST_MESSAGE = 8

const isOwn = (path: string) =>
  !FOREIGN.test(path) && !['lib', 'native', 'checks'].some(room => path.includes(`${ROOT}/${room}/`))

const shown = (path: string) => path.replace('file://', '').replace(`${ROOT}/`, '')

/** Where an error begins and ends, by the numbers of its lines. */
interface Part {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
  readonly places: readonly number[]
  /** Whether it only says that somebody else has died. */
  readonly isLater: boolean
}

/** How many own places are shown: the innermost, and who has called it. */
const MOST_PLACES = 2

/** The own places among the frames of an error, each with its source, if that was printed. */
function placesOf(frames: readonly string[]): { readonly lines: string[]; readonly places: number[] } {
  const all = frames.flatMap((frame, i) => {
    const [, name = '', path = '', line, column, own = name] = FRAME.exec(frame) ?? []
    if (line === undefined || !isOwn(path)) return []
    const source = SOURCE.test(frames[i + 1] ?? '') ? [frames[i + 1] as string] : []
    const who = /^[a-z]\w*$/i.test(own) ? ` (${own})` : ''
    return [{ text: [`    at ${shown(path)}:${line}:${column}${who}`, ...source], line: Number(line) }]
  })
  return { lines: all.slice(0, MOST_PLACES).flatMap(({ text }) => text), places: all.map(({ line }) => line) }
}

/** An error in JavaScript that begins in a line: its message goes on until its frames begin. */
function javaScriptAt(all: readonly string[], from: number): Part | undefined {
  const first = all[from] ?? ''
  const isOurs = CALL.test(first) || OURS.test(first)
  if (!isOurs && !ERROR.test(first)) return undefined
  const frames = all.findIndex((line, i) => i > from && NAMELESS_FRAME.test(line))
  const isHint = (line: string | undefined) => /^(hint: | {2}\S)/.test(line ?? '')
  let to = from + 1
  if (frames > 0 && all.slice(from + 1, frames).every(line => isHint(line) || !ERROR.test(line)) && frames - from < 30)
    to = frames
  else while (isHint(all[to])) to++
  const message = all.slice(from, to).filter(line => line.trim() !== '')
  const stack = to
  while (NAMELESS_FRAME.test(all[to] ?? '') || SOURCE.test(all[to] ?? '')) to++
  // A sentence that merely looks like an error has neither a place nor a hint.
  if (stack === to && !isOurs) return undefined
  if (CALL.test(first) && stack === to && !isHint(all[from + 1])) return undefined
  const { lines, places } = placesOf(all.slice(stack, to))
  const isLater = isAboutAnother(first)
  return { from, to: endOf(all, to), lines: [...message.slice(0, MOST_MESSAGE), ...lines], places, isLater }
}

/** Behind the frames Node prints the fields of an error, and its version. */
function endOf(all: readonly string[], to: number): number {
  const end = all.findIndex((line, i) => i >= to && i < to + 12 && NODE_ENDS.test(line))
  return end < 0 ? to : end + 1
}

/** Before an uncaught error Node prints where it is: a path, the line, a mark below it, and an empty line. */
function startOf(all: readonly string[], from: number): number {
  const before = all.slice(Math.max(0, from - 5), from)
  const head = before.findIndex(line => /^(?:file:\/\/)?\/.*:\d+$/.test(line))
  return head < 0 || !before.some(line => /^\s*\^+\s*$/.test(line)) ? from : from - before.length + head
}

/** A traceback of Python: the message is its last line, and the place above it. */
function pythonAt(all: readonly string[], from: number): Part | undefined {
  if (!TRACEBACK.test(all[from] ?? '')) return undefined
  const message = all.findIndex((line, i) => i > from && /^\S/.test(line))
  if (message < 0) return undefined
  const places = all.slice(from, message).flatMap((line, i) => {
    const [, path, number, name] = /^\s+File "(.+)", line (\d+)(?:, in (.+))?/.exec(line) ?? []
    if (path === undefined) return []
    const who = name === undefined || name.startsWith('<') ? '' : ` (${name})`
    const text = all[from + i + 1]?.trim() ?? ''
    return [[`    at ${shown(path)}:${number}${who}`, `    ${number} | ${text}`]]
  })
  const own = places.findLast(([where = '']) => !/\/(usr|opt)\/|<frozen/.test(where)) ?? []
  return { from, to: message + 1, lines: [all[message] as string, ...own], places: [], isLater: false }
}

/** The error that ended a program; of several the first that is none about another's death. */
export function crashIn(output: string): Crash | undefined {
  const all = output.trimEnd().split('\n')
  const parts: Part[] = []
  for (let i = 0; i < all.length; i++) {
    const part = pythonAt(all, i) ?? javaScriptAt(all, i)
    if (!part) continue
    parts.push(part)
    i = part.to - 1
  }
  const found = parts.find(({ isLater }) => !isLater) ?? parts[0]
  if (!found) return undefined
  // Where somebody waited in vain is not where the mistake is.
  const places = found.isLater ? [] : found.places
  return { lines: found.lines, places, rest: [...all.slice(0, startOf(all, found.from)), ...all.slice(found.to)] }
}
