/**
 * Looks at the control groups of a program: what is written to them, who is in them, what they hold, whether they are
 * frozen.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { groupAt } from '../../lib/group/cgroup.ts'
import { type Hierarchy, hierarchies } from '../../lib/group/hierarchies.ts'
import { readProc } from '../../lib/trace/proc.ts'
import { readMemory } from '../../lib/trace/remote-memory.ts'
import { type StoppedCall, WRITE_CALLS } from '../../lib/trace/seccomp.ts'
import type { Watcher } from '../observer/observer.ts'
import type { Activity, FreezerMoment, GroupWrite, MemoryMoment } from '../observer/record.ts'
import type { SandboxGroups } from '../sandbox/groups.ts'

/** Files whose writes are worth a note. */
const GROUP_FILE = /^(cgroup\.(procs|threads|freeze|kill)|tasks|freezer\.state|memory\.[a-z_.]+)$/
const JOINING = /^(cgroup\.procs|cgroup\.threads|tasks)$/
const LONGEST_TEXT = 256
const AT_REMOVEDIR = 0x200n

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

/** The watcher of the groups of one sandbox. */
export class GroupWatcher implements Watcher {
  readonly writes: GroupWrite[] = []
  readonly memory: MemoryMoment[] = []
  readonly freezer: FreezerMoment[] = []
  readonly members = new Map<string, Set<number>>()
  readonly #groups: SandboxGroups
  readonly #controller: 'memory' | 'freezer'
  readonly #hierarchies: readonly Hierarchy[] = hierarchies()
  readonly #devices = new Set(this.#hierarchies.map(({ path }) => statSync(path).dev))

  constructor(groups: SandboxGroups, controller: 'memory' | 'freezer') {
    this.#groups = groups
    this.#controller = controller
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
      if (isHere) this.#join(group, pid)
    }
    this.sample()
  }

  #join(group: string, pid: number): void {
    const members = this.members.get(group) ?? new Set()
    this.members.set(group, members.add(pid))
  }

  #hierarchyOf(group: string): Hierarchy | undefined {
    const around = this.#hierarchies.filter(({ path }) => group.startsWith(`${path}/`))
    return around.sort((one, other) => other.path.length - one.path.length)[0]
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number, order: number) {
    if (name === 'rmdir' || (name === 'unlinkat' && ((args[2] ?? 0n) & AT_REMOVEDIR) !== 0n)) this.end(order)
    const file = WRITE_CALLS[name]
    if (file === undefined) return undefined
    try {
      return this.#takeWrite(name, args[file] ?? 0n, args, tid, order)
    } catch {
      // The process was killed while it stood there.
      return undefined
    }
  }

  #takeWrite(name: StoppedCall, fd: bigint, args: readonly bigint[], tid: number, order: number) {
    const found = this.#find(`/proc/${tid}/fd/${fd}`)
    if (!found) return undefined
    const { group, file } = found
    const [text, usage] = [this.#text(name, tid, args), this.#figures(group)?.usage]
    const write: GroupWrite = { order, from: tid, group, file, text, usage }
    this.writes.push(write)
    // The last look before a thaw takes effect.
    this.sample()
    return (result: number) => {
      Object.assign(write, { result, limit: this.#figures(group)?.limit })
      if (JOINING.test(write.file)) for (const pid of this.#processesOf(group)) this.#join(group, pid)
      // The first look at whoever has joined, and the first after a freeze or a thaw.
      this.sample()
    }
  }

  #text(name: StoppedCall, tid: number, [, address = 0n, length = 0n]: readonly bigint[]): string {
    if (name === 'write' || name === 'pwrite64') return this.#textAt(tid, address, length)
    // From a file or a pipe.
    if (!name.includes('writev')) return '?'
    // struct iovec { void *iov_base; size_t iov_len; }: the first of them.
    const vector = readMemory(tid, address, 16)
    return this.#textAt(tid, vector.readBigUInt64LE(0), vector.readBigUInt64LE(8))
  }

  #textAt(tid: number, address: bigint, length: bigint): string {
    const longest = Number(length < LONGEST_TEXT ? length : LONGEST_TEXT)
    return readMemory(tid, address, longest).toString('latin1').trim()
  }

  /** The group and its file that a descriptor is, under whatever name the program has it: of those worth a note. */
  #find(descriptor: string): { readonly group: string; readonly file: string } | undefined {
    const { dev, ino } = statSync(descriptor)
    if (!this.#devices.has(dev)) return undefined
    for (const group of this.#groups.inner()) {
      if (statSync(group, { throwIfNoEntry: false })?.dev !== dev) continue
      for (const file of readdirSync(group).filter(name => GROUP_FILE.test(name)))
        if (statSync(join(group, file)).ino === ino) return { group, file }
    }
    return undefined
  }

  #at(group: string) {
    return groupAt(group, this.#hierarchyOf(group) ?? { dialect: 'v2' })
  }

  #figures(path: string) {
    const group = this.#at(path)
    try {
      return this.#controller === 'memory' && group.has(group.memoryFiles.limit) ? group.memory() : undefined
    } catch {
      return undefined
    }
  }

  #processesOf(group: string): number[] {
    try {
      return this.#at(group).processes()
    } catch {
      // It has just been removed.
      return []
    }
  }

  /** Somebody is about to send a signal, perhaps the last thing that happens to its target. */
  signal(): void {
    this.sample()
  }

  /** Somebody has ended, or a group is about to be removed: what all groups hold now. */
  end(order: number): void {
    if (this.#controller !== 'memory') return
    for (const group of this.#groups.inner()) {
      const figures = this.#figures(group)
      if (figures) this.memory.push({ order, group, ...figures })
    }
  }

  sample(): void {
    if (this.#controller !== 'freezer') return
    for (const path of this.#groups.inner()) this.#sampleFreezer(path)
  }

  #sampleFreezer(path: string): void {
    const group = this.#at(path)
    if (!group.has(group.freezerFiles.control)) return
    try {
      const isFrozen = group.isFrozen()
      const present = group.processes()
      for (const pid of present) this.#join(path, pid)
      // Also of those that have left it since: what they do then, they do while their group is frozen.
      const processes = [...(this.members.get(path) ?? [])]
        .map(pid => activityOf(pid, present.includes(pid)))
        .filter(activity => activity !== undefined)
      this.freezer.push({ at: performance.now() / 1000, group: path, isFrozen, processes })
    } catch {
      // It has just been removed.
    }
  }
}
