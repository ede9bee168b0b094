/**
 * The witness of descriptors and directories: every call by which a process closes a descriptor or changes its directory,
 * with what it and its creator had just before and just after. What a call changes for whom is known from that, and from
 * nothing that others do at the same time.
 */
import { readlinkSync } from 'node:fs'
import { PLACE_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import { lookAtPlace } from '../observer/moment.ts'
import type { Observer } from '../observer/observer.ts'
import type { Place } from '../observer/record.ts'
import type { Story } from '../observer/story/story.ts'
import { processOf, throughWhom } from '../observer/threads.ts'
import { tellOfPlace } from './telling/places.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** A process and its creator at one moment. */
export interface Pair {
  readonly own: Place
  /** Missing if the creator is gone. */
  readonly creator?: Place
}

/** One call that closed a descriptor or changed the directory. */
export interface Act {
  readonly order: number
  readonly pid: number
  /** The descriptors that it names and that were files: no pipes and sockets, and nothing of /proc. */
  readonly files: readonly number[]
  readonly before: Pair
  readonly after: Pair
}

/** What this witness records. */
export interface PlacesRecord {
  readonly acts: readonly Act[]
}

/** The open descriptors that a call is to close. */
function namedBy(name: StoppedCall, [first = 0n, last = 0n]: readonly bigint[], open: readonly number[]): number[] {
  const from = Number(BigInt.asUintN(32, first))
  if (name === 'close') return open.filter(fd => fd === from)
  const to = Number(BigInt.asUintN(32, last))
  return name === 'close_range' ? open.filter(fd => fd >= from && fd <= to) : []
}

/** Whether a descriptor is a file, a directory or a device. What a library opens for itself is none of those. */
function isFile(tid: number, fd: number): boolean {
  try {
    const target = readlinkSync(`/proc/${tid}/fd/${fd}`)
    return target.startsWith('/') && !target.startsWith('/proc/')
  } catch {
    // ENOENT: the process was killed while it stood there.
    return false
  }
}

class PlacesWitness implements Witness<PlacesRecord> {
  readonly #acts: Act[] = []
  readonly #story: Story
  #processes: Observer['processes'] = new Map()

  constructor({ story }: Scene) {
    this.#story = story
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number) {
    const pid = PLACE_CALLS.includes(name) ? processOf(tid) : undefined
    const record = pid === undefined ? undefined : this.#processes.get(pid)
    // Whoever has become another program does what that one does, and there are many such calls.
    if (pid === undefined || !record || this.#isOther(pid)) return undefined
    const before = this.#pair(tid, record.creator)
    if (!before) return undefined
    const files = namedBy(name, args, before.own.descriptors).filter(fd => isFile(tid, fd))
    const tell = tellOfPlace(this.#story, name, args, tid, files, record.creator)
    return (result: number) => {
      const after = result < 0 ? undefined : this.#pair(tid, record.creator)
      tell(result, before, after)
      if (after) this.#acts.push({ order, pid, files, before, after })
    }
  }

  /** Whether a process has begun to run another program than the one it was born with. The program itself has not. */
  #isOther(pid: number): boolean {
    const [program] = this.#processes.keys()
    const { programs = [] } = this.#processes.get(pid) ?? {}
    return pid === program ? programs.length === 0 : programs.length > 0
  }

  #pair(tid: number, creator: number): Pair | undefined {
    const own = lookAtPlace(tid)
    const beside = lookAtPlace(throughWhom(creator))
    return own && { own, ...(beside && { creator: beside }) }
  }

  record(): PlacesRecord {
    return { acts: this.#acts }
  }
}

/** Its program stops whenever it closes a descriptor or changes its directory. */
export const places: WitnessKind<PlacesRecord> = {
  needs: () => ({ calls: PLACE_CALLS }),
  open: () => scene => new PlacesWitness(scene),
}
