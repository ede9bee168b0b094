/**
 * The witness of rights: who everybody in a user namespace of its own is, and what they may do, at their birth, at each
 * call that may change it, when they run a program and at their end; and what came of the calls that ask for a right.
 */
import { closeSync, openSync } from 'node:fs'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import {
  EXEC_CALLS,
  MOUNT_CALLS,
  NAMESPACE_CALLS,
  OPEN_CALLS,
  OWNER_CALLS,
  RIGHTS_CALLS,
  type StoppedCall,
} from '../../../lib/trace/seccomp.ts'
import { answerOf } from '../../observer/story/calls.ts'
import { processOf } from '../../observer/threads.ts'
import { RightsTeller } from '../telling/rights.ts'
import type { Scene, Witness, WitnessKind } from '../witness.ts'
import { fileAt } from './arguments.ts'
import { type Deed, type Outcome, outcomeOf } from './deeds.ts'
import { type Maps, mapsOf, type Standing, standingOf, userNamespaceOf } from './standing.ts'

/** Somebody at one moment. */
export interface Moment extends Standing {
  /** Its place among all that this witness has seen. */
  readonly at: number
  readonly pid: number
  /** Whether it has just begun to run a program. */
  readonly isExec: boolean
}

/** What this witness records. */
export interface RightsRecord {
  /** Of those in other user namespaces than the sandbox's: whenever they had become somebody else, and at every exec. */
  readonly moments: readonly Moment[]
  readonly deeds: readonly Deed[]
  /** The maps of the sandbox: `outside` as the judge numbers users, `inside` as the program does. */
  readonly sandboxMaps: Maps
}

const CALLS: readonly StoppedCall[] = [
  ...OPEN_CALLS,
  ...OWNER_CALLS,
  ...EXEC_CALLS,
  ...RIGHTS_CALLS,
  ...NAMESPACE_CALLS,
  ...MOUNT_CALLS,
  'sethostname',
  'write',
]
/** How many user namespaces are told apart for good: the kernel gives the number of one that has ended to another. */
const MOST_HELD = 300
/** More than this no program needs, and one that floods the witness must not take the judge's memory. */
const MOST = 20000

class RightsWitness implements Witness<RightsRecord> {
  readonly #moments: Moment[] = []
  readonly #deeds: Deed[] = []
  readonly #init: number
  readonly #sandbox: number | undefined
  readonly #teller: RightsTeller
  #sandboxMaps: Maps = { users: [], groups: [] }
  #at = 0
  /** How somebody was when last looked at, as text; and when the story last told of them. */
  readonly #last = new Map<number, string>()
  readonly #told = new Map<number, string>()
  /** The user namespaces seen, each open, so that its number stays its own. */
  readonly #held = new Map<number, number>()
  /** Who is about to run a program, as they were before. */
  readonly #before = new Map<number, Standing>()

  constructor({ sandbox, story }: Scene) {
    this.#init = sandbox.init
    this.#sandbox = userNamespaceOf(sandbox.init)
    this.#teller = new RightsTeller(story, this.#sandbox)
  }

  /**
   * Looks at somebody.
   * @param isBetween whether they are in the middle of giving up many things: a story tells what comes of it
   * @returns `undefined` where they live in the sandbox's own user namespace, or are gone
   */
  #look(pid: number, tid: number, isExec = false, isBetween = false): Standing | undefined {
    if (userNamespaceOf(tid) === this.#sandbox) return undefined
    const standing = standingOf(tid)
    if (!standing) return undefined
    this.#hold(standing.userNamespace, tid)
    const text = JSON.stringify(standing, (_, value) => (typeof value === 'bigint' ? value.toString(16) : value))
    const isOther = this.#last.get(pid) !== text
    this.#last.set(pid, text)
    if ((isOther || isExec) && this.#moments.length < MOST)
      this.#moments.push({ ...standing, at: this.#at++, pid, isExec })
    if (isBetween || this.#told.get(pid) === text) return standing
    this.#told.set(pid, text)
    this.#teller.stands(standing, tid)
    return standing
  }

  #hold(inode: number, tid: number): void {
    if (this.#held.has(inode) || this.#held.size >= MOST_HELD) return
    try {
      this.#held.set(inode, openSync(`/proc/${tid}/ns/user`, 'r'))
    } catch {
      // It was killed while it stood there.
    }
  }

  /** The first birth is that of the program, and by then the maps of its sandbox are written. */
  birth(pid: number): void {
    if (this.#sandboxMaps.users.length === 0) {
      this.#sandboxMaps = mapsOf(this.#init)
      this.#teller.numbersAs(this.#sandboxMaps)
    }
    this.#look(pid, pid)
  }

  exit(pid: number, _: number | undefined, tid: number): void {
    this.#look(pid, tid)
  }

  gone(pid: number): void {
    this.#last.delete(pid)
    this.#told.delete(pid)
    this.#before.delete(pid)
  }

  exec(pid: number): void {
    const by = this.#before.get(pid)
    this.#before.delete(pid)
    const after = this.#look(pid, pid, true)
    const file = fileAt(`/proc/${pid}/exe`)
    if (by && after && file) this.#note({ kind: 'program', file, after }, pid, 'execve', by, 0)
  }

  #note(what: ReturnType<Outcome>, pid: number, call: StoppedCall, by: Standing, result: number): void {
    if (!what || this.#deeds.length >= MOST) return
    // What every deed has, and what it was: together one of the deeds.
    const deed = { ...what, at: this.#at++, pid, call, by, answer: answerOf(result) } as Deed
    this.#deeds.push(deed)
    this.#teller.did(deed)
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    if (name === 'write') return this.#teller.writes(args, tid)
    if (userNamespaceOf(tid) === this.#sandbox) return this.#afterMove(name, tid)
    const pid = processOf(tid)
    const by = pid === undefined ? undefined : this.#look(pid, tid, false, name === 'prctl')
    if (pid === undefined || !by) return undefined
    if (EXEC_CALLS.includes(name)) {
      this.#before.set(pid, by)
      return undefined
    }
    const hear = this.#outcome(name, args, tid)
    return result => {
      this.#note(hear?.(result), pid, name, by, result)
      this.#look(pid, tid, false, name === 'prctl')
    }
  }

  /** Somebody in the sandbox's own user namespace may be in another one afterwards. */
  #afterMove(name: StoppedCall, tid: number): Listener | undefined {
    if (!NAMESPACE_CALLS.includes(name)) return undefined
    return () => {
      const pid = processOf(tid)
      if (pid !== undefined) this.#look(pid, tid)
    }
  }

  #outcome(name: StoppedCall, args: readonly bigint[], tid: number): Outcome | undefined {
    try {
      return outcomeOf(name, args, tid, this.#sandbox ?? 0, this.#init)
    } catch {
      // It was killed while it stood there, or the kernel will refuse the pointer.
      return undefined
    }
  }

  record(): RightsRecord {
    for (const fd of this.#held.values()) closeSync(fd)
    this.#held.clear()
    return { moments: this.#moments, deeds: this.#deeds, sandboxMaps: this.#sandboxMaps }
  }
}

/** Its program stops whenever somebody opens a file to write, changes its owner, runs a program or gives up a right. */
export const rights: WitnessKind<RightsRecord> = {
  needs: () => ({ calls: CALLS }),
  open: () => scene => new RightsWitness(scene),
}
