/**
 * Hostile programs, on which the sandbox, the observer and the judge are tried: each must end within its bound,
 * get the verdict named here, and leave the machine as it was.
 */
import { LABS } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import { EVERY_LAB } from '../labs/claim.ts'

/** One program in hostile/. */
export interface Hostile {
  readonly path: string
  /** The lab for which it is checked. */
  readonly slug: string
  /** Seconds it is given. */
  readonly timeout: number
  /** What it tries. */
  readonly tries: string
  /** Titles of the claims that must refuse it, all of them and no other. */
  readonly refusedBy: readonly string[]
}

const [FORK, PID, NET, NS, MEMORY, FREEZER] = LABS.map(({ slug }) => slug) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const [END, bound, LEFT] = EVERY_LAB.map(({ title }) => title) as [string, string, string]
/** The claim of a program that runs into what its sandbox allows. */
export const BOUND = bound

const titlesOf = (slug: string) => checkedLab(slug).claims.map(({ title }) => title)
/** The last claim of lab 5, 'nobody else died', holds for a program that does nothing. */
const ALONE = titlesOf(MEMORY).at(-1) as string

/** The claims that refuse a program that does nothing for its lab, and `more` of those about every lab. */
const idle = (slug: string, ...more: string[]) => [...titlesOf(slug).filter(title => title !== ALONE), ...more]

type Row = readonly [path: string, slug: string, timeout: number, tries: string, refusedBy: readonly string[]]

/** Programs that end by themselves, whatever was refused to them; on a busy machine that may take long. */
const ENDING: readonly Row[] = [
  ['daemon.py', FORK, 90, 'lives on in a session of its own', idle(FORK, LEFT)],
  ['untraced.c', PID, 90, 'lives on unseen, in namespaces of its own', idle(PID, LEFT)],
  ['odd-names.py', FORK, 90, 'leaves a process whose names are escape sequences', idle(FORK, LEFT)],
  ['deep-groups.py', FREEZER, 90, 'leaves groups whose path is too long to be named', idle(FREEZER, LEFT)],
  ['kills-callers.c', PID, 90, 'kills processes while they are looked at', idle(PID)],
  ['signals-everybody.py', PID, 90, 'signals to every number', idle(PID)],
  ['reboots.c', PID, 90, 'ends the whole sandbox', idle(PID, LEFT)],
  ['forges-report.py', FORK, 90, 'prints a report of its own', idle(FORK)],
  ['writes-everywhere.py', FORK, 90, 'changes files, and fills the memory with them', idle(FORK)],
  ['reach-mounts.py', FORK, 30, "the machine's files, devices and mounts", idle(FORK)],
  ['reach-network.py', NET, 30, "the machine's network and its listeners", idle(NET)],
  ['reach-processes.py', PID, 30, "the checker's copy and other processes", idle(PID)],
  ['reach-cgroups.py', MEMORY, 30, "other groups, and its sandbox's limits", idle(MEMORY)],
  ['reach-kernel.py', FORK, 90, 'calls and devices that change the machine', idle(FORK)],
  ['works-and-attacks.sh', PID, 90, 'all of that, beside right work', []],
  ['works-beside-floods.c', PID, 90, 'keeps its judge busy with others beside right work', []],
  ['works-and-lurks.sh', NET, 90, 'a daemon after right work', [LEFT]],
]

/**
 * Programs that have to be killed, by the OOM killer or when their time is up; what they leave behind is then unknown.
 */
const ENDLESS: readonly Row[] = [
  ['fork-bomb.c', FORK, 4, 'takes every number', idle(FORK, END, BOUND, LEFT)],
  ['memory-hog.py', FORK, 10, 'takes all memory', idle(FORK, END, BOUND)],
  ['endless-output.sh', PID, 2, 'prints for ever', idle(PID, END, LEFT)],
  ['ignores-signals.sh', FORK, 1, 'ignores signals', idle(FORK, END, LEFT)],
  ['reads-forever.sh', NS, 2, 'reads the terminal for ever', idle(NS, END, LEFT)],
  ['reads-forever.sh', NET, 1, 'reads nothing for ever', idle(NET, END, LEFT)],
  ['many-networks.py', NET, 2, 'wears out who follows every network', idle(NET, END, LEFT).slice(1)],
  ['stops-itself.py', FORK, 1, 'stops itself and its children', idle(FORK, END, LEFT)],
  ['closes-everything.c', FORK, 1, 'lives on without a descriptor', idle(FORK, END, LEFT)],
  ['vfork-forever.c', FORK, 1, 'has a parent that nothing wakes', idle(FORK, END, LEFT)],
  ['faults-forever.c', MEMORY, 2, 'holds whoever reads its memory', idle(MEMORY, END, LEFT)],
  ['many-groups.py', MEMORY, 3, 'wears out who looks at every group', idle(MEMORY, END, bound, LEFT)],
  ['freezes-again.py', FORK, 2, 'freezes again whom the judge thaws', idle(FORK, END, LEFT)],
  ['floods.c', MEMORY, 2, 'wears out who looks at every call', idle(MEMORY, END, LEFT)],
  ['many-descriptors.py', FORK, 2, 'wears out who looks at every descriptor', idle(FORK, END, LEFT)],
]

export const HOSTILE: readonly Hostile[] = [...ENDING, ...ENDLESS].map(([path, slug, timeout, tries, refusedBy]) => ({
  path: `trials/hostile/${path}`,
  slug,
  timeout,
  tries,
  refusedBy,
}))
