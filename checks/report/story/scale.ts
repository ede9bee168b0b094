/**
 * The time of a picture: it runs to the right, what is close together is spread so that it can be told apart, and a long
 * pause is cut.
 */

/** A moment that something is drawn at. */
export interface Point {
  /** The place of its event in the story. */
  readonly order: number
  /** Milliseconds. */
  readonly time: number
  /** How much room it needs to the left of it, in pixels. */
  readonly room: number
}

/** A pause that was cut. */
export interface Pause {
  /** Where it is drawn. */
  readonly x: number
  /** How long it was, in milliseconds. */
  readonly length: number
}

/** From how many milliseconds on nothing more is drawn of a pause. */
const LONGEST = 120

/** Where the moments of a story are drawn. */
export class Scale {
  readonly pauses: readonly Pause[]
  readonly points: readonly (Point & { readonly x: number })[]
  /** Where the last is. */
  readonly end: number

  /**
   * @param moments in any order
   * @param left where the first is drawn, in pixels
   * @param width how much there is room for, if less would do
   */
  constructor(moments: readonly Point[], left: number, width: number) {
    const sorted = [...moments].sort((one, other) => one.order - other.order)
    const gaps = sorted.map(({ time }, i) => Math.max(0, time - (sorted[i - 1]?.time ?? time)))
    const drawn = gaps.map(gap => Math.min(gap, LONGEST))
    const least = sorted.slice(1).reduce((sum, { room }) => sum + room, 0)
    const sum = drawn.reduce((all, gap) => all + gap, 0)
    const pixels = sum === 0 ? 0 : Math.max(0, width - least) / sum
    const pauses: Pause[] = []
    let x = left
    this.points = sorted.map((point, i) => {
      const step = i === 0 ? 0 : point.room + (drawn[i] as number) * pixels
      const gap = gaps[i] as number
      if (gap > LONGEST) pauses.push({ x: x + step / 2, length: gap })
      x += step
      return { ...point, x }
    })
    this.pauses = pauses
    this.end = x
  }

  /** Where an event is drawn. */
  of(order: number): number {
    const found = this.points.findLast(point => point.order <= order) ?? this.points[0]
    return found?.x ?? 0
  }

  /** Where a time is drawn that may lie between two events. */
  at(time: number): number {
    const next = this.points.findIndex(point => point.time >= time)
    const after = this.points[next]
    const before = this.points[next - 1]
    if (!after) return this.end
    if (!before || after.time === before.time) return after.x
    return before.x + ((after.x - before.x) * (time - before.time)) / (after.time - before.time)
  }
}
