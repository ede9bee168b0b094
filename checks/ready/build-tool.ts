/**
 * Running a compiler, or make, on somebody's program: bounded, and, where the program is a submission, so that it sees
 * no other. `#include "/etc/passwd"` names a file that a compiler reads, and a Makefile may run anything.
 */
import { chownSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { clone, fork } from '../../lib/clone.ts'
import { execvp } from '../../lib/exec.ts'
import { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../../lib/flags.ts'
import { pipe } from '../../lib/gate.ts'
import { dup2 } from '../../lib/machine/descriptors.ts'
import { writeAll } from '../../lib/machine/output.ts'
import { closeQuietly, poll } from '../../lib/machine/poll.ts'
import * as M from '../../lib/mount/mount.ts'
import { kill, setsid, waitpid } from '../../lib/process.ts'
import { RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, setLimit } from '../../lib/rights/limits.ts'
import { setParentDeathSignal } from '../../lib/rights/prctl.ts'
import { becomeUser } from '../../lib/rights/users.ts'
import { harmlessLines } from '../judge/sanitize.ts'

/**
 * Bounds of one tool: seconds of a processor, bytes of memory and of a file; and, only so that none waits for ever,
 * seconds of the clock.
 */
const BOUNDS = { cpu: 30, clock: 180, memory: 2 ** 30, file: 32 * 2 ** 20 } as const
/** How many lines of the tool's messages are told. */
const MOST_LINES = 12
/** A user whom no distribution has: who runs what may do anything. */
const NOBODY = 0x6ffe0000
/** Where everybody may write: whatever runs as that user gets folders of its own there. */
const OPEN_TO_ALL = ['/tmp', '/var/tmp', '/dev/shm']

/** How a tool is kept from what it must not see. */
export interface Shut {
  /** Folders that are empty for it; the one in which it works is not. */
  readonly hidden: readonly string[]
  /** Whether it may do anything: then it runs as a user who owns nothing but that folder. */
  readonly isFree: boolean
}

function giveTree(path: string): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return
  chownSync(path, NOBODY, NOBODY)
  if (found.isDirectory()) for (const name of readdirSync(path)) giveTree(join(path, name))
}

/** Hides folders from the calling process, and shows one of them again. */
function shutIn(folder: string, { hidden, isFree }: Shut): void {
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
  const own = openSync(folder, 'r')
  const open = isFree ? OPEN_TO_ALL.filter(path => lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) : []
  for (const path of open) M.mount('own', path, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, 'mode=1777,size=64m')
  for (const path of hidden) {
    // What lies below one that is covered already is not there any more, and need not be hidden.
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
      M.mount('hidden', path, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, 'mode=755,size=64k')
  }
  mkdirSync(folder, { recursive: true })
  M.mount(`/proc/self/fd/${own}`, folder, null, M.MS_BIND)
  process.chdir(folder)
}

function beTool(argv: readonly [string, ...string[]], folder: string, shut: Shut | undefined, out: number): never {
  if (shut) shutIn(folder, shut)
  else process.chdir(folder)
  dup2(openSync('/dev/null', 'r'), 0)
  for (const fd of [1, 2]) dup2(out, fd)
  setLimit(RLIMIT_CPU, BOUNDS.cpu, BOUNDS.cpu)
  setLimit(RLIMIT_AS, BOUNDS.memory, BOUNDS.memory)
  setLimit(RLIMIT_FSIZE, BOUNDS.file, BOUNDS.file)
  if (shut?.isFree) becomeUser(NOBODY, NOBODY)
  // After the change of user, with which the kernel forgets it.
  setParentDeathSignal('SIGKILL')
  const { PATH } = process.env
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, { PATH, LC_ALL: 'C', TMPDIR: shut ? folder : '/tmp', HOME: folder })
  return execvp(argv[0], argv)
}

/** The most that is kept of what a tool says, in characters, and how often it is looked for more once that has ended. */
const [KEPT, LOOKS] = [65536, 64]

/** Reads what comes through a pipe, but keeps only the beginning, until the other pipe's writer has ended. */
async function drain(output: number, life: number): Promise<{ readonly said: string; readonly told: string }> {
  let [said, told] = ['', '']
  const socket = new Socket({ fd: output, writable: false })
  socket.on('data', piece => {
    if (said.length < KEPT) said += piece.toString('utf8')
  })
  for await (const piece of new Socket({ fd: life, writable: false })) told += (piece as Buffer).toString('utf8')
  // The end of the output may never come: what the tool has left running has that open, too.
  for (let looks = 0; looks < LOOKS && !socket.destroyed && poll([output], 0).length > 0; looks++) await setImmediate()
  socket.destroy()
  return { said, told }
}

/** Waits for the tool, and ends what it has left running in its process group: PID 1, if it is shut in. */
function waitForTool(argv: readonly [string, ...string[]], folder: string, shut: Shut | undefined, lines: Lines): void {
  setParentDeathSignal('SIGKILL')
  const pid = fork(() => {
    setsid()
    beTool(argv, folder, shut, lines.output)
  })
  closeQuietly(lines.output)
  const { code, signal } = waitpid(pid)
  try {
    kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: nothing has been left.
  }
  writeAll(lines.life, code === 0 ? 'done' : `${signal ?? `exit code ${code}`}`)
}

/** Where the tool writes, and where it is told how it ended. */
interface Lines {
  readonly output: number
  readonly life: number
}

/**
 * Runs a tool in a folder. One that is shut in has mount, PID and network namespaces of its own.
 * @returns what it says, if it fails
 * @throws SyscallError where the caller may not make the namespaces
 */
export async function runTool(
  argv: readonly [string, ...string[]],
  folder: string,
  shut: Shut | undefined,
): Promise<string | undefined> {
  const [output, life] = [pipe(), pipe()]
  if (shut?.isFree) giveTree(folder)
  const flags = (shut ? CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET : 0) | SIGCHLD
  const lines = { output: output.writeEnd, life: life.writeEnd }
  const pid = clone(() => waitForTool(argv, folder, shut, lines), flags)
  for (const end of [output.writeEnd, life.writeEnd]) closeQuietly(end)
  const watchdog = setTimeout(() => kill(pid, 'SIGKILL'), BOUNDS.clock * 1000)
  const { said, told } = await drain(output.readEnd, life.readEnd)
  clearTimeout(watchdog)
  const { signal } = waitpid(pid)
  if (told === 'done') return undefined
  const shown = harmlessLines(said.trim()).split('\n').slice(0, MOST_LINES)
  return said.trim() === '' ? `${argv[0]} ended with ${told || (signal ?? 'no word')}` : shown.join('\n')
}
