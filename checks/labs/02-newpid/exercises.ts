/**
 * The exercises of lab 2.
 */
import type { Observation } from '../../observer/record.ts'
import { SIGKILL } from '../../observer/signal-calls.ts'
import type { FarewellRecord } from '../../witnesses/farewell.ts'
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker, findInit, isOutside, numbered, offspring } from './claims.ts'

const [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE] = titlesOf(checker)

type Seen = Observation & FarewellRecord

/** PID 1 stands; that it knows the number of its outer parent shows only when it uses it. */
function isFirst(seen: Seen): Proof {
  const init = findInit(seen)
  if (!init || !isOutside(seen, init, init.parent))
    return seen.processes.size > 1
      ? 'There is a child, but it has its number where you have yours: CLONE_NEWPID is not among the flags.'
      : undefined
  const tried = seen.signals.filter(({ from, signal }) => from === init.pid && signal === SIGKILL)
  return tried.some(({ outside }) => outside !== undefined && isOutside(seen, init, outside)) || undefined
}

function hasThree(seen: Seen): Proof {
  const init = findInit(seen)
  if (!init) return undefined
  if ([2, 3, 4].every(number => numbered(seen, init, number).length > 0)) return true
  const count = offspring(seen, init).length
  if (count === 0) return undefined
  return count < 3
    ? `PID 1 has ${count === 1 ? 'one child' : `${count} children`} and not three. Count the calls of startGrandchild().`
    : 'A grandchild has made one of the others: all three calls belong into child(), not into one another.'
}

/** Whether 2 was killed, and waited for: the kernel keeps it as a zombie until then. */
function isReaped(seen: Seen): Proof {
  const init = findInit(seen)
  const second = numbered(seen, init, 2).at(-1)
  const shot = seen.signals.some(
    ({ from, found, signal }) => from === init?.pid && found === second?.pid && signal === SIGKILL,
  )
  if (!init || !second || !shot) return undefined
  const left = seen.unreaped.get(init.pid)
  if (left === undefined) return undefined
  // Its end may take longer than all that PID 1 has left to do.
  return left.includes(second.pid) || (second.ended ?? 0) > (init.exiting ?? 0)
    ? '2 was killed, and nobody waited for it: when PID 1 ended, it was still a zombie. waitpid(first.pid) takes it away.'
    : true
}

