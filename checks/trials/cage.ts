/**
 * One interruption in a cage: PID, network and mount namespaces of its own, in which everything that is left can be
 * counted.
 */
import { constants, copyFileSync, cpSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fork } from '../../lib/clone.ts'
import { startWords } from '../../lib/engine/start-words.ts'
import { execvp } from '../../lib/exec.ts'
import { groupsNamed } from '../../lib/group/cgroup.ts'
import { openTerminal, takeTerminal } from '../../lib/lab/pty.ts'
import { dup2 } from '../../lib/machine/descriptors.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { MS_BIND, mount, mounts } from '../../lib/mount/mount.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { interfaceNames } from '../../lib/net/free-network.ts'
import { setip } from '../../lib/net/interfaces.ts'
import { kill, setsid, sleep } from '../../lib/process.ts'
import { allPids, readProc, statusField } from '../../lib/trace/proc.ts'
import { enterProc, isAlone } from '../testing/lab-runs.ts'
import type { Plan, Start } from './interruption-plan.ts'

/** The result of one interruption. */
export interface Outcome {
  /** How long it ran, in seconds, until the signal or its own end. */
  readonly ran: number
  /** The process that the signal was sent to, `12 (node …)`; `undefined` if the run had ended by itself. */
  readonly hit: string | undefined
  /** What was there afterwards and not before. */
  readonly left: readonly string[]
  /** What is still there after `npm run clean`. */
  readonly remaining: readonly string[]
  /** The inode of the cage's PID namespace, which its groups carry. */
  readonly namespace: number
}

const CACHE = join(ROOT, 'node_modules', '.cache')
const BUILDROOT = join(ROOT, 'buildroot')
/**
 * How much longer than usual a run may take to end after its interruption, in seconds: a check gives its program 20.
 */
const PATIENCE = 30
/** The caches of tsx and Node, which may stay. */
const CACHES = /^(tsx-\d+\/\d+-[0-9a-f]{40}|node-compile-cache\/.*|tsx-\d+|node-compile-cache)$/

const now = () => performance.now() / 1000

/** Waits for something that may need its terminal read meanwhile. */
function wait(isSo: () => boolean, bound: number, drain: () => void): boolean {
  const end = now() + bound
  for (;;) {
    drain()
    if (isSo()) return true
    if (now() > end) return false
    sleep(0.005)
  }
}

