/**
 * The witness of networks: interfaces, addresses, counters and neighbours of every network that a process of the program
 * lived in, and at the same moment those of the network that the program was started in.
 */
import { inNamespace, namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { type Link, links } from '../../lib/net/links.ts'
import { readProc } from '../../lib/trace/proc.ts'
import type { Scene, Witness, WitnessKind } from './witness.ts'

/** One side of a network. */
export interface Side {
  readonly links: readonly Link[]
  /** ICMP counters of /proc/net/snmp, `OutEchos` and the like. */
  readonly icmp: Readonly<Record<string, number>>
  /** Packets it has sent to itself, over lo. */
  readonly loopback: number
  /** Names of the interfaces on which a neighbour is known. */
  readonly neighbours: readonly string[]
}

/** One network at the moment when a process that lives in it ended. */
export interface NetworkMoment extends Side {
  /** Inode of the network namespace. */
  readonly net: number
  /** The same of the network the program was started in. */
  readonly outside: Side
}

/** What this witness records. */
export interface NetworkRecord {
  readonly networks: readonly NetworkMoment[]
  /** Names of the interfaces a fresh network has on this machine. */
  readonly freshLinks: readonly string[]
}

/** The ICMP counters of a process's network, from the pair of lines `Icmp:` in /proc/PID/net/snmp. */
function icmpCounters(pid: number): Record<string, number> {
  const lines = (readProc(pid, 'net/snmp') ?? '').split('\n').filter(line => line.startsWith('Icmp:'))
  const [names = [], values = []] = lines.map(line => line.split(' ').slice(1))
  return Object.fromEntries(names.map((name, i) => [name, Number(values[i])]))
}

/** How many packets a process's network has sent to itself, over lo: /proc/PID/net/dev. */
function loopbackPackets(pid: number): number {
  return Number(/^\s*lo:\s*\d+\s+(\d+)/m.exec(readProc(pid, 'net/dev') ?? '')?.[1] ?? 0)
}

/** The interfaces on which a neighbour has answered to ARP: /proc/PID/net/arp, where ATF_COM is 2. */
function neighbours(pid: number): string[] {
  const lines = (readProc(pid, 'net/arp') ?? '').trim().split('\n').slice(1)
  const entries = lines.map(line => line.split(/\s+/))
  return entries.filter(([, , flags]) => (Number(flags) & 2) !== 0).map(fields => fields.at(-1) ?? '')
}

const sideOf = (pid: number): Side => ({
  links: inNamespace(pid, 'net', links),
  icmp: icmpCounters(pid),
  loopback: loopbackPackets(pid),
  neighbours: neighbours(pid),
})

class NetworkWitness implements Witness<NetworkRecord> {
  readonly #networks: NetworkMoment[] = []
  #freshLinks: readonly string[] | undefined
  readonly #init: number
  readonly #outside: number

  constructor({ sandbox }: Scene) {
    this.#init = sandbox.init
    this.#outside = namespaces(sandbox.init).net
  }

  /** The first birth is that of the program: the sandbox's network is still unchanged. */
  birth(): void {
    this.#freshLinks ??= inNamespace(this.#init, 'net', interfaceNames)
  }

  /**
   * Is called for killed processes, too: the kernel stops each for its tracer before it takes anything away from it.
   */
  exit(pid: number): void {
    try {
      const { net } = namespaces(pid)
      if (net !== this.#outside) this.#networks.push({ net, ...sideOf(pid), outside: sideOf(this.#init) })
    } catch {
      // It was killed once more while it was stopped.
    }
  }

  record(): NetworkRecord {
    return { networks: this.#networks, freshLinks: this.#freshLinks ?? [] }
  }
}

/** The sandbox has a network in which the program may make a veth pair. */
export const network: WitnessKind<NetworkRecord> = {
  needs: () => ({ pair: true }),
  open: () => scene => new NetworkWitness(scene),
}
