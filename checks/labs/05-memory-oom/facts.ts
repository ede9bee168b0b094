/**
 * What an observation says of the group and the process that lab 5 is about.
 */
import { errnoName } from '../../../lib/errors.ts'
import { wholePages } from '../../../lib/group/memory.ts'
import type { Observation, ProcessRecord } from '../../observer/record.ts'
import { SIGKILL } from '../../observer/signal-calls.ts'
import type { GroupsRecord, GroupWrite, Stay } from '../../witnesses/groups.ts'
import type { KernelLogRecord } from '../../witnesses/kernel-log.ts'
import type { MemoryMoment, MemoryRecord } from '../../witnesses/memory.ts'

/** What the claims of this lab see. */
export type Seen = Observation & GroupsRecord & MemoryRecord & KernelLogRecord

/** What the limit has to be, and how much the group may hold when it is set, in bytes. */
export const LIMIT = 20_000_000
export const LITTLE = LIMIT / 2
/** How the name of every sandbox's group begins. */
const SANDBOX = '/containers-from-clone.check.'
const LIMIT_FILES = ['memory.limit_in_bytes', 'memory.max']

export const name = (group: string) => group.split('/').at(-1) ?? group
/** v1 writes "no limit" as a number of nearly 2 to the 63rd. */
export const UNLIMITED = 2 ** 62
export function format(bytes: number | undefined): string {
  if (bytes === undefined) return 'unknown'
  return bytes < UNLIMITED ? bytes.toLocaleString('en') : 'none'
}

/** A line of the kernel's log about a process killed in a group below the sandbox's. */
export interface Kill {
  readonly group: string
  /** The group whose limit was in the way: the same, or one above it. */
  readonly limitedBy: string
  readonly pid: number
}

export function kills({ kernelLog, directories }: Seen): Kill[] {
  // The kernel's log has paths from the root of the hierarchy, the judge from the root of its own cgroup namespace.
  const own = (path: string) => path.slice(path.indexOf(SANDBOX))
  const find = (path: string) =>
    [...directories].find(([, paths]) => path.includes(SANDBOX) && paths.some(each => own(each) === own(path)))?.[0]
  return (kernelLog ?? []).flatMap(line => {
    const [, by = '', inside = '', pid] =
      /^oom-kill:.*oom_memcg=([^,]*),task_memcg=([^,]*),.*pid=(\d+)/.exec(line) ?? []
    const [group, limitedBy] = [find(inside), find(by)]
    return pid !== undefined && group && limitedBy ? [{ group, limitedBy, pid: Number(pid) }] : []
  })
}

/** The last moment that was seen of each group. */
export function lastMoments({ memory }: Seen): Map<string, MemoryMoment> {
  return new Map(memory.map(moment => [moment.group, moment]))
}

/** The group the lab is about: one with a killed process, else one with a limit and a process in it, else any. */
export function groupOf(seen: Seen): string | undefined {
  const moments = [...lastMoments(seen).values()]
  const weight = ({ oomKills, limit, group }: MemoryMoment) =>
    (oomKills || 0) * 8 + (limit < UNLIMITED ? 4 : 0) + (seen.members.get(group)?.size ? 2 : 0)
  const best = moments.sort((one, other) => weight(other) - weight(one))[0]?.group
  return kills(seen)[0]?.group ?? best ?? seen.members.keys().next().value
}

export const membersOf = (seen: Seen) => [...(seen.members.get(groupOf(seen) ?? '') ?? [])]

/** The process the lab is about: the one the kernel names, else a member of the group that died of SIGKILL. */
export function victimOf(seen: Seen): ProcessRecord | undefined {
  const named = seen.logHasOurNumbers ? kills(seen)[0]?.pid : undefined
  const members = membersOf(seen).map(pid => seen.processes.get(pid))
  return seen.processes.get(named ?? -1) ?? members.find(one => one?.status?.signal === 'SIGKILL') ?? members[0]
}

/** When the victim was in the group: of several stays the last. */
const stayOf = (seen: Seen): Stay | undefined =>
  seen.stays.findLast(({ group, pid }) => group === groupOf(seen) && pid === victimOf(seen)?.pid)

/** Whether a group is another one or lies below it, by all directories that the two have had. */
const isWithin = ({ directories }: Seen, group: string, outer: string) =>
  (directories.get(group) ?? [group]).some(path =>
    [outer, ...(directories.get(outer) ?? [])].some(each => `${path}/`.startsWith(`${each}/`)),
  )

/**
 * The processes that were in the group, or in one below it, at the same time as the victim: what they hold counts as the
 * group's. Its creator may have been, to make it there, if it left again while the group held little.
 */
export function companions(seen: Seen): number[] {
  const stay = stayOf(seen)
  if (!stay) return []
  const [from, to] = [stay.from, stay.to ?? Number.POSITIVE_INFINITY]
  const creator = victimOf(seen)?.creator
  const hasLeft = ({ pid, held = Number.POSITIVE_INFINITY }: Stay) => pid === creator && held <= LITTLE
  const beside = seen.stays.filter(
    other =>
      isWithin(seen, other.group, stay.group) &&
      other.pid !== stay.pid &&
      other.from < to &&
      (other.to ?? Number.POSITIVE_INFINITY) > from &&
      !hasLeft(other),
  )
  return [...new Set(beside.map(({ pid }) => pid))]
}

/** The group at the moment when the victim had just ended. */
export function momentOfKill(seen: Seen): MemoryMoment | undefined {
  const ended = victimOf(seen)?.ended ?? Number.POSITIVE_INFINITY
  return seen.memory.find(({ group, order }) => group === groupOf(seen) && order >= ended - 1) ?? lastOf(seen)
}

