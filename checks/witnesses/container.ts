/**
 * The witness of containers: processes that live in other namespaces than the sandbox's. It looks at their root, their
 * /proc, their host name, their network, and at what of it can be seen outside.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { ensureRootfs } from '../../lib/mount/rootfs.ts'
import { inNamespace, type Namespaces, namespaceInode, namespaces } from '../../lib/namespaces.ts'
import { type Link, links } from '../../lib/net/links.ts'
import { statusField } from '../../lib/trace/proc.ts'
import type { Listener } from '../../lib/trace/ptrace.ts'
import { MOUNT_CALLS, NAMESPACE_CALLS, type StoppedCall } from '../../lib/trace/seccomp.ts'
import type { Observer } from '../observer/observer.ts'
import { throughWhom } from '../observer/threads.ts'
import { mountLines } from '../sandbox/mounts.ts'
import { OwnFiles } from './shell/own-files.ts'
import { isInRoot, type ProcThere, procOf } from './shell/spot.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** A process in namespaces that are not the sandbox's, at a moment. */
export interface ContainerMoment {
  readonly pid: number
  readonly namespaces: Namespaces
  /** Its root directory, as device:inode. */
  readonly root: string
  /** The same as a path, as far as it has one in the mount namespace of the checker. */
  readonly rootPath: string
  /** Whether its working directory lies in that root. */
  readonly isInRoot: boolean
  /** Whether the program it runs is a file that was in `./fs` before the program started. */
  readonly runsOwnProgram: boolean
  /** What is at /proc in its root. */
  readonly proc: ProcThere
  readonly hostName: string
  readonly links: readonly Link[]
  /** What is outside: the interfaces of the network it was made from, and the host name and mounts of the sandbox. */
  readonly outside: { readonly hostName: string; readonly links: readonly Link[]; readonly mounts: readonly string[] }
}

/** What this witness records. */
export interface ContainerRecord {
  readonly containers: readonly ContainerMoment[]
  /** The root file system `./fs`, as device:inode. */
  readonly fs: string | undefined
  /** The mounts of the sandbox before anybody lived in namespaces of their own. */
  readonly mountsBefore: readonly string[]
  /** Those that were there when the last reader in a container ended by itself, after its last line. */
  readonly mountsAtEnd: readonly string[]
}

/** The calls that change what is asked of a container. */
const CHANGES: readonly StoppedCall[] = [
  ...NAMESPACE_CALLS,
  ...MOUNT_CALLS,
  'chroot',
  'pivot_root',
  'sethostname',
  'ioctl',
]

/** The kinds of namespace of which whoever is in the sandbox's own lives outside. */
const OUTSIDE = ['pid', 'mnt', 'uts'] as const

/** A directory, as device:inode. */
export function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

const hostNameOf = (pid: number) =>
  inNamespace(pid, 'uts', () => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())

/** The witness of one sandbox. */
export class ContainerWitness implements Witness<ContainerRecord> {
  readonly #moments: ContainerMoment[] = []
  readonly #init: number
  readonly #pidNamespace: number
  #fs: string | undefined
  #files: OwnFiles | undefined
  #mountsBefore: readonly string[] | undefined
  #hasContainer = false
  #processes: Observer['processes'] = new Map()
  /** How a process in a container was after its last call that changes what is asked here, by its PID. */
  readonly #last = new Map<number, ContainerMoment>()
  /** Those in a container who were seen at the terminal. If there are any it is they who matter, and not who ends. */
  readonly #readers = new Set<number>()
  #mountsAtEnd: readonly string[] = []

  constructor({ sandbox }: Scene) {
    this.#init = sandbox.init
    this.#pidNamespace = namespaceInode(sandbox.init, 'pid')
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  get #hasReader(): boolean {
    return this.#readers.size > 0
  }

