/**
 * The lanes of a picture: one for each process, below the one that made it. Short-lived ones of the same kind that follow
 * one another share a lane.
 */
import type { Namespaces } from '../../../lib/namespaces.ts'
import type { StoryEvent, Told } from '../../observer/story/event.ts'
import type { Names } from './names.ts'
import { type Cast, SHELLS } from './select.ts'

/** The life of one process. */
export interface Life {
  readonly pid: number
  readonly program: string
  /** Who made it, or had a shell make it; none of the program itself. */
  readonly maker: number | undefined
  readonly birth: StoryEvent
  /** The clone that made it. */
  readonly clone: StoryEvent | undefined
  readonly exit: StoryEvent | undefined
  /** Where it lived, from which event on. */
  readonly places: readonly { readonly from: number; readonly namespaces: Namespaces }[]
}

/** One lane. */
export interface Lane {
  readonly label: string
  readonly below: string
  readonly lives: readonly Life[]
}

/** How many lanes are drawn, how many lives of each, and from how many on lives of the same kind share one. */
const [MOST, LIVES, SHARED] = [24, 60, 4]

/** The lives of all who are drawn, in the order of their births. */
function livesOf({ events, program }: Told, cast: Cast): Life[] {
  const clones = new Map<number, StoryEvent>()
  const makers = new Map<number, number>()
  const lives = new Map<number, { -readonly [Key in keyof Life]: Life[Key] } & { places: Life['places'][number][] }>()
  const makerOf = (pid: number): number | undefined => {
    const maker = makers.get(pid)
    return maker !== undefined && cast.wrappers.has(maker) ? makerOf(maker) : maker
  }
  for (const event of events) {
    const { what, who } = event
    if (what.kind === 'clone' && what.child !== undefined && !what.isThread) clones.set(what.child, event)
    if (!who || cast.tools.has(who.pid)) continue
    if (what.kind === 'birth') {
      makers.set(who.pid, what.parent)
      if (cast.wrappers.has(who.pid)) continue
      lives.set(who.pid, {
        pid: who.pid,
        program: who.program,
        maker: who.pid === program ? undefined : makerOf(who.pid),
        birth: event,
        clone: clones.get(who.pid),
        exit: undefined,
        places: [{ from: event.order, namespaces: what.namespaces }],
      })
    }
    const life = lives.get(who.pid)
    if (!life) continue
    if (what.kind === 'exec') life.program = who.program
    if (what.kind === 'exit') life.exit = event
    if ((what.kind === 'unshare' || what.kind === 'setns') && what.namespaces)
      life.places.push({ from: event.order, namespaces: what.namespaces })
  }
  return [...lives.values()]
}

/** Those of one kind may share a lane where they do not overlap. */
function kindOf({ maker, program, clone, places }: Life): string {
  const flags = clone?.what.kind === 'clone' && !SHELLS.test(program) ? clone.what.flags : ''
  return JSON.stringify([maker, program, flags, places.map(({ namespaces }) => namespaces)])
}

const isAfter = (life: Life, others: readonly Life[]) =>
  others.every(({ exit }) => exit !== undefined && exit.order < life.birth.order)

/** Puts the children of one process into lanes. */
function pack(children: readonly Life[], cast: Cast): Life[][] {
  const counts = new Map<string, number>()
  for (const life of children) counts.set(kindOf(life), (counts.get(kindOf(life)) ?? 0) + 1)
  const lanes: Life[][] = []
  for (const life of children) {
    const kind = kindOf(life)
    const mayShare = cast.started.has(life.pid) || (counts.get(kind) ?? 0) >= SHARED
    const lane = mayShare ? lanes.find(([first]) => first && kindOf(first) === kind) : undefined
    const free = lane && isAfter(life, lane) ? lane : undefined
    if (free) free.push(life)
    else lanes.push([life])
  }
  return lanes
}

function named(lives: readonly Life[], names: Names): Lane {
  const [first] = lives as [Life]
  if (lives.length === 1) return { label: names.both(first.pid), below: first.program, lives }
  const last = lives.at(-1) as Life
  return {
    label: `${names.both(first.pid)} … ${names.outside(last.pid)}`,
    below: `${first.program}, ${lives.length} times`,
    lives: lives.slice(0, LIVES),
  }
}

/** The lanes from top to bottom, and how many lives are not drawn. */
export function lanesOf(
  told: Told,
  cast: Cast,
  names: Names,
): { readonly lanes: readonly Lane[]; readonly left: number } {
  const lives = livesOf(told, cast)
  const lanes: Lane[] = []
  const below = (makers: readonly (number | undefined)[]): void => {
    const children = lives.filter(({ maker }) => makers.includes(maker))
    for (const lane of pack(children, cast)) {
      lanes.push(named(lane, names))
      below(lane.map(({ pid }) => pid))
    }
  }
  below([undefined])
  const shown = lanes.slice(0, MOST)
  return { lanes: shown, left: lives.length - shown.reduce((sum, lane) => sum + lane.lives.length, 0) }
}
