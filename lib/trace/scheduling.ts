/**
 * How the scheduler treats a thread, and what it says of one: sched(7), /proc/PID/schedstat, /proc/stat.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import koffi from 'koffi'
import { libcFunction } from '../machine/libc.ts'
import { readProc, statusField } from './proc.ts'

koffi.struct('sched_param', { sched_priority: 'int' })
const libcSetScheduler = libcFunction('int sched_setscheduler(int pid, int policy, const sched_param *param)')

/** Policies, `<sched.h>`. Children of a thread with SCHED_RESET_ON_FORK have the default policy. */
export const SCHED = { OTHER: 0, RR: 2, RESET_ON_FORK: 0x40000000 } as const
/** A nice value that no program of an ordinary user can have. */
const NICE = -10

/**
 * Has the scheduler prefer the calling thread to busy ones, as far as its privileges allow.
 * @param of `children`: those that it makes meanwhile are preferred, too; by default they are like all others
 * @returns makes it like all others again
 * @see sched_setscheduler(2), setpriority(2)
 */
export function becomePrompt(of: 'thread' | 'children' = 'thread'): () => void {
  const set = (policy: number, priority: number) => libcSetScheduler(0, policy, { sched_priority: priority }) === 0
  const reset = of === 'thread' ? SCHED.RESET_ON_FORK : 0
  if (set(SCHED.RR | reset, 1)) return () => void set(SCHED.OTHER, 0)
  const before = getPriority()
  set(SCHED.OTHER | reset, 0)
  try {
    setPriority(NICE)
  } catch {
    // EACCES: only root may, and where the processors belong to a group without real time this is what root has.
  }
  return () => {
    if (getPriority() < before) setPriority(before)
    set(SCHED.OTHER, 0)
  }
}

/** How long a thread ran, and how long it was ready to run while another thread ran, in seconds. */
export interface Scheduled {
  readonly ran: number
  readonly waited: number
}

/** The first two fields of schedstat. A wait is counted when it is over. */
export function parseSchedstat(text: string): Scheduled {
  const [ran = 0, waited = 0] = text.split(' ', 2)
  return { ran: Number(ran) / 1e9, waited: Number(waited) / 1e9 }
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

/** CPU time of the calling process's first thread. */
export const ownTime = (): Scheduled => parseSchedstat(readProc('self', 'schedstat') ?? '')

/** What processors of this machine have done since it was started, in seconds. */
export interface MachineTime {
  readonly total: number
  /** They had nothing to do. */
  readonly idle: number
}

/** USER_HZ: the unit of /proc/stat on every architecture of Node's. */
const TICKS = 100

/** The processors that the calling process may use: `0-1,4` in /proc/self/status. */
export function allowedProcessors(): number[] {
  const list = statusField('self', 'Cpus_allowed_list') ?? ''
  return list.split(',').flatMap(part => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/**
 * The lines `cpuN` of /proc/stat. What a hypervisor gave to other machines counts as work.
 * @param processors the numbers of those that count
 * @see proc_stat(5)
 */
export function machineTime(processors: readonly number[]): MachineTime {
  const wanted = new Set(processors.map(number => `cpu${number}`))
  let [total, idle] = [0, 0]
  for (const line of readFileSync('/proc/stat', 'utf8').split('\n')) {
    const [name = '', ...fields] = line.split(' ')
    if (!wanted.has(name)) continue
    // user nice system idle iowait irq softirq steal; what guests had is in user and nice already.
    const times = fields.slice(0, 8).map(each => Number(each) / TICKS)
    total += times.reduce((sum, each) => sum + each, 0)
    idle += (times[3] ?? 0) + (times[4] ?? 0)
  }
  return { total, idle }
}