  birth(pid: number): void {
    const { creator, caller } = this.#processes.get(pid) ?? {}
    this.#noteMounts(pid, creator === undefined ? pid : throughWhom(creator, caller))
    if (this.#processes.get(pid)?.numbers.at(-1) === 1) this.#remember(pid, pid)
  }

  call(name: StoppedCall, _args: readonly bigint[], tid: number): Listener | undefined {
    if (this.#hasReader || !CHANGES.includes(name)) return undefined
    const pid = Number(statusField(tid, 'Tgid'))
    if (NAMESPACE_CALLS.includes(name)) this.#noteMounts(tid)
    return result => {
      if (result < 0) return
      this.#hasContainer ||= !this.#isOutside(tid)
      this.#remember(pid, tid)
    }
  }

  /**
   * One that is killed is not seen at its end. A program whose parent gives up ends with it in the middle, and whether
   * it comes to its own end before that is a matter of chance.
   */
  #remember(pid: number, tid: number): void {
    if (this.#hasReader) return
    const moment = this.#look(pid, tid)
    if (typeof moment === 'object') this.#last.set(pid, moment)
  }

  gone(pid: number): void {
    const last = this.#last.get(pid)
    this.#last.delete(pid)
    if (last && !this.#hasReader) this.#moments.push(last)
  }

  /**
   * What a program mounts before it makes its container it mounts outside, and on purpose.
   * @param maker who has made the process just now, which has done nothing yet
   */
  #noteMounts(pid: number, maker = pid): void {
    if (!this.#hasContainer && this.#isOutside(maker)) this.#mountsBefore = mountLines(this.#init)
    this.#hasContainer ||= !this.#isOutside(pid)
  }

  /** Whether a process lives where the sandbox's init does; so does whoever is gone. */
  #isOutside(pid: number): boolean {
    try {
      return OUTSIDE.every(kind => namespaceInode(pid, kind) === namespaceInode(this.#init, kind))
    } catch {
      return true
    }
  }

  /** The program's own exec is the first of all: its directory is where it starts, and it has not run yet. */
  exec(pid: number): void {
    this.#noteMounts(pid)
    if (this.#files) return
    const directory = `/proc/${pid}/cwd/fs`
    this.#fs = identity(directory)
    if (this.#fs !== undefined) this.#files = new OwnFiles(directory, ensureRootfs())
  }

  exit(pid: number, _: number | undefined, tid: number): void {
    if (!this.#hasReader) this.#keep(pid, tid)
    else if (this.#readers.has(pid)) this.#mountsAtEnd = mountLines(this.#init)
  }

  /**
   * Looks at somebody who stands still, having read what was typed.
   * @returns `undefined` if it was killed meanwhile
   */
  lookAtReader(pid: number, tid: number): ContainerMoment | 'outside' | undefined {
    const moment = this.#look(pid, tid)
    if (typeof moment === 'object') this.#readers.add(pid)
    return moment
  }

  #keep(pid: number, tid: number): void {
    const moment = this.#look(pid, tid)
    if (typeof moment !== 'object') return
    this.#moments.push(moment)
    this.#last.delete(pid)
  }

  #look(pid: number, tid: number): ContainerMoment | 'outside' | undefined {
    try {
      const its = namespaces(tid)
      if (this.#isOutside(tid)) return 'outside'
      return {
        pid,
        namespaces: its,
        root: identity(`/proc/${tid}/root`) ?? '',
        rootPath: readlinkSync(`/proc/${tid}/root`),
        isInRoot: isInRoot(tid),
        runsOwnProgram: this.#files?.runBy(tid) ?? false,
        proc: procOf(tid, its.pid),
        hostName: hostNameOf(tid),
        links: inNamespace(tid, 'net', links),
        outside: {
          hostName: hostNameOf(this.#init),
          links: inNamespace(this.#whoIsOutside(pid, its.net), 'net', links),
          mounts: mountLines(this.#init),
        },
      }
    } catch {
      // It was killed while it stood there.
      return undefined
    }
  }

  /**
   * The nearest of those who made a process, or made its creator, that is in another network: a whole lab may be done
   * in one more container. The sandbox's init, if there is none.
   */
  #whoIsOutside(pid: number, net: number): number {
    for (let one = this.#processes.get(pid); one; one = this.#processes.get(one.creator)) {
      const thread = one.status ? undefined : throughWhom(one.pid)
      if (thread !== undefined && namespaceInode(thread, 'net') !== net) return thread
    }
    return this.#init
  }

  /** Looks at everybody who lives in another PID namespace now. */
  lookAround(): void {
    for (const { pid, status, birth } of this.#processes.values())
      if (!status && birth.namespaces.pid !== this.#pidNamespace) this.#keep(pid, throughWhom(pid) ?? pid)
  }

  record(): ContainerRecord {
    this.#files?.close()
    return {
      containers: this.#moments,
      fs: this.#fs,
      mountsBefore: this.#mountsBefore ?? [],
      mountsAtEnd: this.#mountsAtEnd,
    }
  }
}

/** Its program is given a root file system, `./fs`, and a network in which it may lay a veth pair. */
export const container: WitnessKind<ContainerRecord, ContainerWitness> = {
  needs: () => ({ pair: true, rootfs: ensureRootfs(), calls: CHANGES }),
  open: () => scene => new ContainerWitness(scene),
}
