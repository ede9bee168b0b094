/**
 * A story as lines: what counts, one line an event, and what repeats itself folded into one with a count.
 */
import { basename } from 'node:path'
import type { Of, StoryEvent, Told } from '../../observer/story/event.ts'
import { Names, nobody } from './names.ts'
import { Cast, counts } from './select.ts'
import { inWords } from './words.ts'

/** One line. */
export interface StoryLine {
  /** Milliseconds since the program's birth. */
  readonly time: number
  /** `9751/1`: the number outside, and inside if it has another there. */
  readonly who: string
  readonly program: string
  readonly text: string
  /** `labs/02-newpid.ts:72` */
  readonly line?: string
  readonly event: StoryEvent
  /** Of a line that stands for several: for how many. */
  readonly folds?: number
}

/** How often lines have to repeat themselves before they are folded: those of one process, and of several. */
const FEWEST = { one: 4, several: 8 } as const
/** How many lines may be one repetition. */
const LONGEST = 4

const masked = (text: string) => text.replace(/\d[\d,.]*/g, '0')
/** What makes two lines alike: who they are of, and the same words but for numbers. */
const ofOne = ({ who, program, text, line }: StoryLine) => [who, program, masked(text), line].join('\n')
const ofSeveral = ({ program, text, line }: StoryLine) => [program, masked(text), line].join('\n')

/** How often the `length` lines from `start` are repeated, themselves included. */
function repetitions(keys: readonly string[], start: number, length: number): number {
  let count = 1
  const isAlike = (at: number) =>
    at + length <= keys.length && Array.from({ length }, (_, i) => keys[at + i] === keys[start + i]).every(Boolean)
  while (isAlike(start + count * length)) count++
  return count
}

function foldedLine(last: StoryLine, count: number, length: number): StoryLine {
  const what = last.event.what.kind === 'memory' ? last.text : length === 1 ? 'the like' : `these ${length} lines`
  const more = `… ${what}, ${count} ${count === 1 ? 'time' : 'times'} more`
  return { ...last, who: '', program: '', text: more, folds: count * length }
}

function foldBy(lines: readonly StoryLine[], keyOf: (line: StoryLine) => string, fewest: number): StoryLine[] {
  const keys = lines.map(keyOf)
  const folded: StoryLine[] = []
  for (let at = 0; at < lines.length; ) {
    const lengths = Array.from({ length: LONGEST }, (_, i) => i + 1)
    const length = lengths.find(each => repetitions(keys, at, each) >= fewest)
    if (length === undefined) {
      folded.push(lines[at++] as StoryLine)
      continue
    }
    const count = repetitions(keys, at, length)
    const end = at + count * length
    folded.push(...lines.slice(at, at + length), foldedLine(lines[end - 1] as StoryLine, count - 1, length))
    at = end
  }
  return folded
}

/** Folds lines that repeat themselves. */
export const fold = (lines: readonly StoryLine[]): StoryLine[] =>
  foldBy(foldBy(lines, ofOne, FEWEST.one), ofSeveral, FEWEST.several)

/** An echo that is answered is one line. */
function withAnswer({ what }: StoryEvent, replies: ReadonlySet<string>): string {
  if (what.kind !== 'packet' || what.echo !== 'request') return ''
  return replies.has(echoKey(what)) ? '; it is answered' : '; no answer comes'
}

const echoKey = ({ id, sequence, network, echo, source, target }: Of<'packet'>) =>
  [id, sequence, network, echo === 'request' ? source : target].join()

/** The echoes of which a reply has come back to where they left. */
const repliesOf = (events: readonly StoryEvent[]): Set<string> =>
  new Set(
    events.flatMap(({ what }) =>
      what.kind === 'packet' && what.echo === 'reply' && what.way === 'in' ? [echoKey(what)] : [],
    ),
  )

/** How an event reads. */
function lineOf(event: StoryEvent, names: Names, more: string, line = event.line): StoryLine {
  const { time, who } = event
  const head = who ? { who: names.who(who), program: who.program } : { who: '', program: nobody(event) }
  return { time, ...head, text: `${inWords(event, names)}${more}`, ...(line !== undefined && { line }), event }
}

/** Every event as a line of its own. */
function allLines(told: Told): StoryLine[] {
  const names = new Names(told)
  return told.events.map(event => lineOf(event, names, ''))
}

/** The lines that count. */
export function linesThatCount(told: Told): StoryLine[] {
  const [names, cast, replies] = [new Names(told), new Cast(told), repliesOf(told.events)]
  return told.events.flatMap(event => {
    if (!counts(event, told, cast)) return []
    const { what, who } = event
    // It stands in the line of its request.
    if (what.kind === 'packet' && what.echo === 'reply') return []
    const starter = what.kind === 'exec' && who ? cast.starterOf(who.pid) : undefined
    if (starter?.who) return [lineOf(event, names, `, started by ${names.both(starter.who.pid)}`, starter.line)]
    // What its loader is told says nothing of the program itself.
    if (what.kind === 'exec' && who?.pid === told.program && /^node/.test(basename(what.file)))
      return [{ ...lineOf(event, names, ''), text: `starts, in ${basename(what.file)}` }]
    return [lineOf(event, names, withAnswer(event, replies))]
  })
}

/** The lines of a story as they are shown. */
export const storyLines = (told: Told, isWhole: boolean): StoryLine[] =>
  isWhole ? allLines(told) : fold(linesThatCount(told))
