/**
 * What one lab's check looks at besides the tree of processes: control groups, the kernel's log, a container, a
 * terminal.
 */

import { CannotRun } from '../../lib/errors.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { getppid } from '../../lib/process.ts'
import { INITIAL_PID_NAMESPACE } from '../../lib/tidy/owner.ts'
import { type KernelLog, openKernelLog } from '../../lib/trace/kmsg.ts'
import { readProc, statusField } from '../../lib/trace/proc.ts'
import type { Sandbox, Setting } from '../sandbox/sandbox.ts'
import { ContainerWatcher } from '../witnesses/container.ts'
import { Conversation } from '../witnesses/conversation.ts'
import { GroupWatcher } from '../witnesses/groups.ts'
import type { Observer, Watcher } from './observer.ts'
import type { Observation, Typed } from './record.ts'

/** The part of an observation that only some labs ask for. */
export type SceneRecord = Pick<
  Observation,
  'groupWrites' | 'memory' | 'freezer' | 'members' | 'kernelLog' | 'logHasOurNumbers' | 'containers' | 'fs' | 'typed'
>

const NOTHING_TYPED: Typed = { codes: [], answers: new Map() }

/**
 * Whatever has to be a witness of a lab from its beginning: the kernel's log, if it can be read here.
 * @throws CannotRun where the kernel does not count what the whole lab is about
 */
export function openWitness({ groups }: Setting): KernelLog | undefined {
  if (groups === 'memory') return openKernelLog()
  // A kernel that does not count writes zeros, and whoever stands still looks the same. Of a process that was forked a
  // moment ago nothing is counted yet: the judge's parent has worked for a while.
  if (groups === 'freezer' && !(Number.parseInt(readProc(getppid(), 'schedstat') ?? '', 10) > 0))
    throw new CannotRun(
      'the kernel does not count the CPU time of a process here (/proc/PID/schedstat)\n' +
        'hint: it takes a kernel with CONFIG_SCHED_INFO, and a /proc that shows the file',
    )
  return undefined
}

/** Whether the first thread of a process runs or is ready to. */
const wantsProcessor = (pid: number) => statusField(pid, 'State')?.startsWith('R') ?? false

/** What is needed to check one lab. */
export class Scene {
  readonly watcher: Watcher
  /** Whether it has to look from time to time at what nobody reports. */
  readonly samples: boolean
  readonly #groups: GroupWatcher | undefined
  readonly #containers: ContainerWatcher | undefined
  readonly #log: KernelLog | undefined
  #conversation: Conversation | undefined

  constructor({ init, groups }: Sandbox, setting: Setting, log: KernelLog | undefined) {
    this.#groups = setting.groups && new GroupWatcher(groups, setting.groups)
    this.#containers = setting.terminal ? new ContainerWatcher(init) : undefined
    this.watcher = this.#groups ?? this.#containers ?? {}
    this.samples = setting.groups === 'freezer' || setting.terminal === true
    this.#log = log
  }

  /** The program may start now, at a terminal if it was given one. */
  begin(observer: Observer, master: number | undefined, timeout: number): void {
    if (master === undefined) return
    const hasShell = () => {
      const [program, ...others] = observer.processes.values()
      const depth = program?.numbers.length ?? 0
      return others.some(({ numbers, programs, status }) => !status && numbers.length > depth && programs.length > 0)
    }
    const isIdle = () => ![...observer.processes.values()].some(({ pid, status }) => !status && wantsProcessor(pid))
    const conversation = new Conversation(master, hasShell, isIdle, timeout)
    this.#conversation = conversation
    if (!this.#containers) return
    this.#containers.heard = (code, where) => {
      if (where === 'outside') this.lookAround(observer)
      conversation.hear(code, where)
    }
  }

  /** Called again and again while the program runs. @returns false: there is always more to come */
  goOn(): boolean {
    this.#conversation?.goOn()
    return false
  }

  /** Looks at those who will not come to their end by themselves. */
  lookAround(observer: Observer): void {
    this.#containers?.lookAround(observer.processes.values())
  }

  /** Everything that was seen. */
  seen(): SceneRecord {
    const kernelLog = this.#log?.read()
    this.#log?.close()
    return {
      groupWrites: this.#groups?.writes ?? [],
      memory: this.#groups?.memory ?? [],
      freezer: this.#groups?.freezer ?? [],
      members: this.#groups?.members ?? new Map(),
      kernelLog,
      logHasOurNumbers: namespaces().pid === INITIAL_PID_NAMESPACE,
      containers: this.#containers?.moments ?? [],
      fs: this.#containers?.fs,
      typed: this.#conversation ?? NOTHING_TYPED,
    }
  }
}
