/**
 * Lab 1: fork against clone. What does a child share with its parent, and what does it copy?
 *
 * You will see four children. Each changes a variable, closes a file and changes directory, and the parent then
 * looks at its own variable, file and directory. Only the flags of clone(2) differ.
 *
 * Man pages: fork(2), clone(2), kcmp(2). Needs nothing but Linux.
 * Run it: npx tsx labs/01-fork-vs-clone.ts
 */
import { closeSync, existsSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { clone, fork } from '../lib/clone.ts'
import { CLONE_FILES, CLONE_FS, CLONE_VFORK, CLONE_VM, flagNames, SIGCHLD } from '../lib/flags.ts'
import { shares } from '../lib/kcmp.ts'
import { seconds } from '../lib/knobs.ts'
import { startLab } from '../lib/lab.ts'
import { getpid, gettid, sleep, waitpid } from '../lib/process.ts'
import { chalk, note, outside } from '../lib/say.ts'

const { pace } = startLab('01-fork-vs-clone', {
  pace: seconds(0, 'pause before each child, to read along'),
})

let variable = 'as it was'
let file = -1
const home = process.cwd()

// #region child
function child(): number {
  variable = `changed by ${getpid()}`
  closeSync(file)
  process.chdir('/')
  return 0
}
// #endregion child

// #region parent
function observe(name: string, create: () => number): void {
  variable = 'as it was'
  file = openSync('/dev/null', 'r')
  sleep(pace)
  const pid = create()
  waitpid(pid)
  // Asked of the kernel: Node remembers its directory, and would not notice that somebody else changed it.
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

outside(`I am ${getpid()}, in ${home}. After each child has ended, this is what I see of mine:`)
row('made by', 'child', 'variable', 'file', 'directory')
observe('fork()', () => fork(child))
observe('clone(CLONE_VM)', () => clone(child, CLONE_VM | CLONE_VFORK | SIGCHLD))
observe('clone(CLONE_FILES)', () => clone(child, CLONE_FILES | SIGCHLD))
observe('clone(CLONE_FS)', () => clone(child, CLONE_FS | SIGCHLD))
note('CLONE_VM goes with CLONE_VFORK here: two JavaScript engines cannot work on one heap at once.')
// #endregion parent

// #region threads
const threads = readdirSync('/proc/self/task')
  .map(Number)
  .filter(tid => tid !== gettid())
const sharing = (['VM', 'FILES', 'FS'] as const).filter(what => threads.every(tid => shares(getpid(), tid, what)))
outside(`Node itself runs ${threads.length} more threads: ${threads.join(', ')}.`)
outside(
  `The kernel says they share ${sharing.join(', ')} with me: clones, made with ${flagNames(CLONE_VM | CLONE_FILES | CLONE_FS)} and more.`,
)
// #endregion threads

function row(name: string, pid: string, ...seen: string[]): void {
  const cells = seen.map((cell, i) => {
    const text = cell.padEnd([18, 10][i] ?? 0)
    return /changed by|^closed|moved to/.test(cell) ? chalk.yellow(text) : text
  })
  console.log(`  ${name.padEnd(20)}${pid.padEnd(8)}${cells.join('  ')}`.trimEnd())
}
