/**
 * The questions that are asked before lab 1 is run.
 */
import type { Question } from '../question.ts'
import { parentLost, parentMoved, plainChildren, type Seen, sharing } from './deeds.ts'

/** The child that shared just this with its parent, or nothing. */
function sharer(seen: Seen, what: 'FILES' | 'FS' | undefined) {
  return plainChildren(seen).find(child =>
    Object.entries(sharing(seen, child)).every(([each, isShared]) => isShared === (each === what)),
  )
}

export const questions: readonly Question<Seen>[] = [
  {
    name: 'copy',
    text: "A child made by fork() puts another text into one of the program's variables. What does its parent find there afterwards?",
    choices: ['what was there before', "the child's text"],
    truth: seen => {
      const child = sharer(seen, undefined)
      return child && Number(child.birth.sharing.VM)
    },
    why: 'fork() copies the memory, each page when one of the two first writes to it. kcmp(2) says that theirs is not the same.',
  },
  {
    name: 'closed',
    text: 'A child that shares the table of open files (CLONE_FILES) closes a file. Is it still open in its parent?',
    choices: ['yes: it has a descriptor of its own', 'no: it is closed for both'],
    truth: seen => {
      const child = sharer(seen, 'FILES')
      return child && Number(parentLost(seen, child))
    },
    why: 'A descriptor is a place in a table, and there is only one table here. Whoever empties the place empties it for both.',
  },
  {
    name: 'moved',
    text: "A child that shares the directory (CLONE_FS) calls chdir('/'). Where is its parent then?",
    choices: ['where it was', 'in /'],
    truth: seen => {
      const child = sharer(seen, 'FS')
      return child && Number(parentMoved(seen, child))
    },
    why: 'Root, working directory and umask are one structure in the kernel, and with CLONE_FS both processes point to it.',
  },
]
