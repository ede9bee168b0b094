/**
 * The exercises of lab 6.
 */
import { STOP_SIGNALS } from '../../observer/signal-calls.ts'
import type { FarewellRecord } from '../../witnesses/farewell.ts'
import { EVERY_LAB } from '../claim.ts'
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker, type Seen as OfClaims, ticker } from './claims.ts'

const [WORKED, FROZEN, , , SAME] = titlesOf(checker)
const [ENDS] = titlesOf(EVERY_LAB)

type Seen = OfClaims & FarewellRecord

/** Whether the child was at work, and has written something; where the kernel does not count that, its waking is all. */
function hasWritten(seen: Seen): Proof {
  if (checker[0]?.refute(seen) !== undefined) return undefined
  const { before = [], frozen = [], after = [] } = ticker(seen) ?? {}
  // Before its first tick it has written what makes a child of it.
  const [first, ...later] = [...before, ...frozen, ...after].map(({ written }) => written)
  const isSilent = first !== undefined && later.length > 0 && later.every(written => written === first)
  return isSilent
    ? 'The child wakes and sleeps and writes nothing: writeAll(ticks.writeEnd, …), a line each time.'
    : true
}

/** Whether the group of the process at work was frozen, and no process stopped instead: the lab's end freezes another. */
function isFrozen(seen: Seen): Proof {
  const members = new Set([...seen.members.values()].flatMap(pids => [...pids]))
  const held = new Set(
    seen.freezer.flatMap(({ isFrozen, processes }) => (isFrozen ? processes.map(({ pid }) => pid) : [])),
  )
  const isInstead = (pid: number | undefined) => pid !== undefined && members.has(pid) && !held.has(pid)
  if (seen.signals.some(({ found, signal }) => STOP_SIGNALS.includes(signal) && isInstead(found)))
    return 'SIGSTOP stops one process, which is told, and anybody can send SIGCONT: the group has a word of its own, and group.freeze() writes it.'
  return (ticker(seen)?.frozen.length ?? 0) > 0 || undefined
}

/** Whether the program itself has removed what it has made: else its keeper does, which nobody sees. */
function isRemoved(seen: Seen): Proof {
  const left = seen.groupsLeft.get(seen.program)
  if (left === undefined || seen.members.size === 0) return undefined
  const worker = ticker(seen)?.pid
  if (worker !== undefined && seen.unreaped.get(seen.program)?.includes(worker))
    return 'The child is dead, and nobody has waited for it: until waitpid(pid) it is a zombie.'
  return left.length === 0 || 'When your program ended its group was still there: group.remove(), once nobody is in it.'
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'work',
    task: 'Have the child write down what time it is, ten times a second.',
    given: 'writeAll(ticks.writeEnd, text), a line each; now() - began is the time; sleep(seconds).',
    claim: WORKED,
    proof: hasWritten,
    blank: task => `openTask(${task})`,
    hints: [
      'The child has no event loop, so no timers: it writes, sleeps, and does so for ever. The loop is there already.',
      'writeAll() takes a line of text, ending in a line feed. sleep(0.1) is a tenth of a second.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
      'writeAll(ticks.writeEnd, `${now() - began}\\n`), and then sleep(…).',
    ],
    seen: [
      {
        when: /slept for [\d.]+ s at a stretch/,
        hints: [
          'The child hardly ever woke before it was frozen: sleep(0.1) is in seconds, and it sleeps in the loop.',
        ],
      },
      {
        when: /has ended, and should be at work/,
        hints: ['The child has ended: its own error is among what was printed.'],
      },
    ],
  },
  {
    region: 'join',
    task: 'Put the child into the group.',
    given: 'group.add(pid).',
    claim: WORKED,
    hints: [
      'The freezer holds groups and not processes. Where is a process put into a group?',
      'Its number is written to the file cgroup.procs of the group: group.add() does it.',
      'group.add(…), with the number that fork returned.',
    ],
    seen: [
      {
        when: /waited in write\(\) of \S*(freezer\.state|cgroup\.freeze)/,
        hints: ['Your program has frozen itself: it is in the group, and the child, whose number is pid, is not.'],
      },
      {
        when: /nobody was ever in a group/,
        hints: ['Nobody was in the group while it was watched: add pid before the group is frozen.'],
      },
    ],
  },
  {
    region: 'freeze-it',
    task: 'Freeze the group.',
    proof: isFrozen,
    given: 'group.freeze() writes it in either dialect, and waits until it is so.',
    claim: FROZEN,
    blank: task => `openTask(${task})`,
    hints: [
      'No signal is sent. Which file of the group is it, in v1 and in v2? See cgroups(7).',
      'freezer.state takes the word FROZEN, cgroup.freeze a 1. The group object has one call for both.',
      'group.freeze().',
    ],
    seen: [
      {
        when: /^frozen for 0\.[0-3]/m,
        hints: ['It was thawed at once: between freeze and thaw lies sleep(knobs.freeze).'],
      },
      {
        when: /no group with a process in it was ever frozen/,
        hints: ['Nothing was frozen that had the child in it: add the child first, then group.freeze().'],
      },
    ],
  },
  {
    region: 'thaw-it',
    task: 'Thaw the group.',
    given: 'group.thaw().',
    claim: SAME,
    blank: task => `openTask(${task})`,
    hints: [
      'A frozen process of v1 cannot even be killed. What comes before the end?',
      'The thaw: the word THAWED, or a 0. The child goes on where it stood.',
      'group.thaw().',
    ],
    seen: [
      {
        when: /still running after|never thawed/,
        hints: ['The child is frozen still, and you wait for it: nobody who is frozen ends.'],
      },
    ],
  },
  {
    region: 'the-end',
    task: 'End the child, wait for it, and remove the group.',
    proof: isRemoved,
    given: 'kill(pid, signal), waitpid(pid), group.remove().',
    claim: ENDS,
    blank: task => `openTask(${task})`,
    hints: [
      'The child ticks for ever, and the rest of the program reads its ticks to their end. Who ends it?',
      'kill(pid, …) with SIGKILL, then waitpid(pid): a group with a process in it, even a zombie, is not removed.',
      "kill(pid, 'SIGKILL'), waitpid(pid), and then the group: group.…",
    ],
    seen: [
      {
        when: /EBUSY/,
        hints: ['There is still somebody in the group: wait for the child before you remove it.'],
      },
      {
        when: /still running after/,
        hints: ['The program reads ticks until nobody is left who could write one: the child lives.'],
      },
    ],
  },
]