/** Whether PID 1 has waited for the other two: what has ended by itself stays a zombie until then, too. */
function areReaped(seen: Seen): Proof {
  const init = findInit(seen)
  const others = [3, 4].flatMap(number => numbered(seen, init, number).slice(-1))
  const left = init && seen.unreaped.get(init.pid)
  if (left === undefined || others.length < 2) return undefined
  // Of those that ended while it stood at its own end the kernel had no time to kill one.
  const isAlone = ({ pid, ended }: (typeof others)[number]) => left.includes(pid) || (ended ?? 0) > (init?.exiting ?? 0)
  const alone = others.filter(one => one.status?.code === 0 && isAlone(one))
  if (alone.length > 0)
    return `${alone.map(({ numbers }) => numbers.at(-1)).join(' and ')} came to the end, and PID 1 had not waited: had it been quicker, the kernel would have killed them with it. waitpid() for both.`
  return others.every(({ status }) => status?.code === 0) || undefined
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'own-numbers',
    task: 'Make the child PID 1 of a namespace of its own, and tell it your own PID.',
    proof: isFirst,
    given: 'clone(child, flags, arg) hands arg to the child. It is the only way in for the number.',
    claim: PID1,
    blank: task => `const pid = openTask<number>(${task})`,
    hints: [
      'Numbers of processes begin anew in a new PID namespace. Which flag of clone(2) makes one? See pid_namespaces(7).',
      'CLONE_NEWPID, and SIGCHLD for waitpid(). The third argument of clone() is what child gets as outerParent.',
      'const pid = clone(child, CLONE_NEWPID | …, …): behind the flags your own number, getpid().',
    ],
    seen: [
      { when: /ECHILD/, hints: ['waitpid() found no child: without SIGCHLD it is not told of this one.'] },
      {
        when: /no child process in a PID namespace of its own/,
        hints: ['There is a child, but it has its number where you have yours: CLONE_NEWPID is not among the flags.'],
      },
    ],
  },
  {
    region: 'three-children',
    task: 'Start three grandchildren.',
    proof: hasThree,
    given: 'They are first, second and third. startGrandchild(), above, makes one and returns its pid and a gate.',
    claim: CHILDREN,
    blank: task =>
      [
        'type Grandchild = ReturnType<typeof startGrandchild>',
        `const [first, second, third] = openTask<[Grandchild, Grandchild, Grandchild]>(${task})`,
      ].join('\n'),
    hints: [
      'PID 1 is an ordinary process: it makes its children as every other does. What numbers will they have?',
      'Call startGrandchild() three times; each call returns when that child has spoken. The rest needs all three results.',
      'const [first, second, third] = [startGrandchild(), …]: three calls in one array.',
    ],
    written: [
      {
        when: /startGrandchild\s*[,\]]/,
        hints: ['startGrandchild without () is only mentioned: each call, with its brackets, makes one.'],
      },
    ],
    seen: [
      {
        when: /child of [2-4]/,
        hints: ['A grandchild has made one of the others: all three calls belong into child(), not into one another.'],
      },
      {
        when: /^1 \(child of \w+\)(, [23] \(child of 1\))*$/m,
        hints: ['There are fewer than three. Count the calls of startGrandchild().'],
      },
    ],
  },
  {
    region: 'kill-outside',
    task: 'Try to kill the outer parent.',
    given: 'tryToKill(), below, prints what the kernel answers. child was handed outerParent.',
    claim: OUTSIDE,
    hints: [
      'getppid() says 0 in here, and kill(0, …) means something else. By what number would PID 1 name its parent?',
      'By the one that it was handed. The kernel looks for it among the processes in here.',
      'tryToKill(…) with outerParent.',
    ],
    seen: [
      {
        when: /^kill\(\d+, SIGKILL\): ESRCH/m,
        hints: [
          'ESRCH is what was to be seen: in here nobody has that number. kill() itself ends the program with it; tryToKill(), below, prints it.',
        ],
      },
      {
        when: /kill: .* not undefined/,
        hints: [
          'outerParent is undefined in here: task 2.1 has to hand getpid() to the child, behind the flags of clone().',
        ],
      },
      {
        when: /kill\(0,/,
        hints: ["kill(0, …) is for the caller's whole process group. The number to try is outerParent."],
      },
      {
        when: /nobody called kill|1 called kill\(2, SIGKILL\)/,
        hints: ["No SIGKILL was sent to the outer parent's number by PID 1: it has to happen inside child()."],
      },
    ],
  },
  {
    region: 'kill-two',
    task: 'Kill the first grandchild, and wait for it.',
    given: 'tryToKill() and waitpid(). What waitpid() returns is printed below.',
    claim: KILLS,
    proof: isReaped,
    blank: task => `const end = openTask<ReturnType<typeof waitpid>>(${task})`,
    hints: [
      'This time the number means somebody. PID 1 is the parent: who has to wait for the dead?',
      'tryToKill(first.pid), then waitpid(first.pid): until then it is a zombie.',
      'tryToKill(first.pid), and then const end = waitpid(…).',
    ],
    seen: [
      {
        when: /still running after/,
        hints: [
          'PID 1 waits for 2, which stands at its gate and ends only when it is killed: first tryToKill(), then waitpid().',
        ],
      },
      {
        when: /2: exit code 0/,
        hints: ['2 came to its end by itself: its gate was opened, or it was waited for after that. Kill it before.'],
      },
      { when: /2: killed by SIG(?!KILL)/, hints: ['2 died of another signal: tryToKill() sends the right one.'] },
      {
        when: /kill\([34], SIGKILL\)/,
        hints: ['The signal went to another grandchild. The first one is first.pid.'],
      },
    ],
  },
  {
    region: 'others-end',
    task: 'Let the other two go on, and wait until they have ended.',
    given: 'Each has a gate mayGoOn, which you open, and a pid, for which you wait.',
    claim: OUTLIVE,
    proof: areReaped,
    hints: [
      'What becomes of the others when PID 1 ends before them? See pid_namespaces(7).',
      'The kernel kills everybody else in the namespace then. So open the gate of each, and wait for each with waitpid().',
      'for (const { pid, mayGoOn } of [second, third]) { mayGoOn.open(); … }: what is missing waits for pid.',
    ],
    seen: [
      {
        when: /[34]: (killed by SIGKILL|exit code [1-9])/,
        hints: [
          'One of them did not come to its end: PID 1 was gone first, and had not waited for it. waitpid() for both.',
        ],
      },
      {
        when: /still running after|[34]: still alive/,
        hints: ['You wait for a process that waits for you: open its gate first, and then wait for it.'],
      },
    ],
  },
]
