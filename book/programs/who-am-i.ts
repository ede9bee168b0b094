/**
 * Who a cloned child is: for Node, and for the kernel.
 */
import { readdirSync } from 'node:fs'
import { clone } from '../../lib/clone.ts'
import { SIGCHLD } from '../../lib/flags.ts'
import { getpid, waitpid } from '../../lib/process.ts'

// #region program
const threads = () => readdirSync('/proc/self/task').length
console.log(`started with ${process.execArgv.join(' ')}`)
console.log(`parent: process.pid ${process.pid}, getpid() ${getpid()}, more than one thread: ${threads() > 1}`)
const pid = clone(() => {
  setTimeout(() => console.log('child:  a timer'), 0)
  console.log(`child:  process.pid ${process.pid}, getpid() ${getpid()}, more than one thread: ${threads() > 1}`)
}, SIGCHLD)
waitpid(pid)
setTimeout(() => console.log('parent: a timer'), 0)
// #endregion program
