/**
 * A story as a picture: a lane for each process, time to the right, and below it what each number stands for.
 */
import type { StoryEvent, Told } from '../../observer/story/event.ts'
import type { LabReport } from '../report.ts'
import { lanesOf } from './lanes.ts'
import { type StoryLine, storyLines } from './lines.ts'
import { Looks, STYLE } from './looks.ts'
import { Names } from './names.ts'
import { Scale } from './scale.ts'
import { Cast } from './select.ts'
import { escapeXml, path, rectangle, text } from './shapes.ts'
import { Stage } from './stage.ts'

/** The picture's own measures, in pixels. */
const [WIDTH, SIDE, LEFT, TOP, PITCH, ROW] = [960, 18, 172, 86, 44, 17]
/** How much room a moment with a number takes, and one without. */
const [NUMBERED, BARE] = [19, 6]
/** Where the columns of the list begin, and how wide a character of it is. */
const [TIME_END, WHO, WORDS, CHARACTER] = [116, 128, 232, 7.23]
/** How far apart the times on the axis are at least. */
const TICKS = 72
/** How many lines are listed at most: a picture of more would be none. */
const MOST = 90

const seconds = (ms: number) => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`)

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

/** Where a pause was cut: two strokes through the axis, and how long it was. */
const pauses = (scale: Scale, bottom: number): string[] =>
  scale.pauses.flatMap(({ x, length }) => [
    path('sp', [
      [x - 5, TOP - 8],
      [x - 1, TOP - 18],
    ]),
    path('sp', [
      [x + 1, TOP - 8],
      [x + 5, TOP - 18],
    ]),
    text('ss', x, bottom + 14, `${seconds(length)} pass`, 'middle'),
  ])

function listRow({ time, who, program, text: words, line }: StoryLine, i: number, y: number, width: number): string[] {
  const room = Math.floor((width - WORDS - SIDE) / CHARACTER)
  const place = line === undefined ? '' : `  [${line}]`
  const all = `${who === '' ? '' : `${program}: `}${words}`
  const free = room - place.length
  const shown = all.length > free ? `${all.slice(0, Math.max(0, free - 1))}…` : all
  return [
    text('st', SIDE + 20, y, String(i + 1), 'end'),
    text('st', TIME_END, y, `${time.toFixed(1)} ms`, 'end'),
    text('st', WHO, y, who || (words.startsWith('…') ? '' : program)),
    `<text class="st" x="${WORDS}" y="${y}">${escapeXml(shown)}<tspan class="ss">${escapeXml(place)}</tspan></text>`,
  ]
}

/** The moments at which something is drawn. */
function moments(told: Told, numbered: ReadonlySet<number>, lives: ReadonlySet<number>) {
  const isShown = ({ order, what, who }: StoryEvent) =>
    numbered.has(order) || (who !== undefined && lives.has(who.pid) && ['birth', 'exit'].includes(what.kind))
  return told.events
    .filter(isShown)
    .map(({ order, time }) => ({ order, time, room: numbered.has(order) ? NUMBERED : BARE }))
}

/** The story of a lab as one SVG document. Its texts have been made harmless with the report that they come from. */
export function drawPicture({ number, title }: Pick<LabReport, 'number' | 'title'>, told: Told): string {
  const [names, cast, looks] = [new Names(told), new Cast(told), new Looks(told.namespaces)]
  const { lanes, left } = lanesOf(told, cast, names)
  const lines = storyLines(told, false).slice(0, MOST)
  const numbered = new Set(lines.map(({ event }) => event.order))
  const lives = new Set(lanes.flatMap(lane => lane.lives.map(({ pid }) => pid)))
  const scale = new Scale(moments(told, numbered, lives), LEFT + 14, WIDTH - LEFT - 14 - 2 * SIDE)
  const width = Math.max(WIDTH, Math.ceil(scale.end + 2 * SIDE))
  const stage = new Stage({ told, names, lanes, lines, scale, looks, top: TOP, pitch: PITCH, left: LEFT })
  const { shapes, bottom } = stage.draw()
  const legend = looks.legend.map(([look, meaning], i) => [
    rectangle(look, SIDE, bottom + 30 + i * ROW, 26, 12, 3),
    text('ss', SIDE + 34, bottom + 40 + i * ROW, meaning),
  ])
  const list = bottom + 30 + legend.length * ROW + 26
  const more = [
    ...(left > 0 ? [`${left} processes more have no lane.`] : []),
    ...(storyLines(told, false).length > MOST ? ['What came after that is not drawn.'] : []),
  ]
  const height = list + (lines.length + more.length) * ROW + 6
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
    ...pauses(scale, bottom),
    ...shapes,
    ...legend.flat(),
    ...lines.flatMap((line, i) => listRow(line, i, list + i * ROW, width)),
    ...more.map((words, i) => text('ss', WHO, list + (lines.length + i) * ROW, words)),
    '</svg>',
    '',
  ].join('\n')
}
