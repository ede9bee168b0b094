/**
 * What the witness of rights adds to the story: who somebody is now, inside and outside, which map was written, and what
 * was made, given away or refused.
 */
import { readlinkSync } from 'node:fs'
import { userNamespacesAbove } from '../../../lib/namespaces.ts'
import { countCapabilities } from '../../../lib/rights/capabilities.ts'
import { insideOf } from '../../../lib/rights/id-ranges.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import { readMemory } from '../../../lib/trace/remote-memory.ts'
import { answerOf } from '../../observer/story/calls.ts'
import type { Of } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'
import type { Deed } from './deeds.ts'
import type { Maps, Standing } from './standing.ts'

/** What the kernel shows of a user that a map does not have. */
const NOBODY = 65534
const LONGEST_MAP = 200
/** From how many levels below the program's own user namespace on the story tells of the descent alone. */
const DEEP = 2
/** The maps, which have events of their own, and comm. */
const OF_PROC = /^\/proc\//

/** Tells the story of one program's rights. */
export class RightsTeller {
  readonly #story: Story
  readonly #sandbox: number | undefined
  #outside: Maps = { users: [], groups: [] }

  /** @param sandbox the user namespace that the program was started in */
  constructor(story: Story, sandbox: number | undefined) {
    this.#story = story
    this.#sandbox = sandbox
  }

  /** The maps by which the program numbers users. */
  numbersAs(maps: Maps): void {
    this.#outside = maps
  }

  /** Whether somebody is so far down that only the descent itself is worth telling. */
  #isDeep(tid: number): boolean {
    try {
      return userNamespacesAbove(tid).indexOf(this.#sandbox ?? 0) >= DEEP
    } catch {
      return false
    }
  }

  /** A number of the judge's as somebody in a user namespace has it, and as the program outside has it. */
  #both(user: number, maps: Maps) {
    return {
      inside: insideOf(maps.users, user) ?? NOBODY,
      outside: insideOf(this.#outside.users, user) ?? NOBODY,
    }
  }

  /** Somebody is another than before, or may do something else. */
  stands({ uids, maps, capabilities, noNewPrivs }: Standing, tid: number): void {
    if (!this.#story.isAsked || this.#isDeep(tid)) return
    const { effective, permitted, inheritable, bounding, ambient } = capabilities
    const sets = {
      effective: countCapabilities(effective),
      permitted: countCapabilities(permitted),
      inheritable: countCapabilities(inheritable),
      bounding: countCapabilities(bounding),
      ambient: countCapabilities(ambient),
    }
    this.#story.add({ kind: 'rights', ...this.#both(uids[1] ?? NOBODY, maps), sets, noNewPrivs }, tid)
  }

  /** Somebody is about to write. @returns hears the answer, where it is a map that they write */
  writes([fd = 0n, address = 0n, length = 0n]: readonly bigint[], tid: number): Listener | undefined {
    if (!this.#story.isAsked || this.#isDeep(tid)) return undefined
    try {
      const [, file] = /^\/proc\/\d+\/(?:task\/\d+\/)?(uid_map|gid_map|setgroups)$/.exec(
        readlinkSync(`/proc/${tid}/fd/${Number(BigInt.asIntN(32, fd))}`),
      ) ?? ['']
      if (file === undefined) return undefined
      const text = readMemory(tid, address, Math.min(Number(length), LONGEST_MAP))
        .toString('utf8')
        .trim()
      const told = this.#story.add<Of<'map'>>(
        { kind: 'map', file, text: text.replace(/\s*\n\s*/g, ', ').replace(/[ \t]+/g, ' ') },
        tid,
      )
      return result => {
        told.answer = answerOf(result)
      }
    } catch {
      // It was killed while it stood there.
      return undefined
    }
  }

  /** Somebody has made a file or a node, or changed one, or was refused it. */
  did(deed: Deed): void {
    if (!this.#story.isAsked || ('path' in deed && OF_PROC.test(deed.path))) return
    const { pid, call, answer, by } = deed
    if (deed.kind === 'made node') this.#story.add({ kind: 'file', call, path: deed.path, answer }, pid)
    if (deed.kind !== 'made file' && deed.kind !== 'changed file') return
    const file = deed.kind === 'made file' ? deed.file : (deed.after ?? deed.before)
    const owner = file && this.#both(file.uid, by.maps)
    this.#story.add({ kind: 'file', call, path: deed.path, answer, ...(owner && { owner }) }, pid)
  }
}
