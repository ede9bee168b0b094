/**
 * The witness of the freezer: which groups say that they are frozen, and what everybody in them does meanwhile. Nobody
 * reports either, so it looks every few milliseconds, and just before and after whatever may change it.
 */
import { readdirSync } from 'node:fs'
import { CannotRun } from '../../lib/errors.ts'
import { getppid } from '../../lib/process.ts'
import { readProc } from '../../lib/trace/proc.ts'
import { type GroupsWitness, groups } from './groups.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

/** What a process has done up to a moment. */
export interface Activity {
  readonly pid: number
  /** Whether it is in the group now. It may have been before. */
  readonly isMember: boolean
  /** CPU time of all its threads, in nanoseconds. */
  readonly runtime: number
  /** How often it has given up or lost the CPU. */
  readonly switches: number
  /** The letter of its state: `S`, `D`, `T`, … */
  readonly state: string
}

/** A group with a freezer at a moment. */
export interface FreezerMoment {
  /** In seconds, of a clock that is the same for all. */
  readonly at: number
  readonly group: string
  readonly isFrozen: boolean
  readonly processes: readonly Activity[]
}

/** What this witness records. */
export interface FreezerRecord {
  readonly freezer: readonly FreezerMoment[]
}

/** What all threads of a process have done so far; `undefined` if it has ended, waited for or not. */
function activityOf(pid: number, isMember: boolean): Activity | undefined {
  const status = readProc(pid, 'status')
  if (!status || /^State:\s*[ZX]/m.test(status)) return undefined
  const threads = readdirSync(`/proc/${pid}/task`)
  const sum = (of: (thread: string) => number) => threads.reduce((total, thread) => total + of(`task/${thread}`), 0)
  return {
    pid,
    isMember,
    runtime: sum(thread => Number((readProc(pid, `${thread}/schedstat`) ?? '0').split(' ')[0])),
    switches: sum(thread => {
      const counts = (readProc(pid, `${thread}/status`) ?? '').matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)/gm)
      return [...counts].reduce((total, match) => total + Number(match[1]), 0)
    }),
    state: /^State:\s*(\w)/m.exec(status)?.[1] ?? '?',
  }
}

class FreezerWitness implements Witness<FreezerRecord> {
  readonly #freezer: FreezerMoment[] = []
  readonly #groups: GroupsWitness

  constructor({ other }: Scene) {
    this.#groups = other(groups)
    // The last look before a write takes effect, and the first after a freeze, a thaw, or somebody's joining.
    this.#groups.around = () => this.sample()
  }

  birth(): void {
    this.sample()
  }

  /** Somebody is about to send a signal, perhaps the last thing that happens to its target. */
  signal(): void {
    this.sample()
  }

  sample(): void {
    for (const path of this.#groups.inner()) this.#look(path)
  }

  #look(path: string): void {
    const group = this.#groups.at(path)
    if (!group.has(group.freezerFiles.control)) return
    try {
      const isFrozen = group.isFrozen()
      const present = group.processes()
      for (const pid of present) this.#groups.join(path, pid)
      // Also of those that have left it since: what they do then, they do while their group is frozen.
      const processes = this.#groups
        .membersOf(path)
        .map(pid => activityOf(pid, present.includes(pid)))
        .filter(activity => activity !== undefined)
      this.#freezer.push({ at: performance.now() / 1000, group: path, isFrozen, processes })
    } catch {
      // It has just been removed.
    }
  }

  record(): FreezerRecord {
    return { freezer: this.#freezer }
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
