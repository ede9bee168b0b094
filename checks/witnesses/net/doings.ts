/**
 * Which calls change a network or send something there, of those that may.
 */
import { readlinkSync } from 'node:fs'
import { type StoppedCall, WRITE_CALLS } from '../../../lib/trace/seccomp.ts'

/** The requests of ioctl(2) that are about interfaces, `<linux/sockios.h>`: from here on, a byte's worth of them. */
const SOCKET_REQUESTS = 0x89n

/** Whether a descriptor of a thread is a socket. */
function isSocket(tid: number, fd: bigint | undefined): boolean {
  try {
    return readlinkSync(`/proc/${tid}/fd/${Number(BigInt.asIntN(32, fd ?? -1n))}`).startsWith('socket:')
  } catch {
    // ENOENT: there is no such descriptor, or the thread has been killed.
    return false
  }
}

/** Whether what is new when a call has returned is its caller's work: it changes a network, or sends something. */
export function changesOrSends(name: StoppedCall, args: readonly bigint[], tid: number): boolean {
  if (/^send(to|msg|mmsg)$/.test(name)) return true
  if (name === 'ioctl') return (((args[1] ?? 0n) >> 8n) & 0xffn) === SOCKET_REQUESTS
  const file = WRITE_CALLS[name]
  return file !== undefined && isSocket(tid, args[file])
}
