/**
 * Whether packets may be seen and sent as they are: ping(8) does so, and the witness of lab 3.
 */
import { closeSync } from 'node:fs'
import { CannotRun } from '../errors.ts'
import { containerCommand } from '../machine/container.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { AF_INET } from './interfaces.ts'
import { SOCK_RAW_CLOEXEC } from './netlink.ts'

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)')

const IPPROTO_ICMP = 1

/** Why raw sockets are refused, and what helps. */
export interface RefusedSockets {
  /** The error of the call, in one line. */
  readonly seen: string
  readonly cause: string
  readonly remedy: string
}

/**
 * Tries a raw socket in the network of the calling process, and closes it.
 * @returns why it is refused; `undefined` where it is not
 * @see raw(7)
 */
export function refusedSockets(): RefusedSockets | undefined {
  try {
    const shown = [Symbol('AF_INET'), Symbol('SOCK_RAW'), Symbol('IPPROTO_ICMP')]
    closeSync(call('socket', libcSocket, [AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP], shown))
    return undefined
  } catch (error) {
    return {
      seen: (error as Error).message.split('\n')[0] as string,
      cause: 'this root lacks CAP_NET_RAW, as in a container of podman, and without it ping sends nothing',
      remedy: containerCommand(),
    }
  }
}

/**
 * Makes sure that ping can send.
 * @param what who asks, `lab 3`
 * @throws CannotRun with the reason and the remedy
 */
export function ensureRawSockets(what: string): void {
  const refused = refusedSockets()
  if (refused) throw new CannotRun(`${what} pings, and ${refused.seen}: ${refused.cause}\nhint: ${refused.remedy}`)
}
