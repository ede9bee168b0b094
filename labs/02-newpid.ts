/**
 * Lab 2: a PID namespace. Who is PID 1, and whom can it kill?
 *
 * You will see one process with two PIDs, its three children as 2, 3 and 4, a SIGKILL to the outer parent's PID that
 * fails because no process has that number inside, and a SIGKILL to 2 that ends it.
 *
 * Man pages: pid_namespaces(7), clone(2), kill(2), waitpid(2). Needs root or a user namespace.
 * Run it: sudo npx tsx labs/02-newpid.ts
 */
import { clone, fork } from '../lib/clone.ts'
import { CLONE_NEWPID, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import { getpid, getppid, kill, waitpid } from '../lib/process.ts'
import { describeEnd, describeStatus } from '../lib/status.ts'
import { childrenOf, nsPids } from '../lib/trace/proc.ts'

await startLab('02-newpid', {
  pace: seconds(0, 'pause after each line, to read along'),
})

const isAnnounced = makeGate()
const allBorn = makeGate()
const allSeen = makeGate()

// #region grandchild
function startGrandchild() {
  const hasSpoken = makeGate()
  const mayGoOn = makeGate()
  const pid = fork(() => {
    inside(`I am ${getpid()}, my parent is ${getppid()}.`)
    hasSpoken.open()
    mayGoOn.wait()
    inside(`${getpid()} has reached its end.`)
  })
  hasSpoken.wait()
  return { pid, mayGoOn }
}
// #endregion grandchild

// #region child
function child(outerParent: number): void {
  isAnnounced.wait()
  inside(`I am ${getpid()}, my parent is ${getppid()}: it lives where I cannot see it.`)
  // #region three-children
  const [first, second, third] = [startGrandchild(), startGrandchild(), startGrandchild()]
  // #endregion three-children
  allBorn.open()
  allSeen.wait()
  // #region kill-outside
  tryToKill(outerParent)
  // #endregion kill-outside
  // #region kill-two
  tryToKill(first.pid)
  const end = waitpid(first.pid)
  // #endregion kill-two
  inside(`${first.pid} was ${describeStatus(end)}.`)
  // #region others-end
  for (const { pid, mayGoOn } of [second, third]) {
    mayGoOn.open()
    waitpid(pid)
  }
  // #endregion others-end
}
// #endregion child

// #region kill
function tryToKill(pid: number): void {
  try {
    kill(pid, 'SIGKILL')
    inside(`kill(${pid}, SIGKILL): done`)
  } catch (error) {
    const [what = '', hint = ''] = (error as Error).message.split('\n')
    inside(what)
    note(hint)
  }
}
// #endregion kill

// #region parent
outside(`I am ${getpid()}.`)
// #region own-numbers
const pid = clone(child, CLONE_NEWPID | SIGCHLD, getpid())
// #endregion own-numbers
outside(`clone returned ${pid}: that is my number for the child.`)
isAnnounced.open()
allBorn.wait()
note('One process has one number in each PID namespace, the outermost first:')
for (const each of [pid, ...childrenOf(pid)]) {
  outside(`/proc/${each}/status, NSpid: ${nsPids(each).join(' ')}`)
}
allSeen.open()
outside(`The child ${describeEnd(waitpid(pid))}, and I am still here.`)
// #endregion parent
