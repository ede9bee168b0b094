/**
 * A curve with a limit above it, as SVG that reads well on light and on dark ground.
 */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { UsageError } from '../errors.ts'

/** What is drawn. */
export interface Plot {
  readonly title: string
  /** One value a step, from step 0. */
  readonly values: readonly number[]
  readonly limit: number
  readonly xLabel: string
  readonly yLabel: string
  /** What is said at the last value. */
  readonly ending: string
}

const [WIDTH, HEIGHT] = [640, 360]
const FRAME = { left: 76, right: 24, top: 44, bottom: 52 } as const
/** The colour roles of every picture: light, dark, and whichever a page asks for that the picture is part of. */
const LIGHT = '--ink:#1f2328; --line:#8c959f; --outside:#0969da; --alarm:#cf222e'
const DARK = '--ink:#e6edf3; --line:#6e7681; --outside:#58a6ff; --alarm:#ff7b72'
const STYLE = `
  :root, svg { ${LIGHT} }
  @media (prefers-color-scheme: dark) { :root:not([data-theme=light]), :root:not([data-theme=light]) svg { ${DARK} } }
  :root[data-theme=dark], :root[data-theme=dark] svg { ${DARK} }
  .word { font: 14px ui-sans-serif, system-ui, sans-serif; fill: var(--ink) } .title { font-weight: 600 }
  .axis, .grid { stroke: var(--line); fill: none } .grid { stroke-dasharray: 2 4; opacity: 0.5 }
  .curve { stroke: var(--outside); stroke-width: 2.5; fill: none } .dot { fill: var(--outside) }
  .limit { stroke: var(--alarm); stroke-width: 2; stroke-dasharray: 8 4 } .limit-text { fill: var(--alarm) }
`

const escapeXml = (text: string) => text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)
const round = (number: number) => number.toFixed(1)

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`
}

function text(kind: string, anchor: 'start' | 'middle' | 'end', x: number, y: number, words: string): string {
  return `<text class="word ${kind}" text-anchor="${anchor}" x="${round(x)}" y="${round(y)}">${escapeXml(words)}</text>`
}

/** The marks of a scale from 0 to `top`, at most six: their distance is 1, 2 or 5 times a power of ten. */
function marks(top: number, least: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(top, 1) / 5))
  const step = Math.max(least, [1, 2, 5, 10].map(factor => factor * power).find(each => top / each <= 5) ?? top)
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step)
}

/** Where values are on the sheet. */
interface Sheet {
  readonly x: (step: number) => number
  readonly y: (value: number) => number
  readonly last: number
  readonly top: number
}

function sheet({ values, limit }: Plot): Sheet {
  const last = Math.max(1, values.length - 1)
  const top = Math.max(limit, ...values) * 1.1
  return {
    last,
    top,
    x: step => FRAME.left + (step / last) * (WIDTH - FRAME.left - FRAME.right),
    y: value => HEIGHT - FRAME.bottom - (value / top) * (HEIGHT - FRAME.top - FRAME.bottom),
  }
}

function axes({ xLabel, yLabel }: Plot, { x, y, last, top }: Sheet): string[] {
  const [left, right, bottom] = [x(0), x(last), y(0)]
  const rows = marks(top, 1).flatMap(value => [
    line(value === 0 ? 'axis' : 'grid', left, y(value), right, y(value)),
    text('', 'end', left - 8, y(value) + 4, (value / 1e6).toLocaleString('en')),
  ])
  return [
    ...rows,
    ...marks(last, 1).map(step => text('', 'middle', x(step), bottom + 18, String(step))),
    text('', 'middle', (left + right) / 2, HEIGHT - 12, xLabel),
    `<text class="word" text-anchor="middle" transform="translate(18 ${round((y(top) + bottom) / 2)}) rotate(-90)">${escapeXml(yLabel)}</text>`,
  ]
}

/** Draws a plot. @returns a whole SVG document with a text alternative */
export function drawPlot(plot: Plot): string {
  const { title, values, limit, ending } = plot
  const at = sheet(plot)
  const dots = values.map((value, step) => [at.x(step), at.y(value)] as const)
  const [, endY = 0] = dots.at(-1) ?? []
  const summary = `${title}: from ${values[0]} to ${values.at(-1)} in ${values.length - 1} steps, limit ${limit}. ${ending}.`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(summary)}">`,
    `<title>${escapeXml(title)}</title><desc>${escapeXml(summary)}</desc><style>${STYLE}</style>`,
    text('title', 'start', at.x(0), 24, title),
    ...axes(plot, at),
    line('limit', at.x(0), at.y(limit), at.x(at.last), at.y(limit)),
    text('limit-text', 'start', at.x(0) + 6, at.y(limit) - 6, `limit: ${limit.toLocaleString('en')} bytes`),
    `<polyline class="curve" points="${dots.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}"/>`,
    ...dots.map(([x, y]) => `<circle class="dot" r="3" cx="${round(x)}" cy="${round(y)}"/>`),
    // Below the curve, which comes from the lower left.
    text('', 'end', WIDTH - FRAME.right, Math.min(endY + 72, at.y(0) - 8), ending),
    '</svg>',
    '',
  ].join('\n')
}

/** @throws UsageError when no file can be written there; nothing is written yet */
export function checkPlotFile(file: string): void {
  try {
    const there = statSync(file, { throwIfNoEntry: false })
    if (there?.isDirectory()) throw new UsageError(`--plot ${file}: that is a directory\nhint: name a file in it`)
    accessSync(there ? file : dirname(file), constants.W_OK)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--plot ${file}: no file can be written there\nhint: name one in a directory that is yours`)
  }
}

/** Draws the memory of a group, step after step, into a file. @param usages in bytes, from step 0 */
export function writePlot(file: string, usages: readonly number[], limit: number): void {
  const words = {
    title: 'Memory of the group',
    xLabel: 'step',
    yLabel: 'megabytes',
    ending: `killed in step ${usages.length}`,
  }
  writeFileSync(file, drawPlot({ ...words, values: usages, limit }))
}
