/**
 * What of a story counts for a reader, and what they can do without: the threads and files of runtimes, shells that only
 * start another program, what the kernel does by itself whenever somebody does something.
 */
import type { StoryEvent, Told } from '../../observer/story/event.ts'

/** A table that the kernel fills by itself, `RT_TABLE_LOCAL` of rtnetlink(7). */
const LOCAL_TABLE = 255
/** Programs that belong to the tools with which a program is built or loaded. */
const TOOLS = new Set(['esbuild', 'tsx'])
export const SHELLS = /(^|\/)(sh|bash|dash|busybox)$/
/** What somebody has done themselves: before the program does one of these, it is only starting. */
const ACTS = new Set<StoryEvent['what']['kind']>(
  'signal unshare setns mount umount pivot_root chroot hostname link address group write'.split(' ') as never[],
)

/** The events of each process. */
function byProcess(events: readonly StoryEvent[]): Map<number, StoryEvent[]> {
  const found = new Map<number, StoryEvent[]>()
  for (const event of events) {
    if (!event.who) continue
    const own = found.get(event.who.pid) ?? []
    found.set(event.who.pid, own)
    own.push(event)
  }
  return found
}

/** What is known of the processes of a story. */
export class Cast {
  /** Who was made only to run a program at once, and by whom. */
  readonly started = new Map<number, StoryEvent>()
  /** Shells that do nothing but start one program after the other for somebody. */
  readonly wrappers = new Set<number>()
  /** Who belongs to the tools by which the program is loaded. */
  readonly tools = new Set<number>()

  readonly #said = new Set<number>()

  constructor({ events, program }: Told) {
    this.#takeTerminal(events)
    const all = byProcess(events)
    for (const event of events) {
      const { what, who } = event
      if (what.kind !== 'clone' || what.child === undefined || what.isThread || !who) continue
      const own = (all.get(what.child) ?? []).filter(each => each.what.kind !== 'birth' && each.what.kind !== 'close')
      if (own[0]?.what.kind === 'exec' && what.makes.length === 0) this.started.set(what.child, event)
      if (own.some(({ who: its }) => TOOLS.has(its?.program ?? '')) || this.tools.has(who.pid))
        this.tools.add(what.child)
    }
    for (const [pid, own] of all) {
      const execs = own.filter(({ what }) => what.kind === 'exec')
      const words = execs.length === 1 && execs[0]?.what.kind === 'exec' ? execs[0].what.words : []
      const isShell = SHELLS.test(words[0] ?? '') && words[1] === '-c'
      const starts = own.some(({ what }) => what.kind === 'clone' && this.started.has(what.child ?? 0))
      const acts = own.some(({ what }) => ACTS.has(what.kind))
      if (pid !== program && isShell && starts && !acts && this.started.has(pid)) this.wrappers.add(pid)
    }
  }

  /** Whether another event says what this one does. */
  isSaid({ order }: StoryEvent): boolean {
    return this.#said.has(order)
  }

  /**
   * What was typed stands in the line of who has read it, the last of several; whoever answers was made for that, and
   * their answer is their end.
   */
  #takeTerminal(events: readonly StoryEvent[]): void {
    let typed: StoryEvent | undefined
    let reader: StoryEvent | undefined
    const answers = new Set<number>()
    const clones = new Map<number, StoryEvent>()
    for (const event of events) {
      const { what, who } = event
      if (what.kind === 'typed') typed = event
      if (what.kind === 'clone' && what.child !== undefined) clones.set(what.child, event)
      if (what.kind === 'read') {
        if (typed?.what.kind === 'typed' && typed.what.text === what.text) this.#said.add(typed.order)
        if (reader?.what.kind === 'read' && reader.what.text === what.text) this.#said.add(reader.order)
        reader = event
      }
      if (what.kind === 'answered' && who) {
        answers.add(who.pid)
        this.#said.add(clones.get(who.pid)?.order ?? 0)
      }
      if (what.kind === 'exit' && who && answers.delete(who.pid)) this.#said.add(event.order)
    }
  }

  /** Who has started a program: not the shell in between. */
  starterOf(pid: number): StoryEvent | undefined {
    const event = this.started.get(pid)
    if (!event?.who) return undefined
    return this.wrappers.has(event.who.pid) ? (this.starterOf(event.who.pid) ?? event) : event
  }
}

/** Whether an event counts. */
export function counts(event: StoryEvent, { program }: Told, cast: Cast): boolean {
  const { what, who } = event
  if (cast.isSaid(event)) return false
  if (who && (cast.tools.has(who.pid) || cast.wrappers.has(who.pid))) return false
  switch (what.kind) {
    case 'birth':
      return false
    case 'clone':
      return !what.isThread && !cast.started.has(what.child ?? 0) && !cast.tools.has(what.child ?? 0)
    case 'exit':
      // Of a program that was only to do one thing, and did.
      return !(who && cast.started.has(who.pid) && what.code === 0)
    case 'signal':
      // Runtimes send signals to threads of their own.
      return what.target !== who?.pid || what.call === 'kill'
    case 'route':
      return what.table !== LOCAL_TABLE && what.gateway !== undefined
    case 'packet':
      return (what.echo === 'request') === (what.way === 'out')
    case 'segment':
      // That it was accepted is told by what comes of it.
      return what.says !== 'accepts' && !(what.says === 'answers' && what.way === 'out')
    case 'close':
    case 'chdir':
      return who?.pid !== program
    default:
      return true
  }
}
