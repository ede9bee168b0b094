/**
 * Measurements drawn on a line of text.
 */

const WIDTH = 60
/** Distances of the marks on a scale, in seconds, and how many columns a mark takes. */
const DISTANCES = [1, 2, 5, 10, 30, 60, 300, 600, 3600]
const MARK = 8

/**
 * Draws when something happened: a column with a tick, or with several, is `|`, one without is `.`.
 * @param times moments in seconds
 * @param end the line goes from 0 to here, in seconds
 * @returns the line, and one below it with marks at whole seconds
 */
export function drawTicks(times: readonly number[], end: number): readonly [string, string] {
  const step = Math.max(0.05, end / WIDTH)
  const columns = Math.max(1, Math.round(end / step))
  const columnOf = (time: number) => Math.min(columns - 1, Math.max(0, Math.floor(time / step + 1e-6)))
  const ticks = new Set(times.map(columnOf))
  const strip = Array.from({ length: columns }, (_, i) => (ticks.has(i) ? '|' : '.')).join('')
  const distance = DISTANCES.find(each => each / step >= MARK) ?? end + 1
  const marks = Array.from({ length: Math.floor(end / distance) + 1 }, (_, i) => i * distance)
  const scale = marks.reduce((line, second) => `${line.padEnd(columnOf(second))}${second} s`, '')
  return [strip, scale]
}

/** Draws how much of something is used: `[#####.....]`. @param part from 0 to 1 */
export function drawBar(part: number, width = 40): string {
  const filled = Math.round(Math.min(1, Math.max(0, part)) * width)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`
}
