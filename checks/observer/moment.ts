/**
 * What the kernel says of a process that stands still: its namespaces, what it shares, its descriptors, its network.
 */
import { statSync } from 'node:fs'
import { openDescriptors } from '../../lib/io/descriptors.ts'
import { inNamespace, namespaces } from '../../lib/namespaces.ts'
import { links } from '../../lib/net/links.ts'
import { shares } from '../../lib/trace/kcmp.ts'
import { readProc } from '../../lib/trace/proc.ts'
import type { Moment, NetworkMoment, Side } from './record.ts'

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

/** The interfaces on which somebody has answered to ARP: /proc/PID/net/arp, where ATF_COM is 2. */
function neighbours(pid: number): string[] {
  const lines = (readProc(pid, 'net/arp') ?? '').trim().split('\n').slice(1)
  const entries = lines.map(line => line.split(/\s+/))
  return entries.filter(([, , flags]) => (Number(flags) & 2) !== 0).map(fields => fields.at(-1) ?? '')
}

/** A process and its creator at this moment; `undefined` if one has just been killed. */
export function look(pid: number, creator: number): Moment | undefined {
  const of = (who: number) => {
    // By inode: a path changes its text when somebody removes or renames the directory.
    const { dev, ino } = statSync(`/proc/${who}/cwd`)
    return { directory: `${dev}:${ino}`, descriptors: openDescriptors(who) }
  }
  try {
    const sharing = {
      VM: shares(pid, creator, 'VM'),
      FILES: shares(pid, creator, 'FILES'),
      FS: shares(pid, creator, 'FS'),
    }
    return { namespaces: namespaces(pid), ...of(pid), sharing, creator: of(creator) }
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

const sideOf = (pid: number): Side => ({
  links: inNamespace(pid, 'net', links),
  icmp: icmpCounters(pid),
  loopback: loopbackPackets(pid),
  neighbours: neighbours(pid),
})

/** The network of a process now, and that of the sandbox's init. */
export function lookAtNetwork(pid: number, init: number): NetworkMoment {
  return { net: namespaces(pid).net, ...sideOf(pid), outside: sideOf(init) }
}
