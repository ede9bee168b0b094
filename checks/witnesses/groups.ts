/**
 * The witness of control groups: what is written to the files of those that the program makes, and who is ever in them.
 */
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { groupAt } from '../../lib/group/cgroup.ts'
import { type Hierarchy, hierarchies } from '../../lib/group/hierarchies.ts'
import { readProc, statusField } from '../../lib/trace/proc.ts'
import { type StoppedCall, WRITE_CALLS } from '../../lib/trace/seccomp.ts'
import type { SandboxGroups } from '../sandbox/groups.ts'
import { MemberNumbers } from './group/moved.ts'
import type { GroupsRecord, GroupWrite, Stay } from './group/record.ts'
import { writtenText } from './group/written-text.ts'
import { GroupTeller, type Look } from './telling/groups.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

export type { GroupsRecord, GroupWrite, Stay } from './group/record.ts'

/** Files whose writes are recorded. */
const GROUP_FILE = /^(cgroup\.(procs|threads|freeze|kill)|tasks|freezer\.state|memory\.[a-z_.]+)$/
const JOINING = /^(cgroup\.procs|cgroup\.threads|tasks)$/

/** The witness of one sandbox's groups. */
export class GroupsWitness implements Witness<GroupsRecord> {
  /** Called just before and just after every write that is recorded, with whether it may concern a group. */
  around: (isAfter: boolean, mayConcern: (path: string) => boolean) => void = () => {}
  readonly #numbers = new MemberNumbers()
  readonly #writes: GroupWrite[] = []
  readonly #members = new Map<string, Set<number>>()
  readonly #stays: Stay[] = []
  /** What /proc/PID/cgroup said of the program at its birth. */
  #start: string | undefined
  readonly #directories = new Map<string, string[]>()
  /** The first directory of each group, by device and inode: a group of v1 can be renamed. */
  readonly #names = new Map<string, string>()
  readonly #groups: SandboxGroups
  readonly #hierarchies: readonly Hierarchy[] = hierarchies()
  readonly #devices = new Set(this.#hierarchies.map(({ path }) => statSync(path).dev))

  readonly #teller: GroupTeller

  constructor({ sandbox, story }: Scene) {
    this.#groups = sandbox.groups
    this.#teller = new GroupTeller(story, this.#hierarchies)
  }

  /** The groups that the program has made, by directory. */
  inner(): string[] {
    return this.#groups.inner()
  }

