/**
 * What /proc and the cgroup file systems tell of a tree of processes at this moment. It only reads, so that a lab does
 * not notice; a process that ends meanwhile is left out.
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Hierarchy, hierarchies, wordsOf } from '../../lib/group/hierarchies.ts'
import { NAMESPACES, type NamespaceKind, type Namespaces, namespaces } from '../../lib/namespaces.ts'
import { KEEPER } from '../../lib/tidy/keeper.ts'
import { readProc } from '../../lib/trace/proc.ts'

/** One process, as it is now. */
export interface Process {
  readonly pid: number
  readonly parent: number
  /** How deep below the root of its tree. */
  readonly depth: number
  /** Its words, or its name in brackets where it has none. */
  readonly words: readonly string[]
  /** Whether it is a copy of its parent that runs the same program. */
  readonly isCopy: boolean
  /** What it is for, if it is not the lab's own: a keeper, which cleans up, or the compiler. */
  readonly helper: string | undefined
  /** One letter: R, S, D, T, t, Z, X. @see proc_pid_stat(5) */
  readonly state: string
  readonly threads: number
  /** Its number in each PID namespace below the watcher's own, outermost first. */
  readonly inside: readonly number[]
  /** `undefined` if the watcher may not know. */
  readonly namespaces: Namespaces | undefined
  /** Bytes in memory. */
  readonly rss: number
  /** Its groups, by their path in the file system. */
  readonly groups: readonly string[]
}

/** One control group. */
export interface Group {
  readonly path: string
  readonly dialect: 'v1' | 'v2'
  /** Bytes that are charged to it, and how many may be; `undefined` for no limit or no such controller. */
  readonly usage: number | undefined
  readonly limit: number | undefined
  /** THAWED, FREEZING or FROZEN, in either dialect. */
  readonly freezer: 'THAWED' | 'FREEZING' | 'FROZEN' | undefined
  readonly oomKills: number
}

/** A tree of processes. */
export interface Snapshot {
  readonly root: number
  readonly processes: readonly Process[]
  readonly groups: readonly Group[]
  /** The namespaces of the watcher. */
  readonly own: Namespaces
}

/** Fields of /proc/PID/stat behind the name. */
interface Stat {
  readonly pid: number
  readonly name: string
  readonly state: string
  readonly parent: number
}

function statOf(pid: number): Stat | undefined {
  const text = readProc(pid, 'stat')
  if (text === undefined) return undefined
  const end = text.lastIndexOf(')')
  const [state = '?', parent = '0'] = text.slice(end + 2).split(' ')
  return { pid, name: text.slice(text.indexOf('(') + 1, end), state, parent: Number(parent) }
}

/** All processes in the mounted /proc. */
export function allProcesses(): Stat[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.flatMap(pid => statOf(Number(pid)) ?? [])
}

/** The words that a process was started with; none for a zombie. */
export const wordsOfProcess = (pid: number): string[] => (readProc(pid, 'cmdline') ?? '').split('\0').slice(0, -1)

function namespacesOf(pid: number): Namespaces | undefined {
  try {
    return namespaces(pid)
  } catch {
    // ENOENT: it has ended. EACCES: it belongs to another user.
    return undefined
  }
}

/** Which hierarchies tell something that a lab is about. */
const isOfInterest = ({ dialect, controllers }: Hierarchy) =>
  dialect === 'v2' || controllers.some(controller => controller === 'memory' || controller === 'freezer')

/** The groups of a process in those hierarchies, the roots left out. */
function groupsOf(pid: number | 'self', trees: readonly Hierarchy[]): string[] {
  const lines = (readProc(pid, 'cgroup') ?? '').trim().split('\n')
  return lines.flatMap(line => {
    const [, number, controllers = '', path = '/'] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    const names = controllers.split(',')
    const tree = trees.find(({ dialect, controllers: own }) =>
      number === '0' ? dialect === 'v2' : dialect === 'v1' && own.some(name => names.includes(name)),
    )
    return tree && path !== '/' && !path.startsWith('/..') ? [join(tree.path, path)] : []
  })
}

