/**
 * What each memory group held as time went on, against its limit.
 */
import type { Told } from '../../observer/story/event.ts'
import { groupName } from './names.ts'
import type { Scale } from './scale.ts'
import { path, text } from './shapes.ts'

/** How high a curve is at most, and what is above it, in pixels. */
const [HEIGHT, ABOVE] = [84, 16]
const SIDE = 18
/** The limit is drawn a little below the upper rim. */
const HEADROOM = 1.08

/** What a group held at a moment. */
interface Look {
  readonly time: number
  readonly usage: number
  readonly limit: number | null
}

/** What is known of each group, by time. */
function looksOf({ events }: Told): Map<string, Look[]> {
  const groups = new Map<string, Look[]>()
  const add = (group: string, look: Look) => groups.set(group, [...(groups.get(group) ?? []), look])
  for (const { time, what } of events) {
    if (what.kind === 'memory') add(what.group, { time, usage: what.usage, limit: what.limit })
    // Nobody looked at that very moment, but it is known to have stood at its limit.
    if (what.kind === 'oom' && what.limit !== null) add(what.group, { time, usage: what.limit, limit: what.limit })
  }
  return groups
}

/**
 * Draws a curve for each memory group that has a limit.
 * @param left where the lanes begin
 * @param lane makes room below the other lanes @returns the middle of it
 * @param bases is told on which line the curve of each group stands
 */
export function drawCurves(
  told: Told,
  scale: Scale,
  left: number,
  lane: (height: number) => number,
  bases: Map<string, number>,
): string[] {
  return [...looksOf(told)].flatMap(([group, looks]) => {
    const limit = Math.max(...looks.map(look => look.limit ?? 0))
    if (limit === 0) return []
    const most = HEADROOM * Math.max(limit, ...looks.map(({ usage }) => usage))
    const middle = lane(HEIGHT + ABOVE)
    const base = middle + (HEIGHT - ABOVE) / 2
    bases.set(group, base)
    const height = (bytes: number) => base - (bytes / most) * HEIGHT
    const points = looks.map(({ time, usage }) => [scale.at(time), height(usage)] as const)
    const [first, last] = [points[0]?.[0] ?? left, points.at(-1)?.[0] ?? left]
    return [
      text('sl', SIDE, middle - 1, groupName(group)),
      text('ss', SIDE, middle + 12, 'what it holds'),
      path('sm', [[first, base], ...points, [last, base]]),
      path('sx', [
        [left, height(limit)],
        [scale.end + SIDE, height(limit)],
      ]),
      text('skt', left, height(limit) - 5, `limit: ${(limit / 1e6).toFixed(1)} MB`),
    ]
  })
}
