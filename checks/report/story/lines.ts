/**
 * A story as lines: what counts, one line an event, and what repeats itself folded into one with a count.
 */
import type { StoryEvent, Told } from '../../observer/story/event.ts'
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
}

/** How often lines have to repeat themselves before they are folded, and how many lines may be one repetition. */
const [FEWEST, LONGEST] = [3, 4]

/** What makes two lines alike: who they are of by program, and the same words but for numbers. */
const likeness = ({ program, text, line }: StoryLine) => [program, text.replace(/\d[\d,.]*/g, '0'), line].join('\n')

/** How often the `length` lines from `start` are repeated, themselves included. */
function repetitions(keys: readonly string[], start: number, length: number): number {
  let count = 1
  const isAlike = (at: number) =>
    at + length <= keys.length && Array.from({ length }, (_, i) => keys[at + i] === keys[start + i]).every(Boolean)
  while (isAlike(start + count * length)) count++
  return count
}

function foldedLine(first: StoryLine, last: StoryLine, count: number, length: number): StoryLine {
  const what = length === 1 ? 'the like of it' : `these ${length} lines`
  const text = length === 1 && first.event.what.kind === 'memory' ? `… ${last.text}` : `… ${what}`
  return { ...last, who: '', program: '', text: `${text}, ${count} ${count === 1 ? 'time' : 'times'} more` }
}

/** Folds lines that repeat themselves. */
export function fold(lines: readonly StoryLine[]): StoryLine[] {
  const keys = lines.map(likeness)
  const folded: StoryLine[] = []
  for (let at = 0; at < lines.length; ) {
    const lengths = Array.from({ length: LONGEST }, (_, i) => i + 1)
    const length = lengths.find(each => repetitions(keys, at, each) >= FEWEST)
    if (length === undefined) {
      folded.push(lines[at++] as StoryLine)
      continue
    }
    const count = repetitions(keys, at, length)
    const end = at + count * length
    folded.push(...lines.slice(at, at + length))
    folded.push(foldedLine(lines[at] as StoryLine, lines[end - 1] as StoryLine, count - 1, length))
    at = end
  }
  return folded
}

/** An echo that is answered is one line: whether, and after how long. */
function withAnswer(event: StoryEvent, replies: ReadonlyMap<string, StoryEvent>): string | undefined {
  const { what, time } = event
  if (what.kind !== 'packet' || what.echo !== 'request') return undefined
  const reply = replies.get(`${what.id}/${what.sequence}/${what.network}`)
  return reply ? `; answered after ${Math.max(0, reply.time - time).toFixed(2)} ms` : '; not answered'
}

function repliesOf(events: readonly StoryEvent[]): Map<string, StoryEvent> {
  return new Map(
    events.flatMap(event => {
      const { what } = event
      if (what.kind !== 'packet' || what.echo !== 'reply' || what.way !== 'in') return []
      return [[`${what.id}/${what.sequence}/${what.network}`, event]]
    }),
  )
}

/** How an event reads. */
function lineOf(event: StoryEvent, names: Names, more: string, line = event.line): StoryLine {
  const { time, who, what } = event
  const head = who ? { who: names.who(who), program: who.program } : { who: '', program: nobody(event) }
  return { time, ...head, text: `${inWords(what, names)}${more}`, ...(line !== undefined && { line }), event }
}

/** Every event as a line of its own. */
export function allLines(told: Told): StoryLine[] {
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
    return [lineOf(event, names, withAnswer(event, replies) ?? '')]
  })
}

/** The lines of a story as they are shown. */
export const storyLines = (told: Told, isWhole: boolean): StoryLine[] =>
  isWhole ? allLines(told) : fold(linesThatCount(told))