/** A number in a file of a group; `undefined` for `max`, for what v1 calls no limit, and for no such file. */
function bytesIn(path: string, ...files: readonly string[]): number | undefined {
  const [word] = files.flatMap(file => wordsOf(join(path, file)))
  const value = Number(word)
  return word !== undefined && value < 2 ** 62 ? value : undefined
}

function freezerOf(path: string): Group['freezer'] {
  const [state] = wordsOf(join(path, 'freezer.state'))
  if (state) return state as Group['freezer']
  const [wanted] = wordsOf(join(path, 'cgroup.freeze'))
  const events = wordsOf(join(path, 'cgroup.events'))
  const isFrozen = events[events.indexOf('frozen') + 1] === '1'
  if (wanted === undefined) return undefined
  return isFrozen ? 'FROZEN' : wanted === '1' ? 'FREEZING' : 'THAWED'
}

function groupFacts(path: string, trees: readonly Hierarchy[]): Group {
  const dialect = trees.some(tree => tree.dialect === 'v1' && path.startsWith(`${tree.path}/`)) ? 'v1' : 'v2'
  const counters = [...wordsOf(join(path, 'memory.oom_control')), ...wordsOf(join(path, 'memory.events'))]
  const at = counters.indexOf('oom_kill')
  return {
    path,
    dialect,
    usage: bytesIn(path, 'memory.usage_in_bytes', 'memory.current'),
    limit: bytesIn(path, 'memory.limit_in_bytes', 'memory.max'),
    freezer: freezerOf(path),
    oomKills: at < 0 ? 0 : Number(counters[at + 1]),
  }
}

/** Processes that the project starts beside a lab, and what they are for. */
function helperOf(name: string, [program = '']: readonly string[]): string | undefined {
  if (name === KEEPER) return 'keeper (it cleans up)'
  return basename(program) === 'esbuild' ? 'esbuild (it compiles)' : undefined
}

function processOf(stat: Stat, depth: number, above: readonly string[], trees: readonly Hierarchy[]): Process {
  const { pid, parent, name, state } = stat
  const words = wordsOfProcess(pid)
  const status = readProc(pid, 'status') ?? ''
  const field = (wanted: string) => new RegExp(`^${wanted}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  return {
    pid,
    parent,
    depth,
    words: words.length > 0 ? words : [`[${name}]`],
    helper: helperOf(name, words),
    isCopy: words.length > 0 && words.join('\0') === above.join('\0'),
    state,
    threads: Number(field('Threads') || 1),
    inside: field('NSpid').split(/\s+/).slice(1).map(Number),
    namespaces: namespacesOf(pid),
    rss: Number.parseInt(field('VmRSS') || '0', 10) * 1024,
    groups: groupsOf(pid, trees),
  }
}

/** A tree of processes now; without processes if its root is gone. */
export function takeSnapshot(root: number): Snapshot {
  const all = allProcesses()
  const trees = hierarchies().filter(isOfInterest)
  const processes: Process[] = []
  const visit = (stat: Stat, depth: number, above: readonly string[]) => {
    const process = processOf(stat, depth, above, trees)
    processes.push(process)
    for (const child of all.filter(({ parent }) => parent === stat.pid)) visit(child, depth + 1, process.words)
  }
  const top = all.find(({ pid }) => pid === root)
  if (top) visit(top, 0, [])
  // Groups that the watcher is in as well were not made by the lab.
  const common = new Set(groupsOf('self', trees))
  const own = processes.map(one => ({ ...one, groups: one.groups.filter(path => !common.has(path)) }))
  const paths = [...new Set(own.flatMap(({ groups }) => groups))]
  return { root, processes: own, groups: paths.map(path => groupFacts(path, trees)), own: namespaces() }
}

/** The kinds of namespaces, in the order of their columns. */
export const KINDS = Object.keys(NAMESPACES) as NamespaceKind[]