/** Copies what is compiled. Other tests compile meanwhile, and remove what they have compiled. */
function copyBundles(from: string, to: string): void {
  mkdirSync(to)
  for (const name of readdirSync(from).filter(each => /^([\w.-]+\.mjs|node)$/.test(each)))
    try {
      copyFileSync(join(from, name), join(to, name), constants.COPYFILE_FICLONE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
}

/**
 * Mounts folders of the run's own over the checkout's, for what it compiles and makes.
 * @returns its temporary folder
 */
function mountOwnFolders(folder: string, cold: boolean): string {
  enterProc()
  setip('lo', '127.0.0.1', '255.0.0.0')
  mount('devpts', '/dev/pts', 'devpts', 0, 'newinstance,ptmxmode=0666')
  const [cache, buildroot, tmp] = ['cache', 'buildroot', 'tmp'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const old of [cache, buildroot]) rmSync(old, { recursive: true, force: true })
  for (const fresh of [cache, buildroot, tmp, CACHE]) mkdirSync(fresh, { recursive: true })
  if (!cold) copyBundles(join(CACHE, 'clone'), join(cache, 'clone'))
  mount(cache, CACHE, null, MS_BIND)
  if (cold) {
    const isSource = (path: string) => !/^(fs|work|\.fs\..*)$/.test(relative(BUILDROOT, path))
    cpSync(BUILDROOT, buildroot, { recursive: true, filter: isSource })
    mount(buildroot, BUILDROOT, null, MS_BIND)
  }
  return tmp
}

/** The files of the run: those in its temporary folder, in its cache, and drafts beside the root file system. */
function files(tmp: string, own: number): string[] {
  const below = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(basename(folder), name))
  const inTmp = below(tmp).filter(path => !CACHES.test(relative('tmp', path)))
  const finished = /^\.cache\/clone(\/[\w-]+\.mjs|\/node)?$/
  const beside = readdirSync(BUILDROOT).filter(name => name.includes(`-${own}-`))
  return [...inTmp, ...below(CACHE).filter(path => !finished.test(path)), ...beside].map(path => `file ${path}`)
}

/** Everything that an interruption could leave, one line each. */
function census(tmp: string, own: number): string[] {
  isAlone()
  const others = allPids().filter(pid => pid !== 1)
  return [
    ...others.map(pid => `process ${describe(pid)}`),
    ...interfaceNames().map(name => `interface ${name}`),
    ...mounts().map(({ target }) => `mount ${target}`),
    ...groupsNamed(name => name.endsWith(`@${own}`)).map(path => `group ${path}`),
    ...files(tmp, own),
  ]
}

const describe = (pid: number) =>
  `${pid} (${statusField(pid, 'State')?.[0]} ${(readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').slice(0, 120)})`

/** Starts a program as a shell would: in a session of its own, its output in a file or at a terminal. */
function startProgram({ argv, typed }: Start, tmp: string, output: string): { pid: number; drain: () => void } {
  const terminal = typed === undefined ? undefined : openTerminal('/dev/pts')
  const pid = fork(() => {
    setsid()
    if (terminal) takeTerminal(`/dev/pts/${terminal.number}`)
    else {
      dup2(openSync('/dev/null', 'r'), 0)
      for (const standard of [1, 2]) dup2(openSync(output, standard === 1 ? 'w' : 'a'), standard)
    }
    process.chdir(ROOT)
    Object.assign(process.env, { TMPDIR: tmp, NO_COLOR: '1', npm_config_update_notifier: 'false' })
    execvp(argv[0] as string, argv)
  })
  if (!terminal) return { pid, drain: () => {} }
  writeAll(terminal.master, typed ?? '')
  const log = openSync(output, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
  return { pid, drain: () => carry(terminal.master, log) }
}

function carry(from: number, to: number): void {
  const buffer = Buffer.alloc(65536)
  try {
    for (let length = 1; length > 0; ) {
      length = readSync(from, buffer)
      writeAll(to, buffer.subarray(0, length))
    }
  } catch {
    // EAGAIN: that is all for now. EIO: no process has that terminal open.
  }
}

/** Sends the signal. @returns a description of the process that got it */
function sendSignal({ signal, target, who }: Plan, leader: number): string | undefined {
  const there = allPids().filter(pid => pid !== 1 && !statusField(pid, 'State')?.startsWith('Z'))
  const victim = there[Math.floor(who * there.length)]
  if (victim === undefined) return undefined
  const hit = target === 'one' ? describe(victim) : `${there.length} processes`
  try {
    kill({ one: victim, all: -1, foreground: -leader }[target], signal)
    return hit
  } catch {
    // ESRCH: it has just ended by itself.
    return undefined
  }
}

/** Runs `npm run clean` in the cage. */
function clean(tmp: string, output: string): void {
  const argv = ['node', ...startWords(), join('checks', 'clean', 'clean.ts')]
  startProgram({ argv, usual: 1 }, tmp, output)
  wait(isAlone, PATIENCE, () => {})
}

/**
 * Starts something, interrupts it, waits until it is gone and counts what is left. For PID 1 of a new PID namespace,
 * with a network and a mount namespace of its own.
 * @param folder the cage's own; its `output` and `cleaned` are what was printed
 * @param length how long the run takes here, in seconds
 * @param plan without it nothing is interrupted
 */
export function interrupt(folder: string, start: Start, length: number, plan?: Plan): Outcome {
  const tmp = mountOwnFolders(folder, start.cold === true)
  const own = namespaces().pid
  const before = new Set(census(tmp, own))
  const { pid, drain } = startProgram(start, tmp, join(folder, 'output'))
  const from = now()
  wait(isAlone, plan ? plan.moment * length : length + PATIENCE, drain)
  const ran = now() - from
  const hit = plan && sendSignal(plan, pid)
  const left = () => census(tmp, own).filter(line => !before.has(line))
  wait(isAlone, length + PATIENCE, drain)
  // The kernel removes a network namespace some time later; everything else is final by now.
  wait(() => left().length === 0, 1, drain)
  const atFirst = left()
  if (atFirst.length > 0) clean(tmp, join(folder, 'cleaned'))
  return { ran, hit, left: atFirst, remaining: atFirst.length > 0 ? left() : [], namespace: own }
}
