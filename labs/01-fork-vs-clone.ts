/**
 * Lab 1: fork against clone. What does a child share with its parent, and what does it copy?
 *
 * You will see four children. Each changes a variable, closes a file and changes directory, and the parent then
 * looks at its own variable, file and directory. Only the flags of clone(2) differ.
 *
 * Man pages: fork(2), clone(2), kcmp(2), proc(5). Needs nothing but Linux.
 * Run it: npx tsx labs/01-fork-vs-clone.ts
 */
import { closeSync, existsSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { clone, fork } from '../lib/clone.ts'
import { CLONE_FILES, CLONE_FS, CLONE_VFORK, CLONE_VM, SIGCHLD } from '../lib/flags.ts'
import { chalk } from '../lib/lab/colour.ts'
import { seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { note, outside, pause } from '../lib/lab/say.ts'
import { getpid, gettid, waitpid } from '../lib/process.ts'
import { shares } from '../lib/trace/kcmp.ts'

await startLab('01-fork-vs-clone', {
  pace: seconds(0, 'pause after each line, to read along'),
})

let variable = 'as it was'
let file = -1
const home = process.cwd()

// #region child
function child(): number {
  variable = `changed by ${getpid()}`
  // #region changes
  closeSync(file)
  process.chdir('/')
  // #endregion changes
  return 0
}
// #endregion child

// #region parent
function observe(name: string, create: () => number): void {
  variable = 'as it was'
  file = openSync('/dev/null', 'r')
  const pid = create()
  waitpid(pid)
  // Ask the kernel: Node caches its working directory and would not notice that the child has changed it.
  const directory = readlinkSync('/proc/self/cwd')
  const open = existsSync(`/proc/self/fd/${file}`)
  row(
    name,
    String(pid),
    variable,
    open ? 'still open' : 'closed',
    directory === home ? 'unmoved' : `moved to ${directory}`,
  )
  if (open) closeSync(file)
  process.chdir(home)
}

outside(`I am ${getpid()}, in ${home}.`)
outside('After each child has ended, this is what I see of mine:')
row('made by', 'child', 'variable', 'file', 'directory')
// #region copy
observe('fork()', () => fork(child))
// #endregion copy
// #region share-memory
observe('CLONE_VM|CLONE_VFORK', () => clone(child, CLONE_VM | CLONE_VFORK | SIGCHLD))
// #endregion share-memory
// #region share-files
observe('CLONE_FILES', () => clone(child, CLONE_FILES | SIGCHLD))
// #endregion share-files
// #region share-directory
observe('CLONE_FS', () => clone(child, CLONE_FS | SIGCHLD))
// #endregion share-directory
note('fork() copies everything; each flag shares one thing instead.')
note('CLONE_VFORK lets the parent sleep: one heap, one engine at a time.')
// #endregion parent

// #region threads
const threads = readdirSync('/proc/self/task')
  .map(Number)
  .filter(tid => tid !== gettid())
const things = { VM: 'memory', FILES: 'open files', FS: 'directory' } as const
const shared = (['VM', 'FILES', 'FS'] as const).filter(what => threads.every(tid => shares(getpid(), tid, what)))
outside(`Node itself runs ${threads.length} more threads; they take numbers, too.`)
outside(`The kernel says they share with me: ${shared.map(what => `${things[what]} (${what})`).join(', ')}.`)
note('A thread is a clone that shares all of it (and CLONE_THREAD, our PID).')
// #endregion threads

function row(name: string, pid: string, ...seen: string[]): void {
  const cells = seen.map((cell, i) => {
    const text = cell.padEnd([18, 10][i] ?? 0)
    return /changed by|^closed|moved to/.test(cell) ? chalk.yellow(text) : text
  })
  console.log(`  ${name.padEnd(22)}${pid.padEnd(8)}${cells.join('  ')}`.trimEnd())
  pause()
}
