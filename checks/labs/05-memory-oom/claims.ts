/**
 * Lab 5: a process killed by the OOM killer, as shown by the counters of its group, by the kernel's log, by its wait
 * status, and by the absence of signals from other processes.
 */
import { PAGE_SIZE, wholePages } from '../../../lib/group/memory.ts'
import type { ProcessRecord } from '../../observer/record.ts'
import type { Checker, Objection } from '../claim.ts'
import { childrenOf, programOf, unless, unlessUnderWay } from '../claim.ts'
import type { Seen } from './facts.ts'
import {
  companions,
  describeEnd,
  describeWrites,
  format,
  groupOf,
  killedLine,
  killSeen,
  kills,
  LIMIT,
  LITTLE,
  lastOf,
  limitAbove,
  limitInForce,
  limitSet,
  mayBeNamed,
  membersOf,
  momentOfKill,
  name,
  shots,
  UNLIMITED,
  victimOf,
} from './facts.ts'
import { diedOfSomethingElse } from './other-ends.ts'

/** The part of the limit that the group must have held at its peak. */
const REACHED = 0.9
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

const NO_COUNTER: Objection = {
  missing: 'the counter oom_kill, which groups of this kernel do not have',
  remedy: 'check on Linux 4.13 or later',
}
const NO_PEAK: Objection = {
  missing: 'the most that the group ever held: v2 groups of this kernel have no memory.peak',
  remedy: 'check on Linux 5.19 or later, or with memory groups of v1',
}

const NOBODY_ELSE = 'nobody else died'

const claims: Checker<Seen> = [
  {
    title: 'a process sat in a memory group of its own',
    section: 'own-group',
    refute: seen => {
      const members = membersOf(seen)
      const victim = victimOf(seen)
      const isIn = victim !== undefined && members.includes(victim.pid)
      return unless(
        isIn && victim.pid !== seen.program && companions(seen).length === 0,
        'one child of the program alone in a group below the one it was started in',
        members.length === 0
          ? 'nobody was ever in a group that the program made'
          : victim?.pid === seen.program
            ? 'the program itself was in it'
            : `${companions(seen).length + 1} processes at the same time in ${name(groupOf(seen) ?? '')} or below it`,
        'its number was never written to cgroup.procs (or another was); or its parent is in there, too: a shell that joins should exec',
      )
    },
  },
  {
    title: 'that group was limited to 20,000,000 bytes before the process grew',
    section: 'limit',
    refute: seen => {
      const write = limitInForce(seen)
      const inTime = write !== undefined && (write.usage ?? Number.POSITIVE_INFINITY) <= LITTLE
      const isRight = write && limitSet(write) === wholePages(LIMIT) && momentOfKill(seen)?.limit === wholePages(LIMIT)
      const above = limitAbove(seen)
      return unless(
        inTime && isRight === true && above >= wholePages(LIMIT),
        `a limit of ${format(LIMIT)} (${format(wholePages(LIMIT))} in whole pages), set while the group held little, and still that when the process ended`,
        `limit ${format(momentOfKill(seen)?.limit)} when the process ended${above < LIMIT ? `, and ${format(above)} of a group above it` : ''}; ${describeWrites(seen)}`,
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
      const holds = inGroup.some(
        ({ group, limitedBy, pid }) => limitedBy === group && (!seen.logHasOurNumbers || pid === victim?.pid),
      )
      // The shorter line has no group: it counts where the longer one is missing.
      const isMissing = inGroup.length === 0
      return unless(
        holds || (isMissing && killedLine(seen, victim)),
        `oom-kill: … task_memcg=…/${name(groupOf(seen) ?? 'GROUP')} … pid=${victim?.pid ?? 'PID'}`,
        named
          .map(({ group, limitedBy, pid }) => `process ${pid} in ${name(group)}, by the limit of ${name(limitedBy)}`)
          .join(', ') || 'no such line from the kernel itself',
        'nobody was killed for want of memory in that group; what a program writes to the log does not count',
      )
    },
  },
  {
    title: 'the process died of signal 9, and nobody sent it',
    section: 'proof',
    refute: seen => {
      const victim = victimOf(seen)
      // Whoever kills what the kernel has killed already, to be sure, changes nothing.
      const sent = shots(seen, victim, killSeen(seen))
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
    section: 'limit',
    refute: seen => {
      const { peak, oomKills, limitHits } = momentOfKill(seen) ?? {}
      const most = momentOfKill(seen)?.limit ?? Number.POSITIVE_INFINITY
      // Where no process was killed, the group never reached its limit, whatever the peak.
      if (peak === undefined && oomKills) return NO_PEAK
      return unless(
        peak !== undefined && peak <= most + LAST_CHARGE && peak >= most * REACHED && limitHits !== 0,
        `a peak of the limit, ${format(most < UNLIMITED ? most : wholePages(LIMIT))} bytes, or a little below it`,
        `peak ${format(peak)}, limit ${format(most)}${limitHits === 0 && oomKills ? ', which was never in the way: a group above it was' : ''}`,
        'the memory was taken outside the group or before the limit, or the process stopped early',
      )
    },
  },
  {
    title: NOBODY_ELSE,
    section: 'nobody-else',
    refute: seen => {
      const victim = victimOf(seen)
      // A helper that is told to end by a signal is no victim.
      const isVictim = (record: ProcessRecord) =>
        record.status?.signal === 'SIGKILL' &&
        shots(seen, record).length === 0 &&
        record.pid !== victim?.pid &&
        !diedOfSomethingElse(seen, record)
      const others = [programOf(seen), ...childrenOf(seen)].filter(isVictim)
      return unless(
        others.length === 0,
        'one process killed by the kernel',
        others.map(record => `process ${record.pid} died of ${describeEnd(record)}`).join('; '),
        'more than one process was in the group, or memory.oom.group ended them all',
      )
    },
  },
]

/** Until the process ends, all may still come but that nobody else has died. */
const isOpen = (seen: Seen, title: string) => victimOf(seen)?.status === undefined && title !== NOBODY_ELSE

export const checker: Checker<Seen> = claims.map(claim => ({
  ...claim,
  refute: seen => unlessUnderWay(seen, `whether ${claim.title}`, claim.refute(seen), isOpen(seen, claim.title)),
}))
