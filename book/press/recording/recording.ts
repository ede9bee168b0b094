/**
 * A recorded session as it stands in a chapter: what is typed, and under which conditions.
 */
import { type Fence, fences } from '../source/fences.ts'

/** How a session is to be run, and the lines that it has now. */
export interface Recording {
  /** The line of its opening fence. */
  readonly line: number
  /** The lines as they are in the chapter. */
  readonly body: readonly string[]
  /** The commands, in order. A command may go on in lines that begin with `> `. */
  readonly commands: readonly string[]
  /** What is typed at the program that the first command starts, line by line; only with `keys`. */
  readonly typed: readonly string[]
  /** Whether it is at a terminal. */
  readonly isAtTerminal: boolean
  /** Whether it is run by an ordinary user. */
  readonly isByUser: boolean
  /** The exit code that is right. */
  readonly exit: number
  /** A picture of the book, relative to `book/`. The commands draw it in `mine/`, under the same name. */
  readonly plot?: string
  /** The control groups of the machine that it is of: `v1`, `v2` or `hybrid`. */
  readonly groups?: string
  /** What is wrong with its description. */
  readonly fault?: string
}

const PROMPT = /^[\w.-]+:\S*[#$] (.*)$/
const WORD = /^(?:keys|user|exit=\d{1,3}|groups=(?:v1|v2|hybrid)|plot=pictures\/[\w.-]+\.svg)$/

function commandsOf(body: readonly string[]): string[] {
  const commands: string[] = []
  for (const [at, line] of body.entries()) {
    const before = body[at - 1] ?? ''
    if (line.startsWith('$ ')) commands.push(line.slice(2))
    else if (line.startsWith('> ') && /^[$>] /.test(before)) commands.push(`${commands.pop()}\n${line.slice(2)}`)
  }
  return commands
}

function recordingOf({ info, line, body, isClosed }: Fence): Recording | undefined {
  const [language, kind, ...words] = info.split(/\s+/)
  if (language !== 'console' || kind !== 'record') return undefined
  const value = (name: string) => words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1)
  const commands = commandsOf(body)
  const isAtTerminal = words.includes('keys')
  const typed = isAtTerminal ? body.flatMap(each => (each === '^C' ? '\x03' : (PROMPT.exec(each)?.[1] ?? []))) : []
  const unknown = words.find(word => !WORD.test(word))
  const fault = !isClosed
    ? 'the block is never closed'
    : unknown
      ? `${unknown} is no condition of a recording`
      : commands.length === 0
        ? 'no line begins with "$ ": there is nothing to run'
        : undefined
  const [plot, groups] = [value('plot'), value('groups')]
  return {
    line,
    body,
    commands: isAtTerminal ? commands.slice(0, 1) : commands,
    typed,
    isAtTerminal,
    isByUser: words.includes('user'),
    exit: Number(value('exit') ?? 0),
    ...(plot === undefined ? {} : { plot }),
    ...(groups === undefined ? {} : { groups }),
    ...(fault === undefined ? {} : { fault }),
  }
}

/** The recordings of a chapter. */
export const recordingsOf = (text: string): Recording[] => fences(text).flatMap(fence => recordingOf(fence) ?? [])
