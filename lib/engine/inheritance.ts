/**
 * What a process passes on to the Node that replaces it, beyond arguments and environment: the descriptors that it was
 * started with, and the channel of child_process.fork(). Node marks all that is open at its start close-on-exec.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { UsageError } from '../errors.ts'
import type { Environment } from '../exec.ts'
import { libcFunction } from '../machine/libc.ts'
import { CLONEABLE_FLAGS } from './cloneable.ts'

const libcFcntl = libcFunction('int fcntl(int fd, int cmd, ...)')

/** `<fcntl.h>` */
export const FCNTL = { F_GETFD: 1, F_SETFD: 2, F_GETFL: 3, FD_CLOEXEC: 1, O_NONBLOCK: 0o4000 } as const

function target(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // It is the descriptor that listed the others, which is closed by now.
    return undefined
  }
}

/** Whether Node, libuv or a loader has opened it: event loops, and pipes, sockets and folders that do not block. */
function isNodes(fd: number, path: string): boolean {
  if (/^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/.test(path) || path === '/dev/null') return true
  // The first time on a machine, what tsx has compiled is on its way into its cache.
  if (/\/tsx-\d+\/[^/]+$/.test(path)) return true
  return (libcFcntl(fd, FCNTL.F_GETFL) & FCNTL.O_NONBLOCK) !== 0
}

/** The pipes of which both ends are open here. */
function ownPipes(paths: readonly string[]): Set<string> {
  return new Set(paths.filter((path, i) => path.startsWith('pipe:') && paths.indexOf(path) !== i))
}

/**
 * The descriptors from 3 up that this process was started with, as far as can be known. Node takes the free numbers,
 * and its first epoll descriptor comes first: a descriptor with a lower number was there before. Of the others those
 * are taken that are not of a kind that Node opens for itself.
 */
function inherited(): number[] {
  const open = readdirSync('/proc/self/fd')
    .map(Number)
    .filter(fd => fd > 2)
    .sort((one, other) => one - other)
    .flatMap(fd => {
      const path = target(fd)
      return path === undefined ? [] : [{ fd, path }]
    })
  const first = open.find(({ path }) => path === 'anon_inode:[eventpoll]')?.fd ?? 0
  // Pipes with both ends here are Node's own, too: libuv's signal lock is such a pipe, and it blocks.
  const pipes = ownPipes(open.filter(({ fd }) => fd > first).map(({ path }) => path))
  return open.filter(({ fd, path }) => fd < first || (!pipes.has(path) && !isNodes(fd, path))).map(({ fd }) => fd)
}

/** Makes the descriptors that the calling process was started with stay open when it becomes another program. */
export function handDownDescriptors(): void {
  try {
    for (const fd of inherited()) libcFcntl(fd, FCNTL.F_SETFD, 'int', 0)
  } catch {
    // ENOENT: without /proc the descriptors cannot be listed.
  }
}

/** The handle of the channel, under a symbol of Node's own. */
function channelHandle(): { readonly bytesRead?: number } | undefined {
  const key = Object.getOwnPropertySymbols(process).find(({ description }) => description === 'kChannelHandle')
  return key && (process as unknown as Record<symbol, { bytesRead?: number }>)[key]
}

/**
 * The variables by which the next Node gets the channel of child_process.fork(). Node removes them from its environment
 * once it has read them.
 * @throws UsageError when something has been received already, which the next Node would miss
 */
export function channelEnvironment(): Environment {
  if (!process.connected) return {}
  const given = readFileSync('/proc/self/environ', 'utf8').split('\0')
  const words = given.filter(word => /^NODE_CHANNEL_(FD|SERIALIZATION_MODE)=/.test(word))
  if (channelHandle()?.bytesRead === 0 && words.length > 0)
    return Object.fromEntries(words.map(word => word.split('=', 2) as [string, string]))
  throw new UsageError(
    'this program was started by child_process.fork() and has been sent a message before it could be made cloneable: ' +
      'the message would be lost\nhint: let it send one first when it is ready; or start it cloneable, fork(file, { ' +
      `execArgv: [${[...CLONEABLE_FLAGS, '--import', 'tsx'].map(flag => `'${flag}'`).join(', ')}] })`,
  )
}
