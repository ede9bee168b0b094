/**
 * The exercises of lab 1.
 */

import { type Exercise, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'

const [FORKED, MEMORY, FILES, DIRECTORY] = titlesOf(checker)

export const exercises: readonly Exercise[] = [
  {
    region: 'changes',
    task: 'Have the child change all three: the variable, the open file and the directory.',
    given: 'variable and file are those of the program; closeSync() and process.chdir() are the calls.',
    claim: FORKED,
    hints: [
      'Everything the parent prints later is about these three: what it finds changed, the child has shared with it.',
      'Give variable another text, close the descriptor file with closeSync(), and leave the directory with process.chdir().',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
      "variable = `changed by ${getpid()}`, then closeSync(file), then process.chdir('/'): the checker looks at the last two.",
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
