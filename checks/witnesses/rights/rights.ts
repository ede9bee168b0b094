/**
 * The witness of rights: who everybody in a user namespace of its own is, and what they may do, at their birth, before
 * and after each call that asks for a right, when they run a program and at their end; and what came of those calls.
 */
import { namespaceOf } from '../../../lib/namespaces.ts'
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
import { processOf, unlessGone } from '../../observer/threads.ts'
import type { Scene, Witness, WitnessKind } from '../witness.ts'
import { fileAt } from './arguments.ts'
import { type Deed, type Outcome, outcomeOf } from './deeds.ts'
import { KnownNamespaces } from './known.ts'
import { type Maps, mapsOf, type Standing, standingOf, statusOf } from './standing.ts'
import { RightsTeller } from './teller.ts'

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
  /** Of those in other user namespaces than the sandbox's: whenever they were seen to be another, and at every exec. */
  readonly moments: readonly Moment[]
  readonly deeds: readonly Deed[]
  /** Whether there was more than is kept, so that what is missing here proves nothing. */
  readonly isFlooded: boolean
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
  'move_mount',
  'sethostname',
]
/** The calls of which only a story tells: what becomes of prctl(2) is seen at the next call of the others. */
const STORY_CALLS: readonly StoppedCall[] = ['prctl', 'write']
/** More than this no program needs, and one that floods the witness must not take the judge's memory. */
const MOST = 20000

class RightsWitness implements Witness<RightsRecord> {
  readonly #moments: Moment[] = []
  readonly #deeds: Deed[] = []
  readonly #init: number
  readonly #sandbox: number
  readonly #teller: RightsTeller
  readonly #known: KnownNamespaces
  #sandboxMaps: Maps = { users: [], groups: [] }
  #at = 0
  #isFlooded = false
  /** How somebody was when last looked at; and when the story last told of them. */
  readonly #last = new Map<number, { readonly key: string; readonly standing: Standing }>()
  readonly #told = new Map<number, string>()
  /** Who is about to run a program, as they were before. */
  readonly #before = new Map<number, Standing>()

  constructor({ sandbox, story }: Scene) {
    this.#init = sandbox.init
    this.#sandbox = namespaceOf(sandbox.init, 'user') ?? 0
    this.#teller = new RightsTeller(story, this.#sandbox)
    this.#known = new KnownNamespaces(this.#sandbox)
  }

  /**
   * Looks at somebody.
   * @param isBetween whether they are in the middle of giving up many things: a story tells what comes of it
   * @returns `undefined` where they live in the sandbox's own user namespace, or are gone
   */
  #look(pid: number, tid: number, isExec = false, isBetween = false): Standing | undefined {
    const userNamespace = this.#known.of(tid)
    const status = userNamespace === undefined ? '' : statusOf(tid)
    if (userNamespace === undefined || status === '') return undefined
    const maps = this.#known.mapsOf(userNamespace, tid)
    const key = `${userNamespace} ${maps.users.length} ${maps.groups.length}\n${status}`
    const last = this.#last.get(pid)
    const standing = last?.key === key ? last.standing : standingOf(status, userNamespace, maps)
    if (!standing) return undefined
    this.#last.set(pid, { key, standing })
    if (last?.key !== key || isExec) this.#keep(this.#moments, { ...standing, at: this.#at++, pid, isExec })
    if (isBetween || this.#told.get(pid) === key) return standing
    this.#told.set(pid, key)
    this.#teller.stands(standing, tid)
    return standing
  }

  #keep<T>(list: T[], one: T): void {
    if (list.length < MOST) list.push(one)
    else this.#isFlooded = true
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

  forget(tid: number): void {
    this.#known.forget(tid)
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
    const file = after && fileAt(`/proc/${pid}/exe`)
    if (by && after && file) this.#note({ kind: 'program', file, after }, pid, 'execve', by, 0)
  }

  #note(what: ReturnType<Outcome>, pid: number, call: StoppedCall, by: Standing, result: number): void {
    if (!what) return
    // What every deed has, and what it was: together one of the deeds.
    const deed = { ...what, at: this.#at++, pid, call, by, answer: answerOf(result) } as Deed
    this.#keep(this.#deeds, deed)
    this.#teller.did(deed)
  }

  call(name: StoppedCall, args: readonly bigint[], tid: number): Listener | undefined {
    if (name === 'write') return this.#teller.writes(args, tid)
    const isMove = NAMESPACE_CALLS.includes(name)
    if (this.#known.of(tid) === undefined) return isMove ? this.#afterMove(tid) : undefined
    const pid = processOf(tid)
    if (pid === undefined) return undefined
    if (EXEC_CALLS.includes(name)) {
      const by = this.#look(pid, tid)
      if (by) this.#before.set(pid, by)
      return undefined
    }
    const hear = this.#outcome(name, args, tid)
    // Of all other calls, the many openings for reading above all, nothing is asked.
    const isBetween = name === 'prctl'
    if (!hear && !isMove && !isBetween && !RIGHTS_CALLS.includes(name)) return undefined
    const by = this.#look(pid, tid, false, isBetween)
    return result => {
      // Here, too, it may be killed while it stands there.
      if (by && hear)
        this.#note(
          unlessGone(() => hear(result)),
          pid,
          name,
          by,
          result,
        )
      this.#look(pid, tid, false, isBetween)
    }
  }

  /** Somebody in the sandbox's own user namespace may be in another one afterwards. */
  #afterMove(tid: number): Listener {
    return () => {
      this.#known.forget(tid)
      const pid = processOf(tid)
      if (pid !== undefined) this.#look(pid, tid)
    }
  }

  #outcome(name: StoppedCall, args: readonly bigint[], tid: number): Outcome | undefined {
    try {
      return outcomeOf(name, args, tid, { sandbox: this.#sandbox, init: this.#init, known: this.#known })
    } catch {
      // It was killed while it stood there, or the kernel will refuse the pointer.
      return undefined
    }
  }

  record(): RightsRecord {
    this.#known.close()
    return {
      moments: this.#moments,
      deeds: this.#deeds,
      isFlooded: this.#isFlooded,
      sandboxMaps: this.#sandboxMaps,
    }
  }
}

/** Its program stops whenever somebody opens a file, changes its owner, runs a program or moves to other namespaces. */
export const rights: WitnessKind<RightsRecord> = {
  needs: () => ({ calls: CALLS, storyCalls: STORY_CALLS }),
  open: () => scene => new RightsWitness(scene),
}
