/**
 * The smallest service there is: whoever connects is told by which address they are seen. That both ends name an address,
 * and whether it is the same one, is all that a lab about NAT wants to know.
 */
import { closeSync, readFileSync } from 'node:fs'
import { SyscallError, Unexpected } from '../../errors.ts'
import { writeAll } from '../../machine/output.ts'
import { poll } from '../../machine/poll.ts'
import type { Endpoint } from '../nat/firewall.ts'
import { lookUp } from './names.ts'
import { acceptTcp, connectTcp, listenTcp } from './sockets.ts'

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
  const listening = at.map(listenTcp)
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

function callOne(say: Say, who: string, to: Endpoint, timeout: number): boolean {
  const whom = `${who} at ${to.address} port ${to.port}`
  try {
    const { fd, own } = connectTcp(to, timeout)
    say(`I am ${own.address}, and ${whom} answers: ${readFileSync(fd, 'utf8')}.`)
    closeSync(fd)
    return true
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    say(`${whom}: ${error.code}${error.hint ? `, ${error.hint}` : ''}.`)
    return false
  }
}