  /** What a group is called here: the directory in which it was seen first. */
  nameOf(path: string): string {
    const found = statSync(path, { throwIfNoEntry: false })
    const key = found && `${found.dev}:${found.ino}`
    const name = (key !== undefined ? this.#names.get(key) : undefined) ?? path
    if (key !== undefined) this.#names.set(key, name)
    const directories = this.#directories.get(name) ?? []
    if (!directories.includes(path)) this.#directories.set(name, [...directories, path])
    return name
  }

  membersOf(path: string): number[] {
    return [...(this.#members.get(this.nameOf(path)) ?? [])]
  }

  /** Whether a process was ever in a group that the program made. */
  isMember(pid: number): boolean {
    return [...this.#members.values()].some(pids => pids.has(pid))
  }

  /** A child is born into the group of its parent, or with CLONE_INTO_CGROUP into another. */
  birth(pid: number, order: number): void {
    const text = readProc(pid, 'cgroup') ?? ''
    // The first to be born is the program, in a group that it has not made: whoever is where it was is in none of its own.
    this.#start ??= text
    if (text === this.#start) return
    const lines = text.split('\n')
    for (const group of this.#groups.inner()) {
      const hierarchy = this.#hierarchyOf(group)
      const path = hierarchy && group.slice(hierarchy.path.length)
      const isHere = lines.some(line => {
        const [, controllers = '', its = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
        if (its !== path || hierarchy === undefined) return false
        const words = controllers.split(',')
        return hierarchy.dialect === 'v2'
          ? controllers === ''
          : hierarchy.controllers.some(word => words.includes(word))
      })
      if (isHere) this.#enter(this.nameOf(group), pid, order)
    }
  }

  /** The process of a thread; the thread itself if it has just ended. */
  processOf(tid: number): number {
    return Number(statusField(tid, 'Tgid') ?? tid)
  }

  /** A process has ended, and is in no group any more. */
  gone(pid: number, order: number): void {
    this.#numbers.forget(pid)
    for (const stay of this.#stays) if (stay.pid === pid) stay.to ??= order
  }

  /** Takes note that a process is in a group. */
  join(path: string, pid: number): void {
    const name = this.nameOf(path)
    const members = this.#members.get(name) ?? new Set()
    this.#members.set(name, members.add(pid))
  }

  #enter(name: string, pid: number, order: number): void {
    this.join(name, pid)
    const isIn = this.#stays.some(stay => stay.group === name && stay.pid === pid && stay.to === undefined)
    if (!isIn) this.#stays.push({ group: name, pid, from: order })
  }

  /** Somebody has been moved: who is in which group now. */
  #takeAttendance(order: number): void {
    const paths = new Map(this.#groups.inner().map(path => [this.nameOf(path), path]))
    const present = new Map([...paths].map(([name, path]) => [name, this.#processesOf(path)]))
    for (const stay of this.#stays) {
      if (stay.to !== undefined || present.get(stay.group)?.includes(stay.pid)) continue
      const held = this.figures(paths.get(stay.group) ?? '')?.usage
      Object.assign(stay, { to: order, ...(held !== undefined && { held }) })
    }
    for (const [name, pids] of present) for (const pid of pids) this.#enter(name, pid, order)
  }

  #hierarchyOf(group: string): Hierarchy | undefined {
    const around = this.#hierarchies.filter(({ path }) => group.startsWith(`${path}/`))
    return around.sort((one, other) => other.path.length - one.path.length)[0]
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number) {
    const file = WRITE_CALLS[name]
    try {
      if (file === undefined) return this.#teller.call(name, args, tid)
      return this.#takeWrite(name, args[file] ?? 0n, args, tid, order)
    } catch {
      // The process was killed while it was stopped.
      return undefined
    }
  }

  #takeWrite(name: StoppedCall, fd: bigint, args: readonly bigint[], tid: number, order: number) {
    const found = this.#find(tid, fd)
    // Moving into a group that is not the program's own is moving out of one that is.
    if (!found) return this.#isMove(tid, fd) ? () => this.#takeAttendance(order) : undefined
    const { path, file } = found
    const group = this.nameOf(path)
    const before = this.#look(path)
    const write: GroupWrite = {
      order,
      from: tid,
      group,
      file,
      text: writtenText(name, tid, args),
      usage: before.figures?.usage,
      ...(before.figures && { oomKills: before.figures.oomKills }),
    }
    this.#writes.push(write)
    const tell = this.#teller.aboutToWrite(write, tid, before)
    const from = this.processOf(tid)
    const mayConcern = (each: string) =>
      each === path || this.#numbers.mayConcern(this.membersOf(each), file, write.text, from)
    this.around(false, mayConcern)
    return (result: number) => {
      const after = this.#look(path)
      Object.assign(write, { result, limit: after.figures?.limit })
      tell(result, after)
      if (JOINING.test(write.file)) this.#takeAttendance(order)
      this.around(true, mayConcern)
    }
  }

  /**
   * The group and the recorded file of it that a descriptor leads to, found by inode whatever its path in the sandbox.
   */
  #find(tid: number, fd: bigint): { readonly path: string; readonly file: string } | undefined {
    const { dev, ino } = statSync(`/proc/${tid}/fd/${fd}`)
    if (!this.#devices.has(dev)) return undefined
    for (const path of this.#groups.inner()) {
      if (statSync(path, { throwIfNoEntry: false })?.dev !== dev) continue
      for (const file of readdirSync(path).filter(name => GROUP_FILE.test(name)))
        if (statSync(join(path, file)).ino === ino) return { path, file }
    }
    return undefined
  }

  /** Whether a descriptor is a file of control groups that moves processes. */
  #isMove(tid: number, fd: bigint): boolean {
    const descriptor = `/proc/${tid}/fd/${fd}`
    return this.#devices.has(statSync(descriptor).dev) && JOINING.test(basename(readlinkSync(descriptor)))
  }

  /** A group of the program's by its directory. */
  at(group: string) {
    return groupAt(group, this.#hierarchyOf(group) ?? { dialect: 'v2' })
  }

  /** Memory of a group; `undefined` if it is none of the memory controller, or has just been removed. */
  figures(path: string) {
    const group = this.at(path)
    try {
      return group.has(group.memoryFiles.limit) ? group.memory() : undefined
    } catch {
      return undefined
    }
  }

  #look(path: string): Look {
    return { figures: this.figures(path), members: this.#teller.isAsked ? this.#processesOf(path) : [] }
  }

  #processesOf(group: string): number[] {
    try {
      return this.at(group).processes()
    } catch {
      // It has just been removed.
      return []
    }
  }

  record(): GroupsRecord {
    return {
      groupWrites: this.#writes,
      members: this.#members,
      stays: this.#stays,
      directories: this.#directories,
    }
  }
}

export const groups: WitnessKind<GroupsRecord, GroupsWitness> = {
  open: () => scene => new GroupsWitness(scene),
}
