/**
 * What both dialects have in common: a control group is a directory, its settings are files, and moving a process into
 * it is writing a number.
 */
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SyscallError, syscallError } from '../errors.ts'
import { announce } from '../machine/announce.ts'
import { until } from '../machine/until.ts'
import { kill, sleep } from '../process.ts'
import { wordsOf } from './hierarchies.ts'
import { innermostFirst, innerNames } from './walk.ts'

/** Is called for everything that is done to a group, with the shell command that would do the same. */
export type Tell = (command: string) => void

/** How long the kernel may take to freeze a group, or to end the processes of one after SIGKILL, in seconds. */
export const PATIENCE = 5

/** Turns the failure of a file operation on a group into an error that says what to do. */
export function explain(error: unknown, call: string, args: readonly unknown[], key: string): Error {
  const { errno, code } = error as NodeJS.ErrnoException
  if (error instanceof SyscallError || errno === undefined || code === undefined) return error as Error
  return syscallError(call, args, -errno, key)
}

/** One group, in either dialect. */
export class GroupDirectory {
  /** Its directory. */
  readonly path: string
  readonly #tell: Tell

  constructor(path: string, tell: Tell) {
    this.path = path
    this.#tell = tell
  }

  /** Whether its kernel has a setting. */
  has(file: string): boolean {
    return existsSync(join(this.path, file))
  }

  /** A setting or a counter as text. @throws SyscallError ENOENT, ENODEV: the group has vanished */
  read(file: string): string {
    const path = join(this.path, file)
    try {
      return readFileSync(path, 'utf8').trim()
    } catch (error) {
      throw explain(error, 'read', [path], 'group')
    }
  }

  /** One number of a file such as memory.events: that behind `name`. */
  readField(file: string, name: string): number {
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(this.read(file))?.[1])
  }

  /** Writes a setting. @throws SyscallError EACCES, EBUSY, EINVAL, ENOENT */
  write(file: string, value: string | number): void {
    const path = join(this.path, file)
    this.#tell(`echo ${value} > ${path}`)
    announce('write')
    try {
      writeFileSync(path, String(value))
    } catch (error) {
      throw explain(error, 'write', [path, String(value)], existsSync(path) ? file : 'group')
    }
  }

  /**
   * Moves a process in, with all its threads. The memory that it has already stays charged to its former group.
   * @param pid `pid_t pid`, as the calling process numbers it
   * @throws SyscallError ESRCH, EACCES, EBUSY (v2: the group's children have controllers)
   */
  add(pid: number): void {
    this.write('cgroup.procs', pid)
  }

  /** The present text of those of these settings that its kernel has, in the order in which they can be written back. */
  protected settings(files: readonly string[]): [string, string][] {
    return files.filter(file => this.has(file)).map(file => [file, this.read(file)])
  }

  /** The processes in it, as the calling process numbers them; those it cannot see (0 in the file) are left out. */
  processes(): number[] {
    return this.read('cgroup.procs')
      .split('\n')
      .map(Number)
      .filter(pid => pid > 0)
  }

  /** The threads in it, as the calling process numbers them: v1 moves each by itself, and v2 may. */
  threads(): number[] {
    return this.read(this.has('tasks') ? 'tasks' : 'cgroup.threads')
      .split('\n')
      .map(Number)
      .filter(tid => tid > 0)
  }

  /**
   * Reports the command and removes the group.
   * @throws SyscallError EBUSY: after {@link PATIENCE} seconds it still has processes
   */
  protected removeDirectory(): void {
    this.#tell(`rmdir ${this.path}`)
    removeGroup(this.path)
  }

  /** Sends SIGKILL to every process in it, and to those that are forked meanwhile. */
  protected killEach(): void {
    killAll(this.path)
  }
}

/**
 * Sends SIGKILL to every process in a group, and to those that are forked meanwhile, until none is left; thaws the group
 * as often, because somebody who is in none of them may freeze it again.
 */
function killAll(path: string): void {
  until(() => {
    thawOne(path)
    const pids = wordsOf(join(path, 'cgroup.procs')).map(Number)
    for (const pid of pids.filter(each => each > 0)) {
      try {
        kill(pid, 'SIGKILL')
      } catch {
        // ESRCH: it has just ended.
      }
    }
    return pids.length === 0
  }, PATIENCE)
}

/** Kills the processes of a group and of the groups in it, none of which is frozen, and removes these groups. */
function endGroup(path: string): void {
  innermostFirst(path, each => {
    killAll(each)
    removeOne(each, PATIENCE)
  })
}

/**
 * Kills the processes of groups that may have been left in any state, and removes these groups with those in them. All
 * are thawed first: a process can be in several of them, and cannot die while one is frozen.
 * @throws the first error, after all have been tried
 */
export function discardGroups(paths: readonly string[]): void {
  for (const path of paths) thawAll(path)
  const errors: unknown[] = []
  for (const path of paths) {
    try {
      endGroup(path)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** The groups in a group, by directory. */
export function innerGroups(path: string): string[] {
  return innerNames(path).map(name => join(path, name))
}

/**
 * Removes a group and those in it, by its directory.
 * @param patience how long it is tried again, in seconds, while its last process is not gone
 * @throws SyscallError EBUSY
 */
export function removeGroup(path: string, patience = PATIENCE): void {
  innermostFirst(path, each => removeOne(each, patience))
}

function removeOne(path: string, patience: number): void {
  for (let waited = 0; existsSync(path); waited += 0.002) {
    announce('rmdir')
    try {
      rmdirSync(path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      // A process that has been killed leaves its group only when the kernel is done with it.
      if (code !== 'EBUSY' || waited >= patience) throw explain(error, 'rmdir', [path], 'rmdir')
      sleep(0.002)
    }
  }
}

/** Thaws a group and the groups in it, in either dialect. A process that is frozen in v1 cannot even be killed. */
export function thawAll(path: string): void {
  innermostFirst(path, thawOne)
}

function thawOne(path: string): void {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const) {
    try {
      if (existsSync(join(path, file))) writeFileSync(join(path, file), value)
    } catch {
      // It has just been removed.
    }
  }
}
