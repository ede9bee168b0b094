/**
 * Which processes, interfaces, mounts and control groups are in a sandbox now.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { type Namespaces, namespaceInode, namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { allPids, parentAndState, pidsIn, statusField } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import { mountLines } from '../sandbox/mounts.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Witness } from '../witnesses/witness.ts'

/** What is in the sandbox now besides processes. */
const thingsIn = ({ init, groups }: Sandbox): string[] => [
  ...interfaceNames(init).map(name => `interface ${name}`),
  ...mountLines(init).map(line => `mount ${line}`),
  ...groups.inner().map(path => `cgroup ${path}`),
]

/** What was in the sandbox before its program could change anything, and what is there besides. */
export class Inventory implements Witness {
  readonly #sandbox: Sandbox
  #own: Namespaces | undefined
  #before: readonly string[] = []
  /**
   * The sandbox's own /proc, opened before its program could put another in its place: it lists whoever is in init's PID
   * namespace or in one below, and so everybody in the sandbox, without all the others of a busy machine.
   */
  #proc: number | undefined

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
  }

  /** The first birth is that of the program, which is stopped meanwhile. */
  birth(): void {
    if (this.#own) return
    this.#own = namespaces(this.#sandbox.init)
    this.#before = thingsIn(this.#sandbox)
    this.#proc = openSync(`/proc/${this.#sandbox.init}/root/proc`, constants.O_RDONLY | constants.O_DIRECTORY)
  }

  /** What is there now and was not before the program; nothing while the program has not been born. */
  added(): string[] {
    if (!this.#own) return []
    const things = thingsIn(this.#sandbox).filter(line => !this.#before.includes(line))
    return [...this.#processes(), ...things]
  }

  /** Everybody in the sandbox but its init. */
  #processes(): string[] {
    if (this.#proc === undefined || pidsIn(`/proc/self/fd/${this.#proc}`).every(pid => pid === 1)) return []
    return descendantsOf(this.#sandbox.init).map(pid => `process ${pid} (${statusField(pid, 'Name')})`)
  }

  /**
   * The namespaces that the program was started in: those that init is in once the sandbox is complete. While it makes
   * the sandbox it is in others.
   * @throws Error before the program is born
   */
  get namespaces(): Namespaces {
    if (!this.#own) throw new Error('the program has not been born yet')
    return this.#own
  }

  record(): object {
    if (this.#proc !== undefined) closeSync(this.#proc)
    this.#proc = undefined
    return {}
  }
}

/** How init seems to have ended when somebody in its PID namespace has called reboot(2). @see pid_namespaces(7) */
const REBOOTED = ['SIGHUP', 'SIGINT']

/**
 * Whether reboot(2) has ended a sandbox. It sends SIGKILL to init, and how init has ended tells which of the two it was
 * only when it has: whoever called it is gone before.
 */
export const wasRebooted = ({ init }: Sandbox, observer: Observer): boolean =>
  REBOOTED.includes(observer.statusOf(init)?.signal ?? '')

/** What is left of a program in its sandbox; `undefined` where that has been ended from outside, with all that was in it. */
export function leftIn({ init }: Sandbox, observer: Observer, inventory: Inventory): string[] | undefined {
  const isGone = () => observer.statusOf(init) !== undefined || throughWhom(init) === undefined
  const alive = () => livingProcesses(observer).map(pid => `process ${pid} (${statusField(pid, 'Name')})`)
  try {
    return isGone() ? undefined : [...new Set([...alive(), ...inventory.added()])]
  } catch (error) {
    // ENOENT: init has ended in the middle of the look.
    if (isGone()) return undefined
    throw error
  }
}

/**
 * Everybody in the sandbox, in whatever namespaces, and traced or not: whoever has lost a parent has been given to init, or
 * to somebody below it.
 */
function descendantsOf(init: number): number[] {
  const children = new Map<number, number[]>()
  for (const pid of allPids()) {
    const { parent } = parentAndState(pid) ?? {}
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap(child => [child, ...below(child)])
  // A zombie is only waited for, unless another thread of it lives.
  return below(init).filter(pid => throughWhom(pid) !== undefined)
}

/**
 * The processes of a program that still exist. The observer does not hear of the end of a process that it does not
 * trace, so /proc is asked, too.
 */
export function livingProcesses({ processes }: Observer): number[] {
  const alive = [...processes.values()].filter(({ status }) => !status)
  return alive.filter(({ pid, birth }) => isIn(pid, birth.namespaces.pid)).map(({ pid }) => pid)
}

function isIn(pid: number, pidNamespace: number): boolean {
  const thread = throughWhom(pid)
  try {
    return thread !== undefined && namespaceInode(thread, 'pid') === pidNamespace
  } catch {
    // ENOENT: it has ended.
    return false
  }
}
