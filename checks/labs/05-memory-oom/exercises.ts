/**
 * The exercises of lab 5.
 */
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'
import { LITTLE, lastOf, type Seen, victimOf } from './facts.ts'

const [GROUP, LIMIT, COUNTER] = titlesOf(checker)

/** By how much a group shrinks at least when the collector has been at work, in bytes. */
const COLLECTED = 1_000_000

/** Whether the group came to grow at all. */
function hasGrown(seen: Seen): Proof {
  const victim = victimOf(seen)
  const { oomKills, peak = 0, usage = 0 } = lastOf(seen) ?? {}
  if (oomKills === 1) return true
  if (victim === undefined || seen.timedOut === undefined) return undefined
  // Objects of JavaScript that nobody needs gather, too, until they are collected; what was taken is never given back.
  if (peak > LITTLE && peak - usage < COLLECTED) return undefined
  return 'The child asks for memory and the group does not grow: the kernel gives a page when it is touched. A new ArrayBuffer is zeros that nobody has touched; takeMemory() writes to all of it.'
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'own-group',
    task: 'Make a memory group of your own.',
    given:
      "makeOwnGroup('lab5', controller, { tell }) makes one. (borrowed is one that --group has named, and else undefined.)",
    claim: GROUP,
    blank: task => `const group = borrowed ?? openTask<ReturnType<typeof makeOwnGroup>>(${task})`,
    hints: [
      'A control group is a directory, and to make one is mkdir(2). lib/group/cgroup.ts does it in both dialects.',
      "makeOwnGroup('lab5', …, { tell }): which controller is it that limits memory?",
      "const group = borrowed ?? makeOwnGroup('lab5', 'memory', { tell }).",
    ],
    seen: [
      {
        when: /EACCES|EPERM|EROFS/,
        hints: [
          'Nobody may make a group there but root, or whoever the directory above belongs to: see npm run doctor.',
        ],
      },
    ],
  },
  {
    region: 'limit',
    task: 'Limit the group to knobs.limit bytes.',
    given: 'group.limitMemory(bytes). For the sake of the machine it has a limit already, but half of that.',
    claim: LIMIT,
    blank: task =>
      [
        `skipTask(${task})`,
        '// Never without any limit: the child would take all the memory of the machine.',
        'group.limitMemory(knobs.limit / 2)',
      ].join('\n'),
    hints: [
      'One file of the group holds the limit: memory.limit_in_bytes in v1, memory.max in v2. Who writes it?',
      'group.limitMemory() does, in bytes, whatever the dialect. What the checker wants is in knobs.limit.',
      'group.limitMemory(knobs.limit), in place of all that stands there.',
    ],
    seen: [
      {
        when: /freezer\S*\/memory\.\S+".*: (EACCES|ENOENT)/,
        hints: ["This group has no file for memory: it was made in another controller. Task 5.1: 'memory'."],
      },
      {
        when: /limit 1\d,\d{3},\d{3}/,
        hints: ['The limit is about half of what it should be: write knobs.limit itself.'],
      },
      {
        when: /limit 20,97\d,\d{3}|limit 20,480,000/,
        hints: [
          'That is a number of mebibytes or of thousands of 1,024. The limit is 20,000,000 bytes, rounded to pages.',
        ],
      },
      {
        when: /limit [\d,]+ when the process ended; (?!20000000 )\d+ written/,
        hints: [
          'Another number of bytes was written than knobs.limit, which is 20,000,000: see above what was written.',
        ],
      },
    ],
  },
  {
    region: 'join',
    task: 'Clone the child into the group, before it takes any memory.',
    given: "v2: clone's fourth argument { cgroup: group.path }. v1: group.add(pid), while the child waits at mayStart.",
    claim: GROUP,
    blank: task => `const pid = openTask<number>(${task})`,
    hints: [
      'What a process has before it joins is charged elsewhere. In which dialect can a child be born into a group?',
      'In v2 (CLONE_INTO_CGROUP): clone(child, SIGCHLD, undefined, { cgroup: group.path }). In v1 it has to move: group.add(pid).',
      "const pid = clone(child, SIGCHLD, undefined, group.dialect === 'v2' ? { cgroup: group.path } : {}), and a second line for v1.",
    ],
    seen: [
      {
        when: /nobody was ever in a group/,
        hints: [
          'The child was never in the group. Stop the program if it still takes memory, and look at group.dialect.',
        ],
      },
      {
        when: /the program itself was in it/,
        hints: [
          'Your own program is in the group, and all that it has with it: only the child belongs in, group.add(pid).',
        ],
      },
      {
        when: /[2-9] processes in/,
        hints: ['More than the child is in there. The parent stays outside: only pid is added.'],
      },
      { when: /EBADF/, hints: ['Only a v2 group can have children born into it. In v1: group.add(pid).'] },
    ],
  },
  {
    region: 'take-memory',
    task: 'Take knobs.step bytes of memory and write to all of them.',
    proof: hasGrown,
    given: 'takeMemory(bytes) of lib/group/memory.ts: malloc(3) and memset(3).',
    claim: COUNTER,
    blank: task => `openTask(${task})`,
    hints: [
      'malloc(3) hands out addresses. When does the kernel hand out a page for them?',
      'When it is touched for the first time. takeMemory() does both; a Buffer of Node would do as well.',
      'takeMemory(knobs.…).',
    ],
    seen: [
      {
        when: /still running after/,
        hints: ['The child goes round and round and the group does not grow: nothing is taken, or nothing is touched.'],
      },
      {
        when: /oom_kill 0/,
        hints: ['Nobody was killed for want of memory: the child ended before it came to the limit.'],
      },
    ],
  },
]