/** The lowest limit of a group above the one the lab is about, when the victim ended; Infinity if there is none. */
export function limitAbove(seen: Seen): number {
  const moment = momentOfKill(seen)
  const above = seen.memory.filter(
    ({ order, group }) => order === moment?.order && moment.group.startsWith(`${group}/`),
  )
  return Math.min(...above.map(({ limit }) => limit))
}

/** What a number with K, M or G behind it is multiplied by. */
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** The limit that a text asks for, in whole pages; `undefined` if it is not known, or not a number. */
function limitMeant(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(0x[0-9a-f]+|\d+)([kmg]?)$/i.exec(text) ?? []
  const base = /^0x/i.test(digits) ? 16 : /^0/.test(digits) ? 8 : 10
  const bytes = Number.parseInt(digits, base) * (UNITS[unit.toLowerCase()] ?? 1)
  return Number.isNaN(bytes) ? undefined : wholePages(bytes)
}

/** The limit that a write has set: what was so when it was done, or, if that could not be read, what it asks for. */
export const limitSet = ({ text, limit }: GroupWrite) => limit ?? limitMeant(text)

/** Whether a write has set the limit to something else, or asks for that. */
const setsOther = (write: GroupWrite, wanted: number | undefined) =>
  limitSet(write) !== wanted || (limitMeant(write.text) ?? wanted) !== wanted

/**
 * The write that gave the group the limit that it had when the victim ended: the first of those that set this limit
 * without another one in between. Of two that were made at the same time, each may show what the other has set; so the
 * text counts as well.
 */
export function limitInForce(seen: Seen): GroupWrite | undefined {
  const ended = victimOf(seen)?.ended ?? Number.POSITIVE_INFINITY
  const done = limitWrites(seen).filter(({ result, order }) => (result ?? -1) >= 0 && order < ended)
  const last = done.at(-1)
  const other = done.findLastIndex(write => setsOther(write, last && limitSet(last)))
  return done[other + 1]
}

export const lastOf = (seen: Seen) => lastMoments(seen).get(groupOf(seen) ?? '')

export function limitWrites(seen: Seen): GroupWrite[] {
  const group = groupOf(seen)
  return seen.groupWrites.filter(write => write.group === group && LIMIT_FILES.includes(write.file))
}

/** How many writes are shown. */
const SHOWN = 6

export function describeWrites(seen: Seen): string {
  const describe = ({ file, text, usage, result }: GroupWrite) =>
    `${text} written to ${file} when the group held ${format(usage)}${(result ?? 0) < 0 ? ` (${errnoName(-(result ?? 0))})` : ''}`
  const all = [...new Set(limitWrites(seen).map(describe))]
  const more = all.length > SHOWN ? [`and ${all.length - SHOWN} more writes`] : []
  return [...all.slice(0, SHOWN), ...more].join('; ') || 'nobody wrote a limit to the group'
}

export function describeEnd(record: ProcessRecord | undefined): string {
  if (!record?.status) return 'no end'
  return record.status.signal ?? `exit code ${record.status.code}`
}

/**
 * Whether only the PID could tell that the log names the victim: several processes were in the group, or the kernel
 * left out the line that names the group.
 */
export function mayBeNamed(seen: Seen, inGroup: readonly Kill[]): boolean {
  if (inGroup.length > 0) return membersOf(seen).length !== 1
  return (lastOf(seen)?.oomKills ?? 0) > 0
}

/** When the group was first seen to have had one of its processes killed for want of memory, in the order of events. */
export const killSeen = (seen: Seen): number =>
  seen.memory.find(({ group, oomKills }) => group === groupOf(seen) && oomKills > 0)?.order ?? Number.POSITIVE_INFINITY

/**
 * Signals that were sent to a process, and groups that were killed as a whole.
 * @param until what came from then on does not count, in the order of events
 */
export function shots(seen: Seen, victim: ProcessRecord | undefined, until = Number.POSITIVE_INFINITY): string[] {
  const sent = seen.signals.filter(
    ({ order, found, reached, signal, result }) =>
      victim !== undefined &&
      order < until &&
      (found === victim.pid || reached?.includes(victim.pid)) &&
      signal === SIGKILL &&
      result !== -3,
  )
  const wasIn = (group: string, order: number) =>
    seen.stays.some(
      stay =>
        stay.pid === victim?.pid &&
        (stay.group === group || stay.group.startsWith(`${group}/`)) &&
        stay.from < order &&
        order < (stay.to ?? Number.POSITIVE_INFINITY),
    )
  const whole = seen.groupWrites.filter(
    ({ file, group, order, oomKills = 0 }) =>
      file === 'cgroup.kill' && order < until && oomKills === 0 && wasIn(group, order),
  )
  return [...sent.map(({ from }) => `process ${from} sent it SIGKILL`), ...whole.map(() => 'cgroup.kill was written')]
}

/**
 * Whether the log has the shorter line that the kernel always writes about a victim. (It writes at most ten oom-kill
 * lines in five seconds.) The line does not name the group, but the group's own counter has shown the kill. Where the first
 * thread of the victim has ended before, the line has the number of another one.
 */
export function killedLine({ kernelLog, logHasOurNumbers, memory }: Seen, victim: ProcessRecord | undefined): boolean {
  const lines = [victim?.pid, victim?.lastThread].map(tid => `Memory cgroup out of memory: Killed process ${tid} `)
  return (
    logHasOurNumbers &&
    memory.some(({ oomKills }) => oomKills > 0) &&
    (kernelLog ?? []).some(text => lines.some(line => text.startsWith(line)))
  )
}
