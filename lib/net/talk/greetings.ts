/**
 * The smallest service there is: whoever connects is told by which address they are seen. That both ends name an address,
 * and whether it is the same one, is all that a lab about NAT wants to know.
 */
import { closeSync } from 'node:fs'
import { fork } from '../../clone.ts'
import { SyscallError, Unexpected } from '../../errors.ts'
import { writeAll } from '../../machine/output.ts'
import { poll } from '../../machine/poll.ts'
import type { Endpoint } from '../nat/firewall.ts'
import { lookUp } from './names.ts'
import { acceptTcp, connectTcp, listenTcp, receiveFrom, SOCKET, setTimeoutOf } from './sockets.ts'

/** Who says something. */
export type Say = (text: string) => void

/** Tells somebody something and hangs up. Whoever hangs up first, as a scanner of ports does, misses it. */
function tell(fd: number, text: string): void {
  try {
    writeAll(fd, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  } finally {
    closeSync(fd)
  }
}

/**
 * Listens at these endpoints of the calling thread's network.
 * @returns a function that answers whoever connects, for ever, and says who that is
 * @throws SyscallError as {@link listenTcp}
 */
export function greet(say: Say, at: readonly Endpoint[]): () => never {
  return greetAt(say, at.map(listenTcp))
}

function greetAt(say: Say, listening: readonly number[]): () => never {
  return () => {
    for (;;)
      for (const ready of poll(listening, Number.POSITIVE_INFINITY)) {
        const { fd, peer } = acceptTcp(ready)
        say(`Somebody has connected, and I see them at ${peer.address}.`)
        tell(fd, `I see you at ${peer.address}`)
      }
  }
}

/**
 * Greets as {@link greet} does, in a child that has the sockets alone: should it die, the kernel refuses whoever calls,
 * and keeps nobody waiting.
 * @returns `pid_t pid` of the child, which listens already
 * @throws SyscallError as {@link listenTcp}, EAGAIN
 */
export function startGreeter(say: Say, at: readonly Endpoint[]): number {
  const listening = at.map(listenTcp)
  try {
    return fork(greetAt(say, listening))
  } finally {
    for (const fd of listening) closeSync(fd)
  }
}

/**
 * Says where a name is found, and by whom.
 * @returns whether anybody knows it; if nobody does, that has been said
 */
export function find(say: Say, name: string): boolean {
  try {
    const { address, by } = lookUp(name)
    say(`${name} is ${address}, by ${by}.`)
    return true
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error
    say(`${error.message}.`)
    return false
  }
}

/**
 * Connects to somebody who greets, at each of their addresses, and says what both ends are to each other.
 * @param who their name, for what is said
 * @param timeout in seconds, for each
 * @returns whether there was an answer from everywhere; if there was none, why not has been said
 */
export function call(say: Say, who: string, at: readonly Endpoint[], timeout: number): boolean {
  return at.map(to => callOne(say, who, to, timeout)).every(Boolean)
}

/** How long somebody who has been reached may take to answer, in seconds: the kernel connects, a process answers. */
const PATIENCE = 60

/** All that comes over a connection until the other side hangs up. It is closed then. */
function hearAll(fd: number): string {
  let heard = ''
  try {
    setTimeoutOf(fd, SOCKET.SO_RCVTIMEO, PATIENCE)
    for (;;) {
      const { message } = receiveFrom(fd)
      if (message.length === 0) return heard
      heard += message.toString()
    }
  } finally {
    closeSync(fd)
  }
}

function callOne(say: Say, who: string, to: Endpoint, timeout: number): boolean {
  const whom = `${who} at ${to.address} port ${to.port}`
  try {
    const { fd, own } = connectTcp(to, timeout)
    say(`I am ${own.address}, and ${whom} answers: ${hearAll(fd)}.`)
    return true
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    say(`${whom}: ${error.code}${error.hint ? `, ${error.hint}` : ''}.`)
    return false
  }
}
