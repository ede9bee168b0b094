/**
 * Names for addresses, as a container finds them: in its hosts file, and by a resolver on the bridge for everybody else.
 */
import { closeSync, readFileSync } from 'node:fs'
import { CannotRun, Unexpected } from '../../errors.ts'
import { closePipes } from '../../gate.ts'
import { answerMessage, DNS_PORT, queryMessage, RECORD, readMessage } from './dns.ts'
import { hops } from './hops.ts'
import { connect, hearErrors, openUdp, receiveFrom, SOCKET, sendTo, setTimeoutOf } from './sockets.ts'

/** Addresses by name. */
export type Names = Readonly<Record<string, readonly string[]>>

/**
 * Answers questions for names, for ever, in a process of its own: it closes the pipes and gates of whoever made it.
 * @param fd a socket of {@link openUdp} at port 53
 * @param names all that it knows; of any other name it says that there is none
 */
export function serveNames(fd: number, names: Names): never {
  closePipes([])
  for (;;) {
    const { message, from } = receiveFrom(fd)
    const query = readMessage(message)
    if (!query || query.isAnswer) continue
    sendTo(fd, answerMessage(query, Object.hasOwn(names, query.name) ? names[query.name] : undefined), from)
  }
}

/**
 * Opens the socket of a resolver.
 * @param address one of the calling thread's network
 * @returns `int fd` for {@link serveNames}
 * @throws CannotRun where another one listens there, or at all addresses; SyscallError EADDRNOTAVAIL, EACCES
 * @see udp(7)
 */
export function openResolver(address: string): number {
  try {
    return openUdp(address, { address, port: DNS_PORT })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new CannotRun(
      `a resolver of this machine listens at port ${DNS_PORT} of ${address} already, or of every address\n` +
        `hint: ss -lunp 'sport = :${DNS_PORT}' shows which: stop it, or leave it its own addresses`,
    )
  }
}

/** Where an address was found. */
export interface Found {
  readonly address: string
  readonly by: string
}

/** The address behind a name in a text of hosts(5). */
function inHosts(text: string, name: string): string | undefined {
  const lines = text.split('\n').map(line => line.replace(/#.*/, '').trim().split(/\s+/))
  return lines.find(([, ...names]) => names.includes(name))?.[0]
}

/** How long a resolver may take, in seconds: it is a process, and may have to wait for a processor before it answers. */
const PATIENCE = 60
/** How long its kernel may take, in seconds. */
const KERNEL_PATIENCE = 2

/** Whether the kernel at an address answers: it says of a port at which nobody listens that nobody does. */
const isThere = (address: string) => hops(address, 1, KERNEL_PATIENCE).some(hop => hop.isThere)

/**
 * Waits for an answer as long as there is somebody from whom it may come: a resolver may be kept waiting by a busy
 * machine, and a network that leads nowhere does not become one that does.
 */
function receiveAnswer(fd: number, server: string, timeout: number): Buffer {
  const end = performance.now() / 1e3 + timeout
  for (;;) {
    const left = Math.max(end - performance.now() / 1e3, 1e-3)
    setTimeoutOf(fd, SOCKET.SO_RCVTIMEO, Math.min(left, KERNEL_PATIENCE))
    try {
      return receiveFrom(fd).message
    } catch (error) {
      const isLate = (error as { code?: string }).code === 'EAGAIN'
      if (!isLate || left <= KERNEL_PATIENCE || !isThere(server)) throw error
    }
  }
}

/** Asks a resolver. @param timeout in seconds @returns the addresses; none if it knows no such name or does not answer in time */
export function askResolver(server: string, name: string, timeout: number): readonly string[] {
  const fd = openUdp(server)
  try {
    // So the kernel says at once that nobody listens there, and after its three questions (ARP) that nobody has the
    // address.
    hearErrors(fd)
    connect(fd, { address: server, port: DNS_PORT })
    const query = { id: (process.pid * 31) & 0xffff, name, type: RECORD.A }
    sendTo(fd, queryMessage(query), { address: server, port: DNS_PORT })
    const answer = readMessage(receiveAnswer(fd, server, timeout))
    return answer?.isAnswer && answer.id === query.id ? answer.addresses : []
  } catch {
    // EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH: nobody answers there.
    return []
  } finally {
    closeSync(fd)
  }
}

/**
 * Finds the address behind a name as getaddrinfo(3) does: first in `/etc/hosts`, then by the resolver of
 * `/etc/resolv.conf`.
 * @param timeout in seconds, for the resolver
 * @throws Unexpected where neither knows it
 */
export function lookUp(name: string, timeout = PATIENCE): Found {
  const own = inHosts(readFileSync('/etc/hosts', 'utf8'), name)
  if (own !== undefined) return { address: own, by: '/etc/hosts' }
  const [, server = ''] = /^nameserver\s+(\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8')) ?? []
  const [address] = askResolver(server, name, timeout)
  if (address !== undefined) return { address, by: `the resolver at ${server}` }
  throw new Unexpected(`nobody knows the name ${name}: neither /etc/hosts nor the resolver at ${server}`)
}
