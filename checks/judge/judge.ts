/**
 * Runs one program in a sandbox, lets the observer watch, and judges. Synchronous: it is the life of a forked child.
 */
import { CannotRun, UsageError } from '../../lib/errors.ts'
import { watchSignals } from '../../lib/machine/poll.ts'
import { getpid } from '../../lib/process.ts'
import { FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'
import { ownTime } from '../../lib/trace/scheduling.ts'
import { programOf } from '../labs/claim.ts'
import type { CheckedLab } from '../labs/lab.ts'
import { EventLoop } from '../observer/event-loop.ts'
import { type Load, takeLoad } from '../observer/load.ts'
import { Observer } from '../observer/observer.ts'
import type { Observation } from '../observer/record.ts'
import { Story, type Told } from '../observer/story/story.ts'
import { tellOfTimeout } from '../observer/waiting.ts'
import { BOUNDS } from '../sandbox/groups.ts'
import { type Command, makeSandbox, type Sandbox, type Setting } from '../sandbox/sandbox.ts'
import { compareCensus, takeCensus } from './census.ts'
import { decide, type Finding, machineFinding } from './findings.ts'
import { Inventory, leftIn, livingProcesses, wasRebooted } from './inventory.ts'
import { needsOf, openWitnesses, type Witnesses, witnessesOf } from './look-on.ts'
import { ensureEnds } from './needs.ts'
import { tellApart } from './others.ts'
import { Standstill } from './standstill.ts'
import { starvedFor } from './starvation.ts'
import { type Shares, Stopwatch } from './stopwatch.ts'

export type { Finding } from './findings.ts'

/** The outcome of one check. */
export type Verdict =
  | {
      readonly kind: 'judged'
      readonly findings: readonly Finding[]
      readonly output: string
      readonly seconds: number
      readonly time: Shares
      /** What `read` has extracted from the observation. */
      readonly read?: readonly unknown[]
      /** What others have changed on the machine meanwhile, or (of a second try) the first time. */
      readonly others?: readonly string[]
      /** What happened, if the story was asked for. */
      readonly story?: Told
    }
  | { readonly kind: 'cannot'; readonly reason: string; readonly isFault?: true; readonly isUsage?: true }

/** How many processes below its bound a sandbox counts as full: init is one more, and some may have just ended. */
const HEADROOM = 16
/** How long the warden may outlive init, in seconds. */
const WARDEN = 1
/** How long a sandbox may take to be made, in seconds; longer where the program may. */
const MAKING = 30
/** How long after the program's end the kernel may take to remove what ended with it, in seconds. */
const SETTLING = 2

/** Starts the program. @returns its PID, once init has forked it; by then the sandbox is complete */
function startProgram(
  sandbox: Sandbox,
  loop: EventLoop,
  observer: Observer,
  witnesses: Witnesses,
  timeout: number,
): number {
  const { init, hasTerminal } = sandbox
  const hasFailed = () => observer.statusOf(init) !== undefined
  const firstChild = () => [...observer.processes.values()].find(({ creator }) => creator === init)
  const making = Math.max(MAKING, timeout)
  const deadline = Date.now() + making * 1000
  sandbox.start()
  // Events are handled meanwhile, because a killed init stays a zombie until its tracer has waited for it.
  if (hasTerminal) loop.until(() => sandbox.canTakeTerminal() || hasFailed(), deadline)
  const master = hasTerminal && sandbox.canTakeTerminal() ? sandbox.attachTerminal() : undefined
  if (master !== undefined) loop.listen(master)
  witnesses.begin({ observer, terminal: master, timeout })
  loop.until(() => firstChild() !== undefined || hasFailed(), deadline)
  const program = firstChild()
  if (program && !hasFailed()) return program.pid
  if (!hasFailed())
    throw new CannotRun(
      `the sandbox was not made in ${making} s: the machine is too busy\n` +
        'hint: check it again when less is going on, or give it more time: -- --timeout 120',
    )
  loop.until(() => loop.isSilent, Date.now() + 1000)
  throw new CannotRun(`the sandbox could not be made: ${loop.output.trim() || 'its init gave no reason'}`)
}

/** The machine now, and what a sandbox and its judge have had of it. */
function loadOf(observer: Observer): Load {
  const own = ownTime()
  return takeLoad(observer.scheduled.ran + own.ran, observer.ended.kept(livingProcesses(observer)) + own.waited)
}

/** @throws CannotRun if other programs kept the processors from this one */
function refuseToJudgeTheStarved(observer: Observer, init: number, timeout: number, began: Load): void {
  const pids = [...livingProcesses(observer), init]
  const starved = starvedFor(pids, timeout, began, loadOf(observer), observer.burden)
  if (starved !== undefined)
    throw new CannotRun(
      `the machine is too busy: for ${starved.toFixed(1)} of ${timeout} s a process of the program waited for a processor\n` +
        'hint: check it again when less is going on, or give it more time: -- --timeout 60',
    )
}

/** Errors of execve(2) that say nothing about the file. */
const SHORTAGE = ['ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE', 'EIO', 'EPERM', 'ENOSYS']

/** Why a process that was forked for the program never became it: of what it printed only execve(2) is about the program. */
function whyNotStarted(printed: string): Error {
  const [, code] = /^execve\(.*\): (E\w+)/m.exec(printed) ?? []
  if (code !== undefined && !SHORTAGE.includes(code))
    return new UsageError(`the program could not be started: ${printed}`)
  return new CannotRun(`the program was never started: ${printed || 'it was killed before it could be'}`)
}

/** Starts the program, follows it to its end or to the bound, and gives everything that was seen. */
function observe(
  sandbox: Sandbox,
  loop: EventLoop,
  observer: Observer,
  witnesses: Witnesses,
  inventory: Inventory,
  stopwatch: Stopwatch,
  timeout: number,
  standstill: Standstill,
): Observation {
  const { init } = sandbox
  const initEnded = () => observer.statusOf(init) !== undefined
  const program = startProgram(sandbox, loop, observer, witnesses, timeout)
  stopwatch.programBegins([init, sandbox.warden])
  const began = loadOf(observer)
  const deadline = Date.now() + timeout * 1000
  const hasEnded = () => observer.statusOf(program) !== undefined || initEnded()
  const isOver = () => {
    if (hasEnded()) return true
    witnesses.goOn()
    return false
  }
  const ended = standstill.watch(loop, isOver, deadline)
  stopwatch.programEnded()
  loop.readAll()
  // Where no group counts refused forks, only the number of processes tells whether the bound was hit.
  const bounds = sandbox.groups.hits(livingProcesses(observer).length >= BOUNDS.processes - HEADROOM)
  if (!ended && !loop.interrupted) {
    witnesses.lookAround()
    tellOfTimeout(observer, timeout)
    if (bounds.length === 0) refuseToJudgeTheStarved(observer, init, timeout, began)
  }
  const settled = Date.now() + SETTLING * 1000
  let left = leftIn(sandbox, observer, inventory)
  // The kernel removes the network namespaces of ended processes in the background.
  while (ended && left?.length !== 0 && !initEnded() && Date.now() < settled) {
    loop.until(() => false, Date.now() + 20)
    left = leftIn(sandbox, observer, inventory)
  }
  return {
    program,
    processes: observer.processes,
    signals: observer.signals,
    story: observer.story.events,
    sandbox: inventory.namespaces,
    timedOut: ended ? undefined : timeout,
    hits: bounds,
    leftovers: ended ? left : undefined,
    ...witnesses.records(),
    output: loop.output,
  }
}

/**
 * Checks one program.
 * @param lab what is looked at, and what is claimed
 * @param command the program and its arguments
 * @param timeout seconds it may take
 * @param read extracts what else is wanted of the observation, as values that JSON can carry
 * @param tellStuck is told who waits for what, once nobody of the program moves any more
 * @param extra what the sandbox has to provide besides what the lab's witnesses need
 * @throws CannotRun when no sandbox can be made here; SyscallError
 */
export function judge(
  lab: CheckedLab,
  command: Command,
  timeout: number,
  read?: (seen: Observation) => readonly unknown[],
  extra: Setting = {},
  tellStuck: (text: string) => void = () => {},
): Verdict {
  ensureEnds()
  const stopwatch = new Stopwatch()
  const before = takeCensus(getpid())
  const kinds = witnessesOf(lab, extra.story !== undefined)
  const makeWitnesses = openWitnesses(kinds)
  const sandbox = makeSandbox(command, { ...needsOf(kinds), ...extra })
  const { init, warden } = sandbox
  // Made after the sandbox, so that the program does not inherit blocked signals.
  const signals = watchSignals(['SIGCHLD', 'SIGINT', 'SIGTERM', 'SIGHUP'])
  const inventory = new Inventory(sandbox)
  const story = new Story(extra.story !== undefined)
  const witnesses = makeWitnesses(sandbox, story, inventory)
  const observer = new Observer(init, witnesses.watcher, story, extra.story)
  const loop = new EventLoop(signals, sandbox.output, observer, witnesses.looks)
  let findings: Finding[] = []
  let wanted: { readonly read?: readonly unknown[]; readonly story?: Told } = {}
  let isFollowed = false
  const end = () => {
    // An init that has failed has ended already, and its PID may belong to another process now.
    if (observer.statusOf(init) === undefined) sandbox.kill()
    // The end of an init that could not be traced is not reported. Somebody may freeze a group of its again, until
    // SIGKILL has reached everybody.
    if (isFollowed) loop.awaitEnd(init, undefined, () => sandbox.groups.thaw())
  }
  try {
    seize(init, FOLLOW_TREE)
    isFollowed = true
    const standstill = new Standstill(observer, [init, warden], tellStuck)
    let observation = observe(sandbox, loop, observer, witnesses, inventory, stopwatch, timeout, standstill)
    // Where nobody is left, nobody's end is brought about by that.
    if (observation.timedOut === undefined && !observation.leftovers?.length) end()
    if (wasRebooted(sandbox, observer))
      observation = { ...observation, leftovers: ['the sandbox itself is no more: reboot(2) was called in it'] }
    // Whatever init could not start says nothing about what it would have done.
    if (programOf(observation).programs.length === 0) throw whyNotStarted(loop.output.trim())
    if (!loop.interrupted) {
      findings = decide(lab.claims, observation)
      wanted = { ...(read && { read: read(observation) }), ...(story.isAsked && { story: story.told(observation) }) }
    }
  } finally {
    end()
    // The warden waits for init and then ends, unless init died before the warden could finish making it.
    if (!loop.awaitEnd(warden, isFollowed ? WARDEN : 0)) sandbox.killWarden()
    loop.awaitEnd(warden)
    sandbox.remove()
  }
  if (loop.interrupted) return { kind: 'cannot', reason: 'interrupted' }
  const changes = tellApart(
    [
      ...compareCensus(before, takeCensus(getpid())),
      ...livingProcesses(observer).map(pid => `process ${pid} is still there`),
    ],
    sandbox.directory,
  )
  const { others } = changes
  const all = [...findings, machineFinding(changes)]
  const { seconds } = stopwatch
  const judged = { findings: all, output: loop.output, seconds, time: stopwatch.shares(seconds) }
  return { kind: 'judged', ...judged, ...wanted, ...(others.length > 0 && { others }) }
}
