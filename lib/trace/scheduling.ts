/**
 * How the scheduler treats a thread, and what it says of one: sched(7), /proc/PID/schedstat, /proc/stat.
 */
import { readdirSync, readFileSync } from 'node:fs'
import koffi from 'koffi'
import { libcFunction } from '../machine/libc.ts'
import { readProc } from './proc.ts'

koffi.struct('sched_param', { sched_priority: 'int' })
const libcSetScheduler = libcFunction('int sched_setscheduler(int pid, int policy, const sched_param *param)')
const libcSetPriority = libcFunction('int setpriority(int which, unsigned int who, int prio)')

/** Policies, `<sched.h>`. Whoever forks with SCHED_RESET_ON_FORK has children that are like all others. */
export const SCHED = { OTHER: 0, RR: 2, RESET_ON_FORK: 0x40000000 } as const
const PRIO_PROCESS = 0
const NICE = -10

/**
 * Has the scheduler prefer the calling thread to whoever computes, as far as its rights go, and not its children.
 * @returns how: a real-time policy, a nice value, or `undefined` where neither is allowed
 * @see sched_setscheduler(2), setpriority(2)
 */
export function becomePrompt(): 'SCHED_RR' | 'nice' | undefined {
  if (libcSetScheduler(0, SCHED.RR | SCHED.RESET_ON_FORK, { sched_priority: 1 }) === 0) return 'SCHED_RR'
  libcSetScheduler(0, SCHED.OTHER | SCHED.RESET_ON_FORK, { sched_priority: 0 })
  return libcSetPriority(PRIO_PROCESS, 0, NICE) === 0 ? 'nice' : undefined
}

/** How long a thread ran, and how long it was ready to run while somebody else did, in seconds. */
export interface Scheduled {
  readonly ran: number
  readonly waited: number
}

/** The first two fields of schedstat. A wait is counted when it is over. */
export function parseSchedstat(text: string): Scheduled {
  const [ran = 0, waited = 0] = text.split(' ').map(Number)
  return { ran: ran / 1e9, waited: waited / 1e9 }
}

/** The threads of a process; none if it has ended. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return []
  }
}

/** What one thread has had of the processors; `undefined` if it has ended. */
export function scheduled(pid: number, tid: number): Scheduled | undefined {
  const text = readProc(pid, `task/${tid}/schedstat`)
  return text === undefined ? undefined : parseSchedstat(text)
}

/** What all processors of this machine have done since it was started, in seconds. */
export interface MachineTime {
  readonly total: number
  /** They had nothing to do. */
  readonly idle: number
}

/** USER_HZ: the unit of /proc/stat on every architecture of Node's. */
const TICKS = 100

/** The first line of /proc/stat. What a hypervisor gave to other machines counts as work. @see proc_stat(5) */
export function machineTime(): MachineTime {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(each => Number(each) / TICKS)
  return { total: user + nice + system + idle + iowait + irq + softirq + steal, idle: idle + iowait }
}
