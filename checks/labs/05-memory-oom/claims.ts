/**
 * Lab 5: a process killed by the OOM killer, as shown by the counters of its group, by the kernel's log, by its wait
 * status, and by the absence of signals from other processes.
 */
import { PAGE_SIZE, wholePages } from '../../../lib/group/memory.ts'
import type { Checker, Objection } from '../claim.ts'
import { childrenOf, programOf, unless } from '../claim.ts'
import type { Seen } from './facts.ts'
import {
  describeEnd,
  describeWrites,
  format,
  groupOf,
  killedLine,
  kills,
  lastOf,
  limitWrites,
  mayBeNamed,
  membersOf,
  name,
  shots,
  UNLIMITED,
  victimOf,
} from './facts.ts'

const LIMIT = 20_000_000
/**
 * Parts of the limit: how much the group may hold at most when it is set, and how much it must have held at its peak.
 */
const [BEFORE, REACHED] = [0.5, 0.9]
/** A process that is being killed may still be charged for what it needs to exit: a batch of 64 pages. */
const LAST_CHARGE = 64 * PAGE_SIZE
const NO_LOG: Objection = {
  missing: "the kernel's log, which the judge may not read here",
  remedy:
    'check with sudo, or let everybody read it: sudo sysctl kernel.dmesg_restrict=0 (a container: start it with ' +
    '--device /dev/kmsg --cap-add SYSLOG)',
}
const OTHER_NUMBERS: Objection = {
  missing:
    "which process the kernel's log means: it numbers processes as the machine does, and the judge is in a PID namespace",
  remedy: 'check on the machine itself, or in a container started with --pid host',
}

const NO_FIGURES: Objection = {
  missing: 'what the group held when its limit was written, or what that limit then was',
  remedy: 'write the limit while nobody removes the group',
}
const NO_COUNTER: Objection = {
  missing: 'the counter oom_kill, which groups of this kernel do not have',
  remedy: 'check on Linux 4.13 or later',
}
const NO_PEAK: Objection = {
  missing: 'the most that the group ever held: v2 groups of this kernel have no memory.peak',
  remedy: 'check on Linux 5.19 or later, or with memory groups of v1',
}

export const checker: Checker<Seen> = [
  {
    title: 'a process sat in a memory group of its own',
    section: 'the-group',
    refute: seen => {
      const members = membersOf(seen)
      return unless(
        members.length === 1 && members[0] !== seen.program,
        'one child of the program alone in a group below the one it was started in',
        members.length === 0
          ? 'nobody was ever in a group that the program made'
          : `${members.length} processes in ${name(groupOf(seen) ?? '')}`,
        'its number was never written to cgroup.procs (or another was); or its parent is in there, too: a shell that joins should exec',
      )
    },
  },
  {
    title: 'that group was limited to 20,000,000 bytes before the process grew',
    section: 'the-limit',
    refute: seen => {
      const written = limitWrites(seen).filter(({ result }) => result !== undefined && result >= 0)
      if (written.some(({ limit, usage }) => limit === undefined || usage === undefined)) return NO_FIGURES
      const first = limitWrites(seen).find(({ limit }) => limit === wholePages(LIMIT))
      const inTime = first !== undefined && (first.usage ?? Number.POSITIVE_INFINITY) <= LIMIT * BEFORE
      return unless(
        inTime && lastOf(seen)?.limit === wholePages(LIMIT),
        `a limit of ${format(LIMIT)} (${format(wholePages(LIMIT))} in whole pages), set while the group held little`,
        `limit ${format(lastOf(seen)?.limit)}; ${describeWrites(seen)}`,
        'the limit has another value, is on another group, or was written after the memory was taken',
      )
    },
  },
  {
    title: "the group's OOM counter rose by one",
    section: 'proof',
    refute: seen =>
      Number.isNaN(lastOf(seen)?.oomKills)
        ? NO_COUNTER
        : unless(
            lastOf(seen)?.oomKills === 1,
            'oom_kill 1',
            `oom_kill ${lastOf(seen)?.oomKills ?? 'of no group'}`,
            'the process never came to the limit, or somebody else killed it first',
          ),
  },
  {
    title: "the kernel's log names that group and that process",
    section: 'proof',
    refute: seen => {
      if (!seen.kernelLog) return NO_LOG
      const victim = victimOf(seen)
      const named = kills(seen)
      const inGroup = named.filter(({ group }) => group === groupOf(seen))
      if (!seen.logHasOurNumbers && mayBeNamed(seen, inGroup)) return OTHER_NUMBERS
      // If only one process was ever in the group, its PID need not be compared.
      const holds = inGroup.some(({ pid }) => !seen.logHasOurNumbers || pid === victim?.pid)
      return unless(
        holds || killedLine(seen, victim),
        `oom-kill: … task_memcg=…/${name(groupOf(seen) ?? 'GROUP')} … pid=${victim?.pid ?? 'PID'}`,
        named.map(({ group, pid }) => `process ${pid} in ${name(group)}`).join(', ') ||
          'no such line from the kernel itself',
        'nobody was killed for want of memory in that group; what a program writes to the log does not count',
      )
    },
  },
  {
    title: 'the process died of signal 9, and nobody sent it',
    section: 'proof',
    refute: seen => {
      const victim = victimOf(seen)
      const sent = shots(seen, victim)
      return unless(
        victim?.status?.signal === 'SIGKILL' && sent.length === 0,
        'SIGKILL by the kernel alone',
        [describeEnd(victim), ...sent].join('; '),
        'kill(2) did what the memory limit should have done, or the process ended by itself',
      )
    },
  },
  {
    title: 'the group came to its limit and never held more',
    section: 'the-limit',
    refute: seen => {
      const { peak, oomKills, limit: most = Number.POSITIVE_INFINITY } = lastOf(seen) ?? {}
      // Where no process was killed, the group never reached its limit, whatever the peak.
      if (peak === undefined && oomKills) return NO_PEAK
      return unless(
        peak !== undefined && peak <= most + LAST_CHARGE && peak >= most * REACHED,
        `a peak of the limit, ${format(most < UNLIMITED ? most : wholePages(LIMIT))} bytes, or a little below it`,
        `peak ${format(peak)}, limit ${format(most)}`,
        'the memory was taken outside the group or before the limit, or the process stopped early',
      )
    },
  },
  {
    title: 'nobody else died',
    section: 'nobody-else',
    refute: seen => {
      const victim = victimOf(seen)
      const dead = childrenOf(seen).filter(({ pid, status }) => status?.signal && pid !== victim?.pid)
      const others = programOf(seen).status?.signal ? [programOf(seen), ...dead] : dead
      return unless(
        others.length === 0,
        'one process killed by a signal',
        others.map(record => `process ${record.pid} died of ${describeEnd(record)}`).join('; '),
        'more than one process was in the group, or memory.oom.group ended them all',
      )
    },
  },
]
