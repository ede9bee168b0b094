/**
 * What is drawn in the lanes of a picture: lives, arrows, bands, and the numbers of the lines below it.
 */
import type { Of, StoryEvent, Told } from '../../observer/story/event.ts'
import { drawCurves } from './curve.ts'
import type { Lane, Life } from './lanes.ts'
import type { StoryLine } from './lines.ts'
import type { Looks } from './looks.ts'
import { type Names, nobody } from './names.ts'
import type { Scale } from './scale.ts'
import { arrow, cross, number, path, rectangle, text } from './shapes.ts'

/** Everything that is drawn from, and where. */
export interface Scenery {
  readonly told: Told
  readonly names: Names
  readonly lanes: readonly Lane[]
  readonly lines: readonly StoryLine[]
  readonly scale: Scale
  readonly looks: Looks
  readonly top: number
  readonly pitch: number
  readonly left: number
}

/** Half the height of a life. */
const HALF = 11
const SIDE = 18

/** The lanes of one picture. */
export class Stage {
  readonly #is: Scenery
  /** The middle of the lane of each process. */
  readonly #heights = new Map<number, number>()
  readonly #nobodies = new Map<string, number>()
  /** The line on which the curve of each group stands. */
  readonly #curves = new Map<string, number>()
  #bottom: number

  constructor(scenery: Scenery) {
    this.#is = scenery
    const { lanes, top, pitch } = scenery
    for (const [i, lane] of lanes.entries())
      for (const { pid } of lane.lives) this.#heights.set(pid, top + i * pitch + pitch / 2)
    this.#bottom = top + lanes.length * pitch
  }

  /** @returns the shapes, in the order in which they lie over one another, and where the lanes end */
  draw(): { readonly shapes: readonly string[]; readonly bottom: number } {
    const { told, scale, left } = this.#is
    const memory = drawCurves(told, scale, left, height => this.#lane(height), this.#curves)
    const numbers = this.#numbers()
    const shapes = [
      ...this.#labels(),
      ...this.#lives(),
      ...this.#frozen(),
      ...memory,
      ...this.#births(),
      ...this.#signals(),
      ...this.#packets(),
      ...[...this.#nobodies].map(([name, y]) => text('sl', SIDE, y + 4, name)),
      ...numbers,
    ]
    return { shapes, bottom: this.#bottom }
  }

  /** Another lane below the others. @returns its middle */
  #lane(height: number): number {
    this.#bottom += height
    return this.#bottom - height / 2
  }

  #labels(): string[] {
    const { lanes, top, pitch, scale, left } = this.#is
    return lanes.flatMap(({ label, below }, i) => {
      const y = top + i * pitch + pitch / 2
      return [
        text('sl', SIDE, y - 1, label),
        text('ss', SIDE, y + 12, below),
        path('sr', [
          [left, y],
          [scale.end + SIDE, y],
        ]),
      ]
    })
  }

  #lives(): string[] {
    return this.#is.lanes.flatMap(({ lives }) => lives.flatMap(life => this.#life(life)))
  }

