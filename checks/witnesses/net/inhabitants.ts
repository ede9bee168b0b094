/**
 * Who keeps a network namespace alive: threads that live in it, and processes that have a socket of it.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { namespaceOf } from '../../../lib/namespaces.ts'
import { readProc } from '../../../lib/trace/proc.ts'
import { threadsOf } from '../../../lib/trace/scheduling.ts'

/** The inode of the network namespace of a thread; `undefined` if it has ended. */
export const networkOf = (tid: number | undefined): number | undefined =>
  tid === undefined ? undefined : namespaceOf(tid, 'net')

/** Whether a thread of some processes lives in a network, but for threads that are about to leave it. */
export const livesIn = (net: number, pids: readonly number[], leaving: ReadonlySet<number>): boolean =>
  pids.some(pid => threadsOf(pid).some(tid => !leaving.has(tid) && networkOf(tid) === net))

/** Where the kernel lists the sockets of a network, and which column is their inode. */
const SOCKET_LISTS = {
  ...{ raw: 9, icmp: 9, packet: 8, netlink: 9, tcp: 9, udp: 9 },
  ...{ raw6: 9, icmp6: 9, tcp6: 9, udp6: 9 },
} as const

/** The inodes of the sockets in the network of the calling thread. */
export function socketsHere(): ReadonlySet<string> {
  return new Set(
    Object.entries(SOCKET_LISTS).flatMap(([name, column]) => {
      const lines = (readProc('thread-self', `net/${name}`) ?? '').trim().split('\n').slice(1)
      return lines.map(line => line.trim().split(/\s+/)[column] ?? '')
    }),
  )
}

/** Whether a process has one of those sockets open. */
export function hasOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkQuietly(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && sockets.has(inode)
    })
  } catch {
    return false
  }
}

function readlinkQuietly(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // ENOENT: it has been closed.
    return ''
  }
}
