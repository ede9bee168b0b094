/**
 * The witness of control groups: what is written to the files of those that the program makes, and who is ever in them.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { groupAt } from '../../lib/group/cgroup.ts'
import { type Hierarchy, hierarchies } from '../../lib/group/hierarchies.ts'
import { readProc, statusField } from '../../lib/trace/proc.ts'
import { readMemory } from '../../lib/trace/remote-memory.ts'
import { type StoppedCall, WRITE_CALLS } from '../../lib/trace/seccomp.ts'
import type { SandboxGroups } from '../sandbox/groups.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

/** One write to the file of a control group. */
export interface GroupWrite {
  readonly order: number
  readonly from: number
  /** Directory of the group, as the judge sees it. */
  readonly group: string
  readonly file: string
  readonly text: string
  /** Memory the group held just before, in bytes; for groups of the memory controller. */
  readonly usage: number | undefined
  /** What the call returned: a number of bytes or -errno; missing if the caller did not live to see it. */
  readonly result?: number
  /** The limit of a memory group just afterwards, in bytes. */
  readonly limit?: number
}

/** What this witness records. */
export interface GroupsRecord {
  readonly groupWrites: readonly GroupWrite[]
  /** The processes that were ever in a group the program made, by its directory. */
  readonly members: ReadonlyMap<string, ReadonlySet<number>>
}

/** Files whose writes are recorded. */
const GROUP_FILE = /^(cgroup\.(procs|threads|freeze|kill)|tasks|freezer\.state|memory\.[a-z_.]+)$/
const JOINING = /^(cgroup\.procs|cgroup\.threads|tasks)$/
const LONGEST_TEXT = 256

/** The witness of one sandbox's groups. */
export class GroupsWitness implements Witness<GroupsRecord> {
  /** Called just before and just after every write that is recorded. */
  around: (isAfter: boolean) => void = () => {}
  readonly #writes: GroupWrite[] = []
  readonly #members = new Map<string, Set<number>>()
  readonly #groups: SandboxGroups
  readonly #hierarchies: readonly Hierarchy[] = hierarchies()
  readonly #devices = new Set(this.#hierarchies.map(({ path }) => statSync(path).dev))

  constructor({ sandbox }: Scene) {
    this.#groups = sandbox.groups
  }

  /** The groups that the program has made, by directory. */
  inner(): string[] {
    return this.#groups.inner()
  }

  membersOf(group: string): number[] {
    return [...(this.#members.get(group) ?? [])]
  }

  /** Whether a process was ever in a group that the program made. */
  isMember(pid: number): boolean {
    return [...this.#members.values()].some(pids => pids.has(pid))
  }

  /** A child is born into the group of its parent, or with CLONE_INTO_CGROUP into another. */
  birth(pid: number): void {
    const lines = (readProc(pid, 'cgroup') ?? '').split('\n')
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
      if (isHere) this.join(group, pid)
    }
  }

  /** The process of a thread; the thread itself if it has just ended. */
  processOf(tid: number): number {
    return Number(statusField(tid, 'Tgid') ?? tid)
  }

  /** Takes note that a process is in a group. */
  join(group: string, pid: number): void {
    const members = this.#members.get(group) ?? new Set()
    this.#members.set(group, members.add(pid))
  }

  #hierarchyOf(group: string): Hierarchy | undefined {
    const around = this.#hierarchies.filter(({ path }) => group.startsWith(`${path}/`))
    return around.sort((one, other) => other.path.length - one.path.length)[0]
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number) {
    const file = WRITE_CALLS[name]
    if (file === undefined) return undefined
    try {
      return this.#takeWrite(name, args[file] ?? 0n, args, tid, order)
    } catch {
      // The process was killed while it was stopped.
      return undefined
    }
  }

  #takeWrite(name: StoppedCall, fd: bigint, args: readonly bigint[], tid: number, order: number) {
    const found = this.#find(tid, fd)
    if (!found) return undefined
    const { group, file } = found
    const [text, usage] = [this.#text(name, tid, args), this.figures(group)?.usage]
    const write: GroupWrite = { order, from: tid, group, file, text, usage }
    this.#writes.push(write)
    this.around(false)
    return (result: number) => {
      Object.assign(write, { result, limit: this.figures(group)?.limit })
      if (JOINING.test(write.file)) for (const pid of this.#processesOf(group)) this.join(group, pid)
      this.around(true)
    }
  }

  #text(name: StoppedCall, tid: number, [, address = 0n, length = 0n]: readonly bigint[]): string {
    if (name === 'write' || name === 'pwrite64') return this.#textAt(tid, address, length)
    // sendfile(2), splice(2) and their like take the text from a file or a pipe.
    if (!name.includes('writev')) return '?'
    // struct iovec { void *iov_base; size_t iov_len; }: the first of them.
    const vector = readMemory(tid, address, 16)
    return this.#textAt(tid, vector.readBigUInt64LE(0), vector.readBigUInt64LE(8))
  }

  #textAt(tid: number, address: bigint, length: bigint): string {
    const longest = Number(length < LONGEST_TEXT ? length : LONGEST_TEXT)
    return readMemory(tid, address, longest).toString('latin1').trim()
  }

  /**
   * The group and the recorded file of it that a descriptor leads to, found by inode whatever its path in the sandbox.
   */
  #find(tid: number, fd: bigint): { readonly group: string; readonly file: string } | undefined {
    const { dev, ino } = statSync(`/proc/${tid}/fd/${fd}`)
    if (!this.#devices.has(dev)) return undefined
    for (const group of this.#groups.inner()) {
      if (statSync(group, { throwIfNoEntry: false })?.dev !== dev) continue
      for (const file of readdirSync(group).filter(name => GROUP_FILE.test(name)))
        if (statSync(join(group, file)).ino === ino) return { group, file }
    }
    return undefined
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

  #processesOf(group: string): number[] {
    try {
      return this.at(group).processes()
    } catch {
      // It has just been removed.
      return []
    }
  }

  record(): GroupsRecord {
    return { groupWrites: this.#writes, members: this.#members }
  }
}

export const groups: WitnessKind<GroupsRecord, GroupsWitness> = {
  open: () => scene => new GroupsWitness(scene),
}