  #birthOf({ birth, clone }: Life): number {
    // The call is drawn where its number is, and the child begins there.
    return this.#is.scale.of(clone && this.#isNumbered(clone) ? clone.order : birth.order)
  }

  #isNumbered = ({ order }: StoryEvent) => this.#is.lines.some(({ event }) => event.order === order)

  #life(life: Life): string[] {
    const { scale, looks } = this.#is
    const y = this.#heights.get(life.pid) ?? 0
    const start = this.#birthOf(life)
    const end = life.exit ? scale.of(life.exit.order) : scale.end + 8
    const parts = life.places.map(({ from, namespaces }, i) => {
      const [x, next] = [i === 0 ? start : scale.of(from), life.places[i + 1]]
      const to = next ? scale.of(next.from) : end
      return rectangle(looks.of(namespaces), x, y - HALF, Math.max(3, to - x), 2 * HALF, 3)
    })
    return [...parts, ...this.#end(life, end, y)]
  }

  #end({ pid, exit }: Life, x: number, y: number): string[] {
    if (exit?.what.kind !== 'exit') return []
    const { code, signal } = exit.what
    if (signal !== undefined) {
      // The arrow that has brought it about says its name.
      const isSent = this.#of('signal').some(([event, { target }]) => target === pid && this.#isNumbered(event))
      return [cross('sk', x, y, 6), ...(isSent ? [] : [text('skt', x + 12, y - HALF - 3, signal)])]
    }
    return code === 0 || this.#numberOf(pid) ? [] : [text('ss', x + 4, y + 4, `exit ${code}`)]
  }

  /** Whether one of the lines says how a process has ended. */
  #numberOf(pid: number): boolean {
    const isEnd = ({ who, what }: StoryEvent) => who?.pid === pid && ['exit', 'answered'].includes(what.kind)
    return this.#is.lines.some(({ event }) => isEnd(event))
  }

  /** From each maker to what it made. */
  #births(): string[] {
    return this.#is.lanes.flatMap(({ lives }) =>
      lives.flatMap(life => {
        const [from, to] = [this.#heights.get(life.maker ?? 0), this.#heights.get(life.pid)]
        return from === undefined || to === undefined ? [] : [arrow('sa', this.#birthOf(life), from + HALF, to - HALF)]
      }),
    )
  }

  #of<K extends StoryEvent['what']['kind']>(kind: K): (readonly [StoryEvent, Of<K>])[] {
    return this.#is.told.events.flatMap(event =>
      event.what.kind === kind ? [[event, event.what as Of<K>] as const] : [],
    )
  }

  #signals(): string[] {
    return this.#of('signal').flatMap(([event, { signal, target, answer }]) => {
      const from = this.#heights.get(event.who?.pid ?? 0)
      if (from === undefined || !this.#isNumbered(event)) return []
      const x = this.#is.scale.of(event.order)
      const to = this.#heights.get(target ?? 0)
      if (answer !== 'done' || to === undefined || target === event.who?.pid) {
        if (answer === 'done') return []
        const end = from - HALF - 16
        return [
          path('sk', [
            [x, from - HALF],
            [x, end],
          ]),
          cross('sk', x, end),
          text('skt', x + 8, end + 4, answer ?? '?'),
        ]
      }
      const way = to > from ? 1 : -1
      const shaft = arrow('sk', x, from + way * HALF, to - way * HALF)
      return [shaft, ...(signal === '0' ? [] : [text('skt', x + 6, (from + to) / 2 + 4, signal)])]
    })
  }

  /** Whose lane stands for a network: that of the program, or of who first lived there. */
  #heightOfNetwork(inode: number): number | undefined {
    const { told, names } = this.#is
    if (names.isOwnNetwork(inode)) return this.#heights.get(told.program)
    const first = names.firstIn(inode)
    return first === undefined ? undefined : this.#heights.get(first)
  }

  /** Each request and its reply, as far as their ways are drawn. */
  #packets(): string[] {
    const all = this.#of('packet')
    return all.flatMap(([event, what]) => {
      if (what.echo !== 'request' || what.way !== 'out' || !this.#isNumbered(event)) return []
      const isOf = (other: Of<'packet'>, source: string) =>
        other.id === what.id && other.sequence === what.sequence && other.source === source
      const arrival = all.find(
        ([, other]) => isOf(other, what.source) && other.echo === 'request' && other.way === 'in',
      )
      const reply = all.some(([, other]) => isOf(other, what.target) && other.echo === 'reply' && other.way === 'in')
      const from = this.#heights.get(event.who?.pid ?? 0) ?? this.#heightOfNetwork(what.network)
      const to = arrival && this.#heightOfNetwork(arrival[1].network)
      if (from === undefined || to === undefined || from === to) return []
      const [x, way] = [this.#is.scale.of(event.order), to > from ? 1 : -1]
      const [near, far] = [from + way * HALF, to - way * HALF]
      return [arrow('se', x - 4, near, far), ...(reply ? [arrow('se', x + 4, far, near)] : [])]
    })
  }

  /** The time between a group's word that it is frozen and its word that it is not, over all in it. */
  #frozen(): string[] {
    const { scale } = this.#is
    const since = new Map<string, readonly [x: number, members: readonly number[]]>()
    const shapes: string[] = []
    const close = (group: string, to: number) => {
      const [from, members] = since.get(group) ?? [0, []]
      since.delete(group)
      for (const pid of members) {
        const y = this.#heights.get(pid)
        if (y === undefined) continue
        const end = Math.min(to, this.#endOf(pid))
        shapes.push(rectangle('sf', from, y - HALF - 4, end - from, 2 * HALF + 8))
        shapes.push(text('sft', from, y - HALF - 7, 'frozen'))
      }
    }
    for (const [{ order }, { group, state, members }] of this.#of('freezer')) {
      if (state === 'frozen') since.set(group, [scale.of(order), members])
      else close(group, scale.of(order))
    }
    for (const group of [...since.keys()]) close(group, scale.end)
    return shapes
  }

  /** Where the life of a process ends. */
  #endOf(pid: number): number {
    const life = this.#is.lanes.flatMap(({ lives }) => lives).find(one => one.pid === pid)
    return life?.exit ? this.#is.scale.of(life.exit.order) : this.#is.scale.end
  }

  /** The number of each line, in the lane of who did it. */
  #numbers(): string[] {
    return this.#is.lines.map(({ event }, i) => number(this.#is.scale.of(event.order), this.#heightOf(event), i + 1))
  }

  #heightOf(event: StoryEvent): number {
    const { who, what } = event
    const base = what.kind === 'memory' ? this.#curves.get(what.group) : undefined
    if (base !== undefined) return base
    const members = what.kind === 'freezer' ? what.members : []
    const found = [who?.pid, ...members].flatMap(pid => this.#heights.get(pid ?? 0) ?? [])[0]
    if (found !== undefined) return found
    // Of those who are not drawn, what counts is the program's.
    const main = who && this.#heights.get(this.#is.told.program)
    if (main !== undefined) return main
    const name = nobody(event)
    const height = this.#nobodies.get(name) ?? this.#lane(this.#is.pitch)
    this.#nobodies.set(name, height)
    return height
  }
}
