/**
 * Compiling a student's C: the compiler reads what an `#include "/etc/passwd"` names, so it is confined, too.
 */
import { mkdirSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { clone } from '../../lib/clone.ts'
import { execve } from '../../lib/exec.ts'
import { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../../lib/flags.ts'
import { pipe } from '../../lib/gate.ts'
import { findCompiler } from '../../lib/machine/compiler.ts'
import { dup2 } from '../../lib/machine/descriptors.ts'
import { closeQuietly } from '../../lib/machine/poll.ts'
import * as M from '../../lib/mount/mount.ts'
import { kill, waitpid } from '../../lib/process.ts'
import { RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, setLimit } from '../../lib/rights/limits.ts'
import { setParentDeathSignal } from '../../lib/rights/prctl.ts'
import { harmlessLines } from '../judge/sanitize.ts'

/** Bounds of one compiler: seconds of a processor and of the clock, bytes of memory and of a file. */
const BOUNDS = { cpu: 10, clock: 20, memory: 2 ** 30, file: 32 * 2 ** 20 } as const
const FLAGS = ['-std=gnu11', '-O1', '-Wall', '-pthread']
/** How many lines of the compiler's messages a student gets. */
const MOST_LINES = 12

/** Hides folders from the calling process, and shows one of them again. */
function shutIn(folder: string, hidden: readonly string[]): void {
  M.mount('none', '/', null, M.MS_REC | M.MS_PRIVATE)
  const own = openSync(folder, 'r')
  for (const path of hidden) M.mount('hidden', path, 'tmpfs', M.MS_NOSUID | M.MS_NODEV, 'mode=755,size=64k')
  mkdirSync(folder, { recursive: true })
  M.mount(`/proc/self/fd/${own}`, folder, null, M.MS_BIND)
  process.chdir(folder)
}

function beCompiler(
  argv: readonly [string, ...string[]],
  folder: string,
  hidden: readonly string[],
  out: number,
): never {
  setParentDeathSignal('SIGKILL')
  shutIn(folder, hidden)
  dup2(openSync('/dev/null', 'r'), 0)
  for (const fd of [1, 2]) dup2(out, fd)
  setLimit(RLIMIT_CPU, BOUNDS.cpu, BOUNDS.cpu)
  setLimit(RLIMIT_AS, BOUNDS.memory, BOUNDS.memory)
  setLimit(RLIMIT_FSIZE, BOUNDS.file, BOUNDS.file)
  return execve(argv[0], argv, { PATH: process.env['PATH'], LC_ALL: 'C', TMPDIR: folder })
}

/** Reads until all writers have closed the pipe, but keeps only the beginning. */
async function drain(fd: number): Promise<string> {
  let text = ''
  for await (const piece of new Socket({ fd, writable: false }))
    if (text.length < 65536) text += (piece as Buffer).toString('utf8')
  return text
}

/**
 * Compiles one file in its folder, in mount, PID and network namespaces of its own.
 * @param hidden folders that the compiler must not see, `folder` excepted
 * @returns what the compiler says, if there is no program
 */
export async function compileC(
  source: string,
  program: string,
  folder: string,
  hidden: readonly string[],
): Promise<string | undefined> {
  const compiler = findCompiler()
  if (compiler === undefined) return 'there is no C compiler here'
  const { readEnd, writeEnd } = pipe()
  const argv = [compiler, ...FLAGS, '-o', program, `./${source}`] as const
  const flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | SIGCHLD
  const pid = clone(() => beCompiler([...argv] as [string, ...string[]], folder, hidden, writeEnd), flags)
  closeQuietly(writeEnd)
  const watchdog = setTimeout(() => kill(pid, 'SIGKILL'), BOUNDS.clock * 1000)
  const said = await drain(readEnd)
  clearTimeout(watchdog)
  const { code, signal } = waitpid(pid)
  if (code === 0) return undefined
  const lines = harmlessLines(said.trim()).split('\n').slice(0, MOST_LINES)
  return said.trim() === '' ? `the compiler ended with ${signal ?? `exit code ${code}`}` : lines.join('\n')
}
