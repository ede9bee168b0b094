/**
 * A story as a picture: a lane for each process, time to the right, and below it what each number stands for.
 */
import type { StoryEvent, Told } from '../../observer/story/event.ts'
import { lanesOf } from './lanes.ts'
import { storyLines } from './lines.ts'
import { listOf, ROW } from './list.ts'
import { Looks, STYLE } from './looks.ts'
import { Names } from './names.ts'
import { Scale } from './scale.ts'
import { Cast } from './select.ts'
import { escapeXml, path, rectangle, text } from './shapes.ts'
import { Stage } from './stage.ts'

/** The picture's own measures, in pixels. */
const [WIDTH, SIDE, LEFT, TOP, PITCH] = [960, 18, 172, 86, 44]
/** How much room a moment with a number takes, and one without. */
const [NUMBERED, BARE] = [19, 6]
/** How wide the length of a pause is. */
const PAUSE = 84
/** How far apart the times on the axis are at least. */
const TICKS = 72
/** How many moments have a place of their own. */
const MOMENTS = 400
/** How many lines are listed at most: a picture of more would be none. */
const MOST = 90

const seconds = (ms: number) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${Math.round(ms)} ms`)

/** The time above the lanes. */
function axis(scale: Scale, bottom: number): string[] {
  const shapes: string[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const { x, time } of scale.points) {
    if (x - last < TICKS) continue
    last = x
    shapes.push(
      path('sr', [
        [x, TOP - 22],
        [x, bottom],
      ]),
      text('ss', x, TOP - 28, seconds(time), 'middle'),
    )
  }
  return shapes
}

/** Where pauses were cut: two strokes through the axis, and how long each was; those that are close in several rows. */
function pauses(scale: Scale, bottom: number): { readonly shapes: readonly string[]; readonly rows: number } {
  const ends: number[] = []
  const shapes = scale.pauses.flatMap(({ x, length }) => {
    const free = ends.findIndex(end => end < x - PAUSE / 2)
    const row = free < 0 ? ends.length : free
    ends[row] = x + PAUSE / 2
    return [
      path('sp', [
        [x - 5, TOP - 8],
        [x - 1, TOP - 18],
      ]),
      path('sp', [
        [x + 1, TOP - 8],
        [x + 5, TOP - 18],
      ]),
      text('ss', x, bottom + 14 + row * 13, `${seconds(length)} pass`, 'middle'),
    ]
  })
  return { shapes, rows: ends.length }
}

/** The moments at which something is drawn. */
function moments(told: Told, numbered: ReadonlySet<number>, lives: ReadonlySet<number>) {
  const isShown = ({ order, what, who }: StoryEvent) =>
    numbered.has(order) || (who !== undefined && lives.has(who.pid) && ['birth', 'exit'].includes(what.kind))
  const shown = told.events.filter(isShown)
  // Of too many, those without a number are drawn where the last number was.
  return (shown.length > MOMENTS ? shown.filter(({ order }) => numbered.has(order)) : shown).map(({ order, time }) => ({
    order,
    time,
    room: numbered.has(order) ? NUMBERED : BARE,
  }))
}

/** Whose story it is. */
export interface Titled {
  readonly number: number
  readonly title: string
}

/** The story of a lab as one SVG document. Its texts have been made harmless with the report that they come from. */
export function drawPicture({ number, title }: Titled, told: Told): string {
  const [names, cast, looks] = [new Names(told), new Cast(told), new Looks(told.namespaces)]
  const { lanes, left } = lanesOf(told, cast, names)
  const all = storyLines(told, false)
  const lines = all.slice(0, MOST)
  const numbered = new Set(lines.map(({ event }) => event.order))
  const lives = new Set(lanes.flatMap(lane => lane.lives.map(({ pid }) => pid)))
  const scale = new Scale(moments(told, numbered, lives), LEFT + 14, WIDTH - LEFT - 14 - 2 * SIDE)
  const width = Math.max(WIDTH, Math.ceil(scale.end + 2 * SIDE))
  const stage = new Stage({ told, names, lanes, lines, scale, looks, top: TOP, pitch: PITCH, left: LEFT })
  const { shapes, bottom } = stage.draw()
  const cuts = pauses(scale, bottom)
  const below = bottom + 20 + cuts.rows * 13
  const legend = looks.legend.flatMap(([look, meaning], i) => [
    rectangle(look, SIDE, below + i * ROW, 26, 12, 3),
    text('ss', SIDE + 34, below + 10 + i * ROW, meaning),
  ])
  const notes = [
    ...(left > 0 ? [`${left} processes more are not drawn.`] : []),
    ...(all.length > MOST ? ['What came after that is not drawn.'] : []),
  ]
  const main = lanes[0]?.lives[0]?.program ?? ''
  const list = listOf(lines, notes, main, width, below + looks.legend.length * ROW + 24)
  const height = list.bottom + 6
  const heading = `Lab ${number}, ${title}: what happened`
  const spoken = lines.map(({ time, who, program, text: words }) => `${time.toFixed(1)} ms ${who} ${program}: ${words}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeXml(heading)}</title>`,
    `<desc>${escapeXml(`A lane for each process, time to the right. ${spoken.join(' · ')}`)}</desc>`,
    STYLE,
    rectangle('sg', 0.5, 0.5, width - 1, height - 1, 8),
    text('sh', SIDE, 30, heading),
    ...axis(scale, bottom),
    ...cuts.shapes,
    ...shapes,
    ...legend,
    ...list.shapes,
    '</svg>',
    '',
  ].join('\n')
}
