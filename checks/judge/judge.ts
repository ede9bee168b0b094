/**
 * Runs one program in a sandbox, lets the observer watch, and judges. Synchronous: it is the life of a forked child.
 */
import { CannotRun } from '../../lib/errors.ts'
import { watchSignals } from '../../lib/io/poll.ts'
import { inNamespace, namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { getpid } from '../../lib/process.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'
import { type Checker, EVERY_LAB, type Failure, isUnjudged, type Objection, type Unjudged } from '../labs/claim.ts'
import { Watch } from '../observer/event-loop.ts'
import { Observer } from '../observer/observer.ts'
import type { Observation } from '../observer/record.ts'
import { openWitness, Scene } from '../observer/scene.ts'
import { BOUNDS } from '../sandbox/groups.ts'
import { type Command, makeSandbox, type Sandbox, type Setting } from '../sandbox/sandbox.ts'
import { mountLines } from '../witnesses/container.ts'
import { compareCensus, takeCensus } from './census.ts'
import { inSandbox, survivors } from './inventory.ts'
import { starvedFor } from './starvation.ts'
import { type Shares, Stopwatch } from './stopwatch.ts'

/** What became of one claim. */
export interface Finding {
  readonly title: string
  readonly section: string
  readonly failure?: Failure
  readonly unjudged?: Unjudged
  /** The exercise behind it, `3.2 Lay a veth pair …`, if it is the first that does not hold of a reader's copy of a lab. */
  readonly task?: string
}

/** The outcome of one check. */
export type Verdict =
  | {
      readonly kind: 'judged'
      readonly findings: readonly Finding[]
      readonly output: string
      readonly seconds: number
      readonly time: Shares
      /** What was read from the observation besides, for whoever asked. */
      readonly read?: readonly unknown[]
    }
  | { readonly kind: 'cannot'; readonly reason: string; readonly isFault?: true }

/** With so many processes less than the bound a sandbox is full: init is one, and some have just ended. */
const CROWD = 16
/** How long the warden may outlive init, in seconds. */
const WARDEN = 1
/** How long a sandbox may take to be made, in seconds. */
const MAKING = 30
/** How long after the program's end the kernel may take to remove what died with it, in seconds. */
const SETTLING = 2

/** Starts the program and gives its record, which begins when init forks it; by then the sandbox is complete. */
function startProgram(sandbox: Sandbox, watch: Watch, observer: Observer, scene: Scene, timeout: number): number {
  const { init, hasTerminal } = sandbox
  const hasFailed = () => observer.statusOf(init) !== undefined
  const firstChild = () => [...observer.processes.values()].find(({ creator }) => creator === init)
  const deadline = Date.now() + MAKING * 1000
  sandbox.start()
  // Never without an ear for init: one that is killed ends only when its tracer has heard of it.
  if (hasTerminal) watch.until(() => sandbox.canTakeTerminal() || hasFailed(), deadline)
  const master = hasTerminal && sandbox.canTakeTerminal() ? sandbox.attachTerminal() : undefined
  if (master !== undefined) watch.listen(master)
  scene.begin(observer, master, timeout)
  watch.until(() => firstChild() !== undefined || hasFailed(), deadline)
  const program = firstChild()
  if (program && !hasFailed()) return program.pid
  watch.until(() => watch.isSilent, Date.now() + 1000)
  throw new CannotRun(`the sandbox could not be made: ${watch.output.trim() || 'its init gave no reason'}`)
}

/** @throws CannotRun if others had the processors all the time */
function refuseToJudgeTheStarved(observer: Observer, init: number, timeout: number, judging: number): void {
  const starved = starvedFor([...survivors(observer), init], timeout, judging)
  if (starved !== undefined)
    throw new CannotRun(
      `the machine is too busy: for ${starved.toFixed(1)} of ${timeout} s a process of the program waited for a processor\n` +
        'hint: check it again when less is going on, or give it more time: -- --timeout 60',
    )
}

/** Starts the program, follows it to its end or to the bound, and gives everything that was seen. */
function observe(
  sandbox: Sandbox,
  watch: Watch,
  observer: Observer,
  scene: Scene,
  stopwatch: Stopwatch,
  timeout: number,
): Observation {
  const { init } = sandbox
  const initEnded = () => observer.statusOf(init) !== undefined
  const program = startProgram(sandbox, watch, observer, scene, timeout)
  stopwatch.programBegins([init, sandbox.warden])
  const deadline = Date.now() + timeout * 1000
  const own = namespaces(init)
  const before = inSandbox(sandbox, own).filter(line => !line.startsWith('process '))
  const mountsBefore = mountLines(init)
  const freshLinks = inNamespace(init, 'net', interfaceNames)
  const hasEnded = () => observer.statusOf(program) !== undefined || initEnded()
  // Without a group only the kernel knows whom it has refused, but not of how many there are.
  const isCrowded = () => survivors(observer).length >= BOUNDS.processes - CROWD
  const hits = () => sandbox.groups.hits(isCrowded())
  const ended = watch.until(() => hasEnded() || scene.goOn(), deadline)
  stopwatch.programEnded()
  watch.readAll()
  const bounds = hits()
  if (!ended && !watch.interrupted) {
    scene.lookAround(observer)
    if (bounds.length === 0) refuseToJudgeTheStarved(observer, init, timeout, stopwatch.judging)
  }
  const alive = () => survivors(observer).map(pid => `process ${pid} (${statusField(pid, 'Name')})`)
  const leftovers = () =>
    initEnded() ? [] : [...new Set([...alive(), ...inSandbox(sandbox, own).filter(line => !before.includes(line))])]
  const settled = Date.now() + SETTLING * 1000
  let left = leftovers()
  // Networks of the dead are dismantled in the background.
  for (; ended && left.length > 0 && Date.now() < settled; left = leftovers()) watch.until(() => false, Date.now() + 20)
  return {
    program,
    processes: observer.processes,
    signals: observer.signals,
    stopped: observer.stopped,
    networks: observer.networks,
    freshLinks,
    sandbox: own,
    timedOut: ended ? undefined : timeout,
    hits: bounds,
    leftovers: ended && !initEnded() ? left : undefined,
    ...scene.seen(),
    mountsBefore,
    output: watch.output,
  }
}

function machineFinding(changes: readonly string[]): Finding {
  const expected = 'the machine as it was before'
  const cause = 'the program reached out of the sandbox'
  const title = 'the machine is as it was: its interfaces, mounts, groups and processes'
  return finding(title, 'clean-up', changes.length > 0 ? { expected, seen: changes.join('; '), cause } : undefined)
}

function finding(title: string, section: string, objection: Objection | undefined): Finding {
  if (!objection) return { title, section }
  return isUnjudged(objection) ? { title, section, unjudged: objection } : { title, section, failure: objection }
}

/** Runs the program and decides every claim about it. */
function decide(checker: Checker, observation: Observation, tell: (finding: Finding) => void): Finding[] {
  return [...checker, ...EVERY_LAB].map(({ title, section, refute }) => {
    const found = finding(title, section, refute(observation))
    tell(found)
    return found
  })
}

/**
 * Checks one program.
 * @param checker the claims of its lab
 * @param setting what the lab's program is given
 * @param command the program and its arguments
 * @param timeout seconds it may take
 * @param tell hears of every claim as it is decided
 * @param read what is wanted of the observation besides, as JSON can carry it
 * @throws CannotRun when no sandbox can be made here; SyscallError
 */
export function judge(
  checker: Checker,
  setting: Setting,
  command: Command,
  timeout: number,
  tell: (finding: Finding) => void,
  read?: (seen: Observation) => readonly unknown[],
): Verdict {
  const stopwatch = new Stopwatch()
  const mark = `.${getpid()}`
  const before = takeCensus(mark)
  const witness = openWitness(setting)
  const sandbox = makeSandbox(command, setting)
  const { init, warden } = sandbox
  // Made after the sandbox, so that the program does not inherit blocked signals.
  const signals = watchSignals(['SIGCHLD', 'SIGINT', 'SIGTERM', 'SIGHUP'])
  const scene = new Scene(sandbox, setting, witness)
  const observer = new Observer(init, scene.watcher)
  const watch = new Watch(signals, sandbox.output, observer, scene.samples)
  let findings: Finding[] = []
  let wanted: readonly unknown[] | undefined
  let isFollowed = false
  try {
    seize(init, FOLLOW_TREE)
    isFollowed = true
    const observation = observe(sandbox, watch, observer, scene, stopwatch, timeout)
    if (!watch.interrupted) {
      findings = decide(checker, observation, tell)
      wanted = read?.(observation)
    }
  } finally {
    // An init that has failed is gone already, and its number may be somebody else's.
    if (observer.statusOf(init) === undefined) sandbox.kill()
    // Of an init that nobody follows nobody hears.
    if (isFollowed) watch.bury(init)
    // The warden waits for init and ends; unless that died before it was born for good.
    if (!watch.bury(warden, isFollowed ? WARDEN : 0)) sandbox.killWarden()
    watch.bury(warden)
    sandbox.remove()
  }
  if (watch.interrupted) return { kind: 'cannot', reason: 'interrupted' }
  const changes = [
    ...compareCensus(before, takeCensus(mark)),
    ...survivors(observer).map(pid => `process ${pid} is still there`),
  ]
  const machine = machineFinding(changes)
  tell(machine)
  const [seconds, time] = [stopwatch.seconds, stopwatch.shares()]
  const judged = { findings: [...findings, machine], output: watch.output, seconds, time }
  return { kind: 'judged', ...judged, ...(wanted && { read: wanted }) }
}
