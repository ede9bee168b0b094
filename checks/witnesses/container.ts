/**
 * The witness of containers: processes that live in other namespaces than the sandbox's. It looks at their root, their
 * /proc, their host name, their network, and at what of it can be seen outside.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { ensureRootfs } from '../../lib/mount/rootfs.ts'
import { inNamespace, type Namespaces, namespaces } from '../../lib/namespaces.ts'
import { type Link, links } from '../../lib/net/links.ts'
import type { Observer } from '../observer/observer.ts'
import { mountLines } from '../sandbox/mounts.ts'
import type { Scene, Start, Witness, WitnessKind } from './witness.ts'

/** A process in namespaces that are not the sandbox's, at a moment. */
export interface ContainerMoment {
  readonly pid: number
  /** The exit code with which it was about to end, if it was. */
  readonly code: number | undefined
  readonly namespaces: Namespaces
  /** Its root directory, as device:inode. */
  readonly root: string
  /** Whether its working directory lies in that root. */
  readonly isInRoot: boolean
  /** Whether the program it runs is a file below that root directory, on the same file system. */
  readonly runsOwnProgram: boolean
  /** Whether the /proc of its root shows its own PID namespace; `undefined` if nothing is there. */
  readonly procIsOwn: boolean | undefined
  readonly hostName: string
  readonly links: readonly Link[]
  /** The same of the sandbox. */
  readonly outside: { readonly hostName: string; readonly links: readonly Link[]; readonly mounts: readonly string[] }
}

/** What this witness records. */
export interface ContainerRecord {
  readonly containers: readonly ContainerMoment[]
  /** The root file system `./fs`, as device:inode. */
  readonly fs: string | undefined
  /** The mounts of the sandbox before the program ran. */
  readonly mountsBefore: readonly string[]
}

/** A directory, as device:inode. */
function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

const hostNameOf = (pid: number) =>
  inNamespace(pid, 'uts', () => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())

/** Whether the working directory of a process lies in its root: after chroot(2) without chdir(2) it does not. */
function isInRoot(pid: number): boolean {
  const [root, directory] = [readlinkSync(`/proc/${pid}/root`), readlinkSync(`/proc/${pid}/cwd`)]
  return root === '/' || directory === root || directory.startsWith(`${root}/`)
}

/** Whether PID 1 of the /proc below a process's root is in that process's PID namespace. */
function procIsOwn(pid: number, own: number): boolean | undefined {
  try {
    return readlinkSync(`/proc/${pid}/root/proc/1/ns/pid`) === `pid:[${own}]`
  } catch {
    return undefined
  }
}

/** The witness of one sandbox. */
export class ContainerWitness implements Witness<ContainerRecord> {
  /** Is called for every process that exits by itself, with its exit code and where it lived. */
  heard: (code: number, where: ContainerMoment | 'outside') => void = () => {}
  readonly #moments: ContainerMoment[] = []
  readonly #init: number
  readonly #pidNamespace: number
  #fs: string | undefined
  #mountsBefore: readonly string[] | undefined
  #processes: Observer['processes'] = new Map()

  constructor({ sandbox }: Scene) {
    this.#init = sandbox.init
    this.#pidNamespace = namespaces(sandbox.init).pid
  }

  begin({ observer }: Start): void {
    this.#processes = observer.processes
  }

  /** The first birth is that of the program, which has mounted nothing yet. */
  birth(): void {
    this.#mountsBefore ??= mountLines(this.#init)
  }

  /** The program's own exec is the first of all: its directory is where it starts. */
  exec(pid: number): void {
    this.#fs ??= identity(`/proc/${pid}/cwd/fs`)
  }

  exit(pid: number, code: number | undefined): void {
    const moment = this.#look(pid, code)
    if (code !== undefined) this.heard(code, moment ?? 'outside')
  }

  /** @returns the moment, if the process is in another PID, mount or UTS namespace than the sandbox */
  #look(pid: number, code?: number): ContainerMoment | undefined {
    try {
      const its = namespaces(pid)
      const own = namespaces(this.#init)
      if (its.pid === own.pid && its.mnt === own.mnt && its.uts === own.uts) return undefined
      const moment: ContainerMoment = {
        pid,
        code,
        namespaces: its,
        root: identity(`/proc/${pid}/root`) ?? '',
        isInRoot: isInRoot(pid),
        runsOwnProgram: statSync(`/proc/${pid}/exe`).dev === statSync(`/proc/${pid}/root`).dev,
        procIsOwn: procIsOwn(pid, its.pid),
        hostName: hostNameOf(pid),
        links: inNamespace(pid, 'net', links),
        outside: {
          hostName: hostNameOf(this.#init),
          links: inNamespace(this.#init, 'net', links),
          mounts: mountLines(this.#init),
        },
      }
      this.#moments.push(moment)
      return moment
    } catch {
      // It was killed while it was stopped.
      return undefined
    }
  }

  /** Looks at every process that lives in another PID namespace now. */
  lookAround(): void {
    for (const { pid, status, birth } of this.#processes.values())
      if (!status && birth.namespaces.pid !== this.#pidNamespace) this.#look(pid)
  }

  record(): ContainerRecord {
    return { containers: this.#moments, fs: this.#fs, mountsBefore: this.#mountsBefore ?? [] }
  }
}

/** The sandbox gives the program a root file system, `./fs`, and a network in which it may make a veth pair. */
export const container: WitnessKind<ContainerRecord, ContainerWitness> = {
  needs: () => ({ pair: true, rootfs: ensureRootfs() }),
  open: () => scene => new ContainerWitness(scene),
}
