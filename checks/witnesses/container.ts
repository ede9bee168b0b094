/**
 * Looks at processes that live in other namespaces than the sandbox's: their root, their /proc, their host name, their
 * network, and what of it can be seen outside.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { mounts } from '../../lib/mount/mount.ts'
import { inNamespace, namespaces } from '../../lib/namespaces.ts'
import { links } from '../../lib/net/links.ts'
import type { Watcher } from '../observer/observer.ts'
import type { ContainerMoment, ProcessRecord } from '../observer/record.ts'

/** A directory, as device:inode. */
function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

const hostNameOf = (pid: number) =>
  inNamespace(pid, 'uts', () => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())

/** The mounts that a process sees, one line each; by number, because one may be covered by another of its kind. */
export const mountLines = (pid: number) =>
  mounts(pid).map(({ id, target, type }) => `${target} (${type}, number ${id})`)

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

/** The watcher of one sandbox. */
export class ContainerWatcher implements Watcher {
  readonly moments: ContainerMoment[] = []
  /** The root file system that the program was given, as device:inode. */
  fs: string | undefined
  /** Hears of every process that ends by itself: its code, and where it lived. */
  heard: (code: number, where: ContainerMoment | 'outside') => void = () => {}
  readonly #init: number
  readonly #pidNamespace: number

  constructor(init: number) {
    this.#init = init
    this.#pidNamespace = namespaces(init).pid
  }

  /** The program's own exec is the first of all: its directory is where it starts. */
  exec(pid: number): void {
    this.fs ??= identity(`/proc/${pid}/cwd/fs`)
  }

  exit(pid: number, code: number | undefined): void {
    const moment = this.look(pid, code)
    if (code !== undefined) this.heard(code, moment ?? 'outside')
  }

  /** @returns the moment, if the process is in another PID, mount or UTS namespace than the sandbox */
  look(pid: number, code?: number): ContainerMoment | undefined {
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
      this.moments.push(moment)
      return moment
    } catch {
      // It was killed while it stood there.
      return undefined
    }
  }

  /** Looks at everybody who lives in another PID namespace now. */
  lookAround(processes: Iterable<ProcessRecord>): void {
    for (const { pid, status, birth } of processes)
      if (!status && birth.namespaces.pid !== this.#pidNamespace) this.look(pid)
  }
}
