/**
 * The witness of the freezer: which groups say that they are frozen, and what everybody in them does meanwhile. The kernel
 * counts what they do; nobody reports it, so it looks at the counters every few milliseconds, and just before and after
 * whatever may change a group. How busy the machine is decides how often it looks, and not what the kernel has counted;
 * so with every look it writes down what there is to know of that.
 */
import { CannotRun } from '../../../lib/errors.ts'
import type { Group } from '../../../lib/group/group.ts'
import { getppid, sleep } from '../../../lib/process.ts'
import { readProc } from '../../../lib/trace/proc.ts'
import type { StopReason } from '../../../lib/trace/ptrace.ts'
import { allowedProcessors, becomePrompt, ownTime, type Scheduled } from '../../../lib/trace/scheduling.ts'
import { type Load, takeLoad } from '../../observer/load.ts'
import type { Observer } from '../../observer/observer.ts'
import type { SignalCall } from '../../observer/record.ts'
import type { Story } from '../../observer/story/story.ts'
import { type GroupsWitness, groups } from '../groups.ts'
import { GroupTeller } from '../telling/groups.ts'
import type { Scene, Start, Witness, WitnessKind } from '../witness.ts'
import { Foreign } from './foreign-signals.ts'
import { type Counted, Tally } from './tally.ts'

/** What a process has done up to a moment. Only differences between two moments mean anything. */
export interface Activity extends Counted {
  /** How many signals of others have reached it. */
  readonly signals: number
  /** How many signals that stop have been sent to it, and whether it stands still for one. */
  readonly stopSignals: number
  readonly isStopped: boolean
}

/** A group with a freezer at a moment. Times are in seconds, of a clock that is the same for all. */
export interface FreezerMoment {
  /** Just before the look. */
  readonly from: number
  /** When the group had said whether it is frozen. */
  readonly at: number
  /** When everybody in it had been looked at. */
  readonly to: number
  /** What the look was taken for, if it was for anything, had not happened before this. */
  readonly since: number
  /** Whether somebody is about to write to a group, and stands still for this look. */
  readonly isBeforeWrite: boolean
  readonly group: string
  readonly isFrozen: boolean
  /** How often anybody has stood still for the judge, and how long they have waited for it, at most, in all. */
  readonly heard: number
  readonly late: number
  /** What all processes of the sandbox have had of the processors. */
  readonly sandbox: Scheduled
  readonly load: Load
  readonly processes: readonly Activity[]
}

/** What this witness records. */
export interface FreezerRecord {
  readonly freezer: readonly FreezerMoment[]
}

const now = () => performance.now() / 1000
/** How long a group is waited for that is about to be frozen while its writer stands still, in seconds. */
const [FREEZING, STEP] = [0.05, 0.0005]
/** How old what is known of the whole machine may be, in seconds. */
const RECENT = 0.015

class FreezerWitness implements Witness<FreezerRecord> {
  readonly #freezer: FreezerMoment[] = []
  readonly #groups: GroupsWitness
  readonly #tallies = new Map<string, Tally>()
  /** How often each thread has stood still for its tracer. */
  readonly #stops = new Map<number, number>()
  /** The thread whose stop is being handled: it is among {@link #stops} already. */
  #standing: number | undefined
  #heard = 0
  readonly #processors = allowedProcessors()
  #becomeOrdinary = () => {}
  #observer: Observer | undefined
  #foreign: Foreign | undefined
  #around: { readonly at: number; readonly sandbox: Scheduled; readonly load: Load } | undefined

  readonly #story: Story
  readonly #frozen = new Set<string>()

