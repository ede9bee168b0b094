/**
 * Which processes, interfaces, mounts and control groups are in a sandbox now.
 */
import { inNamespace, type Namespaces, namespaces } from '../../lib/namespaces.ts'
import { links } from '../../lib/net/links.ts'
import { allPids, statusField } from '../../lib/trace/proc.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import { mountLines } from '../sandbox/mounts.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Witness } from '../witnesses/witness.ts'

/** What is in the sandbox now, apart from its init. */
function inSandbox({ init, groups }: Sandbox): string[] {
  const processes = descendantsOf(init)
  return [
    ...processes.map(pid => `process ${pid} (${statusField(pid, 'Name')})`),
    ...inNamespace(init, 'net', links).map(({ name }) => `interface ${name}`),
    ...mountLines(init).map(line => `mount ${line}`),
    ...groups.inner().map(path => `cgroup ${path}`),
  ]
}

/** What was in the sandbox before its program could change anything, and what is there besides. */
export class Inventory implements Witness {
  readonly #sandbox: Sandbox
  #own: Namespaces | undefined
  #before: readonly string[] = []

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
  }

  /** The first birth is that of the program, which is stopped meanwhile. */
  birth(): void {
    if (this.#own) return
    this.#own = namespaces(this.#sandbox.init)
    this.#before = inSandbox(this.#sandbox).filter(line => !line.startsWith('process '))
  }

  /** What is there now and was not before the program; nothing while the program has not been born. */
  added(): string[] {
    return this.#own ? inSandbox(this.#sandbox).filter(line => !this.#before.includes(line)) : []
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
    const parent = Number(statusField(pid, 'PPid'))
    children.set(parent, [...(children.get(parent) ?? []), pid])
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
    return thread !== undefined && namespaces(thread).pid === pidNamespace
  } catch {
    // ENOENT: it has ended.
    return false
  }
}
