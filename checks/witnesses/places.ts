/**
 * The witness of descriptors and directories: every call by which a process closes a descriptor or changes its directory,
 * with what it and its creator had just before and just after. What a call changes for whom is known from that, and from
 * nothing that others do at the same time.
 */
import { readlinkSync, statSync } from 'node:fs'
import { sharesFile } from '../../lib/trace/kcmp.ts'
import { PLACE_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import { lookAtPlace, sharingOf } from '../observer/moment.ts'
import type { Observer } from '../observer/observer.ts'
import type { Place, ProcessRecord, Sharing } from '../observer/record.ts'
import type { Story } from '../observer/story/story.ts'
import { processOf, throughWhom } from '../observer/threads.ts'
import { tellOfPlace } from './telling/places.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** A process and its creator at one moment. */
export interface Pair {
  readonly own: Place
  /** Missing if the creator is gone. */
  readonly creator?: Place
  /** What the two share; missing if the creator is gone. */
  readonly sharing?: Sharing
}

/** One call that closed a descriptor or changed the directory. */
export interface Act {
  readonly order: number
  readonly pid: number
  readonly call: StoppedCall
  /** The descriptors that it names and that were files: no pipes and sockets, and nothing of a process in /proc. */
  readonly files: readonly number[]
  /**
   * Of those, the ones behind which is still the file that the process was born with: the very one that its creator has
   * open by that number, if that is there.
   */
  readonly inherited: readonly number[]
  /** Of each living child of its process that another thread has made: what that thread shares with the one that acts. */
  readonly ofMaker: ReadonlyMap<number, Pick<Sharing, 'FS' | 'FILES'>>
  /** The descriptor in whose place it puts another file, as dup2(2) does, if there was one. */
  readonly replaced: number | undefined
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

/** The open descriptor that a call is to take for another file. */
function replacedBy(name: StoppedCall, [from, to = -1n]: readonly bigint[], open: readonly number[]) {
  if ((name !== 'dup2' && name !== 'dup3') || from === to) return undefined
  return open.find(fd => fd === Number(BigInt.asUintN(32, to)))
}

/** Something of a process in /proc: what a library opens for itself. */
const OF_A_PROCESS = /^\/proc\/(?:\d+|self|thread-self)(?:\/|$)/

/** Whether a descriptor is a file, a directory or a device. What a library opens for itself is none of those. */
function isFile(tid: number, fd: number): boolean {
  try {
    const target = readlinkSync(`/proc/${tid}/fd/${fd}`)
    return target.startsWith('/') && !OF_A_PROCESS.test(target)
  } catch {
    // ENOENT: the process was killed while it stood there.
    return false
  }
}

/** The file behind a descriptor, as device:inode; `undefined` if there is none. */
function fileBehind(tid: number, fd: number): string | undefined {
  try {
    const { dev, ino } = statSync(`/proc/${tid}/fd/${fd}`)
    return `${dev}:${ino}`
  } catch {
    // ENOENT, EACCES: there is none, or the process was killed while it stood there.
    return undefined
  }
}

/** Whether two threads have the same open file by a number; so they have, if there is nobody to compare with. */
function isSameFile(tid: number, creator: number | undefined, fd: number): boolean {
  try {
    return creator === undefined || sharesFile(tid, creator, fd)
  } catch {
    // EBADF, ESRCH: the creator does not have it, or one of them was killed.
    return false
  }
}

/** The calls that may move somebody to another directory. */
const MOVES: readonly StoppedCall[] = ['chdir', 'fchdir', 'setns', 'pivot_root']

class PlacesWitness implements Witness<PlacesRecord> {
  readonly #acts: Act[] = []
  readonly #story: Story
  #processes: Observer['processes'] = new Map()
  /** The living children of each process that run no other program than their parent did. */
  readonly #plain = new Map<number, Set<number>>()
  /** What each of them was born with, by descriptor. */
  readonly #born = new Map<number, ReadonlyMap<number, string | undefined>>()

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
    // Programs close numbers by the thousand that are not open, and what lies behind one is quickly seen.
    if (name === 'close' && !isFile(tid, Number(BigInt.asUintN(32, args[0] ?? 0n)))) return undefined
    const before = this.#pair(tid, record)
    if (!before) return undefined
    const files = namedBy(name, args, before.own.descriptors).filter(fd => isFile(tid, fd))
    const replaced = replacedBy(name, args, before.own.descriptors)
    // Most of these calls close or move nothing that matters: a socket, a pipe, a descriptor that is not open.
    if (!MOVES.includes(name) && files.length === 0 && replaced === undefined) return undefined
    const born = this.#born.get(pid)
    const creator = throughWhom(record.creator, record.caller)
    const isInherited = (fd: number) => born?.has(fd) && born.get(fd) === fileBehind(tid, fd)
    const inherited = files.filter(fd => isInherited(fd) && isSameFile(tid, creator, fd))
    const ofMaker = this.#ofMakers(pid, tid)
    const tell = tellOfPlace(this.#story, name, args, tid, files, record.creator)
    return (result: number) => {
      const after = result < 0 ? undefined : this.#pair(tid, record)
      tell(result, before, after)
      if (after) this.#acts.push({ order, pid, call: name, ofMaker, files, inherited, replaced, before, after })
    }
  }

  /**
   * Whether a process has begun to run another program than the one it was born with, and has no child that has not: then
   * it is neither one of the four children nor their parent. The program itself has begun nothing else.
   */
  #isOther(pid: number): boolean {
    const [program] = this.#processes.keys()
    const { programs = [] } = this.#processes.get(pid) ?? {}
    return pid === program ? programs.length === 0 : programs.length > 0 && !this.#isParent(pid)
  }

  #isParent(pid: number): boolean {
    return (this.#plain.get(pid)?.size ?? 0) > 0
  }

  birth(pid: number): void {
    const { creator = 0, birth } = this.#processes.get(pid) ?? {}
    this.#plain.set(creator, (this.#plain.get(creator) ?? new Set()).add(pid))
    this.#born.set(pid, new Map(birth?.descriptors.map(fd => [fd, fileBehind(pid, fd)])))
  }

  exec(pid: number): void {
    this.#isPlainNoMore(pid)
  }

  gone(pid: number): void {
    this.#isPlainNoMore(pid)
    this.#plain.delete(pid)
  }

  #isPlainNoMore(pid: number): void {
    this.#plain.get(this.#processes.get(pid)?.creator ?? 0)?.delete(pid)
    this.#born.delete(pid)
  }

  /** Threads may have a directory or descriptors of their own: what one of them does is then nothing to the others. */
  #ofMakers(pid: number, tid: number): Act['ofMaker'] {
    const shared = new Map<number, Pick<Sharing, 'FS' | 'FILES'>>()
    for (const child of this.#plain.get(pid) ?? []) {
      const maker = throughWhom(pid, this.#processes.get(child)?.caller)
      if (maker !== undefined && maker !== tid) shared.set(child, sharingOf(tid, maker, 0))
    }
    return shared
  }

  #pair(tid: number, { creator, caller, flags }: ProcessRecord): Pair | undefined {
    const own = lookAtPlace(tid)
    const thread = throughWhom(creator, caller)
    const beside = lookAtPlace(thread)
    if (!own || thread === undefined || !beside) return own && { own }
    return { own, creator: beside, sharing: sharingOf(tid, thread, flags) }
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