  constructor({ story, other }: Scene) {
    this.#story = story
    this.#groups = other(groups)
    // The last look before a write takes effect, and the first after a freeze, a thaw, or somebody's joining.
    this.#groups.around = (isAfter, mayConcern) => {
      if (isAfter) this.#awaitFreezing()
      this.#lookAtAll(!isAfter, mayConcern)
    }
  }

  /** From here on others have to wait for the judge and not it for them: what it sees late it cannot judge. */
  begin({ observer }: Start): void {
    this.#observer = observer
    this.#foreign = new Foreign(observer)
    this.#becomeOrdinary = becomePrompt()
  }

  /** Whoever is born elsewhere changes nothing here; the witness of groups has taken note of the others. */
  birth(pid: number): void {
    this.#lookAtThoseOf(pid)
  }

  /** Somebody is about to send a signal, perhaps the last thing that happens to its target. */
  signal(call: SignalCall): void {
    if (call.found === undefined) this.#lookAtAll()
    else this.#lookAtThoseOf(call.found)
    this.#foreign?.called(call)
  }

  stop(tid: number, kind: StopReason): void {
    this.#stops.set(tid, (this.#stops.get(tid) ?? 0) + 1)
    this.#standing = tid
    this.#heard++
    if (kind === 'signal') this.#foreign?.delivered(tid)
    // The last moment at which it has counters.
    if (kind === 'exit' && [...this.#tallies.values()].some(tally => tally.knows(tid)))
      this.#lookAtAll(false, path => this.#tallies.get(path)?.knows(tid) === true)
  }

  forget(tid: number): void {
    this.#stops.delete(tid)
    for (const tally of this.#tallies.values()) tally.forget(tid)
  }

  sample(): void {
    // Between two events nobody stands still who has been heard of, but for those who wait for their turn.
    this.#standing = undefined
    this.#lookAtAll()
  }

  /**
   * Waits until those groups are frozen that are about to be. Whoever wrote it stands still meanwhile, so that it cannot
   * know before the judge, and the time from here on is at least that which it will see. The judge sleeps in between, so
   * that those run who have to stop somewhere.
   */
  #awaitFreezing(): void {
    const end = now() + FREEZING
    for (const path of this.#groups.inner()) while (isFreezing(this.#groups.at(path)) && now() < end) sleep(STEP)
  }

  /** What is known of the machine and of the whole sandbox: looked at anew when it is no longer recent. */
  #surroundings(observer: Observer): { readonly sandbox: Scheduled; readonly load: Load } {
    if (this.#around && now() - this.#around.at < RECENT) return this.#around
    const sandbox = observer.scheduled
    this.#around = { at: now(), sandbox, load: takeLoad(sandbox.ran + ownTime().ran, 0, this.#processors) }
    return this.#around
  }

  /** @param isWanted whether a group is looked at, by its directory */
  #lookAtAll(isBeforeWrite = false, isWanted = (_: string) => true): void {
    const observer = this.#observer
    if (observer) for (const path of this.#groups.inner().filter(isWanted)) this.#look(path, observer, isBeforeWrite)
  }

  /** What happens to one process shows in no other groups than its own, and a program may have many of both. */
  #lookAtThoseOf(pid: number): void {
    if (this.#groups.isMember(pid)) this.#lookAtAll(false, path => this.#groups.membersOf(path).includes(pid))
  }

  #look(path: string, observer: Observer, isBeforeWrite: boolean): void {
    const group = this.#groups.at(path)
    if (!group.has(group.freezerFiles.control)) return
    try {
      const from = now()
      const isFrozen = group.isFrozen()
      const at = now()
      const processes = this.#activities(path, group)
      const to = now()
      this.#tellOfState(this.#groups.nameOf(path), isFrozen, processes)
      const { since, total: late } = observer.lateness
      const { sandbox, load } = this.#surroundings(observer)
      const times = { from, at, to, since, isBeforeWrite }
      const ofGroup = { group: this.#groups.nameOf(path), isFrozen, processes }
      this.#freezer.push({ ...times, ...ofGroup, heard: this.#heard, late, sandbox, load })
    } catch {
      // It has just been removed.
    }
  }

  #tellOfState(path: string, isFrozen: boolean, processes: readonly Activity[]): void {
    if (isFrozen === this.#frozen.has(path)) return
    const members = processes.filter(({ isMember }) => isMember).map(({ pid }) => pid)
    this.#story.add({ kind: 'freezer', group: GroupTeller.short(path), state: isFrozen ? 'frozen' : 'thawed', members })
    if (isFrozen) this.#frozen.add(path)
    else this.#frozen.delete(path)
  }

  /** Also of those that have left it since: what they do then, they do while their group is frozen. */
  #activities(path: string, group: Group): Activity[] {
    const present = new Set(group.threads())
    for (const tid of present) this.#groups.join(path, this.#groups.processOf(tid))
    const tally = this.#tallies.get(path) ?? new Tally()
    this.#tallies.set(path, tally)
    return this.#groups
      .membersOf(path)
      .map(pid => {
        const counted = tally.count(pid, present, tid => this.#stopsOf(tid))
        return counted && { ...counted, ...this.#signalled(pid) }
      })
      .filter(activity => activity !== undefined)
  }

  /** How often a thread has stood still for its tracer and gone on. */
  #stopsOf(tid: number): number {
    const standsStill = tid === this.#standing || this.#observer?.turns.holds(tid) === true
    return (this.#stops.get(tid) ?? 0) - (standsStill ? 1 : 0)
  }

  #signalled(pid: number) {
    const [signals, stopSignals] = [this.#foreign?.count(pid) ?? 0, this.#foreign?.stops(pid) ?? 0]
    return { signals, stopSignals, isStopped: this.#observer?.stopped.has(pid) === true }
  }

  record(): FreezerRecord {
    this.#becomeOrdinary()
    return { freezer: this.#freezer }
  }
}

/** Whether a group is to be frozen and is not yet. */
function isFreezing(group: Group): boolean {
  try {
    if (group.dialect === 'v1') return group.has('freezer.state') && group.freezerState() === 'FREEZING'
    return group.read('cgroup.freeze') === '1' && !group.isFrozen()
  } catch {
    // It has just been removed, or is one of another controller.
    return false
  }
}

/** A lab names it behind {@link groups}, of whom it asks who is in which. */
export const freezer: WitnessKind<FreezerRecord> = {
  needs: () => ({ groups: 'freezer' }),
  open() {
    // A kernel that does not count writes zeros, and whoever stands still looks the same. Of a process that was forked a
    // moment ago nothing is counted yet: the judge's parent has worked for a while.
    if (!(Number.parseInt(readProc(getppid(), 'schedstat') ?? '', 10) > 0))
      throw new CannotRun(
        'the kernel does not count the CPU time of a process here (/proc/PID/schedstat)\n' +
          'hint: it takes a kernel with CONFIG_SCHED_INFO, and a /proc that shows the file',
      )
    return scene => new FreezerWitness(scene)
  },
}
