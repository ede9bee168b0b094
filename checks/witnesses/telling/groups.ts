/**
 * What the witness of groups adds to the story: which groups are made and removed, what is written to their files, and
 * what becomes of that.
 */
import { statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { MemoryFigures } from '../../../lib/group/group.ts'
import type { Hierarchy } from '../../../lib/group/hierarchies.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import { readCString } from '../../../lib/trace/remote-memory.ts'
import { AT_REMOVEDIR, type StoppedCall } from '../../../lib/trace/seccomp.ts'
import { answerOf } from '../../observer/story/calls.ts'
import type { Of } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'

const AT_FDCWD = -100
const LONGEST_PATH = 4096

/** A limit as JSON can carry it: null is none. */
export const finite = (bytes: number | undefined): number | null =>
  bytes === undefined || !Number.isFinite(bytes) || bytes >= Number.MAX_SAFE_INTEGER ? null : bytes

/** What a group is, as far as it can be looked at: its memory and who is in it. */
export interface Look {
  readonly figures?: MemoryFigures | undefined
  readonly members: readonly number[]
}

/** What somebody is about to write. */
export interface Written {
  readonly group: string
  readonly file: string
  readonly text: string
}

/** Tells of the groups of one sandbox. */
export class GroupTeller {
  readonly #story: Story
  readonly #hierarchies: readonly Hierarchy[]

  constructor(story: Story, hierarchies: readonly Hierarchy[]) {
    this.#story = story
    this.#hierarchies = hierarchies
  }

  get isAsked(): boolean {
    return this.#story.isAsked
  }

  /** What a group is called from inside: its path below the hierarchy that the program sees. */
  static short(path: string): string {
    return path.replace(/^.*?\/inside\//, '')
  }

  /** A thread is about to write to the file of a group. @returns is told how the group is afterwards */
  aboutToWrite({ group, file, text }: Written, tid: number, before: Look): (result: number, after: Look) => void {
    if (!this.isAsked) return () => {}
    const told = this.#story.add<Of<'write'>>({ kind: 'write', group: GroupTeller.short(group), file, text }, tid)
    return (result, after) => {
      told.answer = answerOf(result)
      const [from, to] = [finite(before.figures?.limit), finite(after.figures?.limit)]
      if (from !== to) told.limit = { from, to }
      const joined = after.members.filter(pid => !before.members.includes(pid))
      const left = before.members.filter(pid => !after.members.includes(pid))
      if (joined.length > 0) told.joined = joined
      if (left.length > 0) told.left = left
    }
  }

  /** A thread is about to make a call that may make a group or remove one. */
  call(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    const change = /^mkdir/.test(name) ? 'made' : 'removed'
    if (!this.isAsked || !/^(mkdir|mkdirat|rmdir|unlinkat)$/.test(name)) return undefined
    if (name === 'unlinkat' && ((args[2] ?? 0n) & AT_REMOVEDIR) === 0n) return undefined
    const group = this.#groupNamed(name, args, tid, change === 'made')
    if (group === undefined) return undefined
    const told = this.#story.add<Of<'group'>>({ kind: 'group', change, group }, tid)
    return result => {
      told.answer = answerOf(result)
    }
  }

  /** The group that a path means, by its path below its hierarchy; `undefined` if it is no group. */
  #groupNamed(name: StoppedCall, args: readonly bigint[], tid: number, isNew: boolean): string | undefined {
    const isAt = name.endsWith('at')
    const text = readCString(tid, (isAt ? args[1] : args[0]) ?? 0n, LONGEST_PATH)
    const directory = isAt ? Number(BigInt.asIntN(32, args[0] ?? 0n)) : AT_FDCWD
    const start = isAbsolute(text) ? 'root' : directory === AT_FDCWD ? 'cwd' : `fd/${directory}`
    const path = join(`/proc/${tid}/${start}`, text)
    const { dev } = statSync(isNew ? dirname(path) : path, { throwIfNoEntry: false }) ?? {}
    const hierarchy = this.#hierarchies.find(each => statSync(each.path).dev === dev)
    if (!hierarchy) return undefined
    return text.startsWith(`${hierarchy.path}/`) ? text.slice(hierarchy.path.length + 1) : text
  }
}
