/**
 * The exercises of lab 1.
 */
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'
import { type Child, hasClosed, hasMoved, plainChildren, type Seen, sharing } from './deeds.ts'

const [FORKED, MEMORY, FILES, DIRECTORY] = titlesOf(checker)

/** Whether some child was born that shares exactly this with its parent, whatever it then did. */
function shares(what: 'nothing' | 'VM' | 'FILES' | 'FS', missing: string) {
  const fits = (seen: Seen, child: Child) =>
    Object.entries(sharing(seen, child)).every(([name, isShared]) => isShared === (name === what))
  return (seen: Seen): Proof => {
    const children = plainChildren(seen)
    if (children.some(child => fits(seen, child))) return true
    return children.length === 0 ? undefined : missing
  }
}

/** Whether the children do what they are made for. */
function changes(seen: Seen): Proof {
  const children = plainChildren(seen)
  if (children.length === 0) return undefined
  const isClosed = children.some(child => hasClosed(seen, child))
  const isMoved = children.some(child => hasMoved(seen, child))
  if (isClosed && isMoved) return true
  if (isClosed) return "The child closes its file but stays where it is: process.chdir('/')."
  if (isMoved) return 'The child moves but closes nothing that its parent had open: closeSync(file).'
  return 'The child neither closes its file nor moves: closeSync(file) and process.chdir(…), both in here.'
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'changes',
    task: 'Have the child close the open file and leave the directory.',
    proof: changes,
    given: 'file is the descriptor that the program has opened; closeSync() and process.chdir() are the calls.',
    claim: FORKED,
    hints: [
      'The parent then looks at its own file and directory: what it finds changed, the child has shared with it.',
      'Close the descriptor file with closeSync(), and leave the directory with process.chdir().',
      "closeSync(file), and then process.chdir('/').",
    ],
    seen: [
      {
        when: /neither closed a file nor changed directory|EBADF/,
        hints: ['A descriptor is closed by its number: closeSync(file), not closeSync of a path. Close it once.'],
      },
      {
        when: /and closed a file(?! and)/,
        hints: ["The child closes its file but stays where it is: process.chdir('/')."],
      },
      {
        when: /and changed directory/,
        hints: ['The child moves but closes nothing that its parent had open: closeSync(file).'],
      },
    ],
  },
  {
    region: 'copy',
    task: 'Observe a child that is a copy and shares nothing.',
    proof: shares(
      'nothing',
      'No child was a copy: each shared something with its parent. fork(child) is without any flag.',
    ),
    given: 'observe(name, create) wants the name of the row and a function that makes the child and returns its PID.',
    claim: FORKED,
    hints: [
      'One of the two calls that make a child takes no flags at all.',
      'It is fork(2): fork(child). Observe it: the second argument of observe() is a function, called in there.',
      "observe('fork()', () => …), and behind the arrow: fork(child).",
    ],
    seen: [
      {
        when: /shared (memory|descriptors|directory)/,
        hints: ['A child that shares something is a clone() with a flag for it. The copy is made without such a flag.'],
      },
    ],
  },
  {
    region: 'share-memory',
    task: 'Observe a child that works in the memory of its parent.',
    proof: shares(
      'VM',
      'No child worked in the memory of its parent and shared nothing else: CLONE_VM | CLONE_VFORK | SIGCHLD.',
    ),
    given: 'CLONE_VM shares the memory; lib/clone.ts wants CLONE_VFORK with it. SIGCHLD announces the end.',
    claim: MEMORY,
    hints: [
      'Here the flags of clone(2) begin: which one has the child run on the very same memory? Which lets the parent sleep?',
      'CLONE_VM shares, and CLONE_VFORK lets the parent sleep, for two engines on one heap would destroy it.',
      "observe('CLONE_VM|CLONE_VFORK', () => clone(child, CLONE_VM | … | SIGCHLD)).",
    ],
    seen: [
      {
        when: /two JavaScript engines at work/,
        hints: ['The error says it: CLONE_VM goes with CLONE_VFORK, combined by |.'],
      },
      {
        when: /memory and (descriptors|directory)/,
        hints: ['It shares more than its memory: leave CLONE_FILES and CLONE_FS away here, each has a row of its own.'],
      },
    ],
  },
  {
    region: 'share-files',
    task: 'Observe a child that shares the table of open files and nothing else.',
    proof: shares('FILES', 'No child shared the table of open files and nothing else: CLONE_FILES | SIGCHLD.'),
    given: 'As above, with CLONE_FILES.',
    claim: FILES,
    hints: [
      'A descriptor is a number in a table. fork copies the table; one flag has both work on the same one.',
      'clone(child, CLONE_FILES | SIGCHLD), observed like the others.',
      "observe('CLONE_FILES', () => clone(child, CLONE_FILES | …)); the signal at the end is as before.",
    ],
    seen: [
      {
        when: /two JavaScript engines at work/,
        hints: ['Not CLONE_VM: only the table of files is shared here.'],
      },
    ],
  },
  {
    region: 'share-directory',
    task: 'Observe a child that shares the directory and nothing else.',
    proof: shares('FS', 'No child shared the directory and nothing else: CLONE_FS | SIGCHLD.'),
    given: 'As above, with the flag for what clone(2) calls file system information.',
    claim: DIRECTORY,
    hints: [
      'Root directory, working directory and umask go together in one flag of clone(2).',
      'It is CLONE_FS, the flag for file system information.',
      "observe('CLONE_FS', () => clone(child, CLONE_FS | …)).",
    ],
    seen: [
      {
        when: /shared descriptors and directory/,
        hints: ['CLONE_FS alone: with CLONE_FILES it shares two things, and the parent cannot tell which it was.'],
      },
    ],
  },
]
