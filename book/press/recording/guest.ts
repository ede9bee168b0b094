/**
 * Recording in the virtual machine: what a machine with other control groups, or another kernel, shows. The guest
 * forgets what is written in there, so it prints what it has recorded, and it is written down out here.
 */
import { closeSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fork } from '../../../lib/clone.ts'
import { startWords } from '../../../lib/engine/start-words.ts'
import { Unexpected } from '../../../lib/errors.ts'
import { execve } from '../../../lib/exec.ts'
import { pipe } from '../../../lib/gate.ts'
import { dup2 } from '../../../lib/machine/descriptors.ts'
import { getppid, kill, waitpid } from '../../../lib/process.ts'
import { shellCode } from '../../../lib/status.ts'
import { statusField } from '../../../lib/trace/proc.ts'
import type { Reel } from './record.ts'

/** How the line begins in which the guest hands its sessions over. */
const REEL = '{"where":'

/** A guest. */
export interface Guest {
  /** Its control groups: `v1`, `v2` or `hybrid`. */
  readonly groups: string
  /** Its kernel, as `npm run vm -- --kernel` takes it; without it, the one that the guest has by itself. */
  readonly kernel?: string | undefined
}

/** The words that come behind Node to run `record` in a guest. */
function inGuest(root: string, { groups, kernel }: Guest, words: readonly string[]): string[] {
  const machine = ['--cgroup', groups, ...(kernel === undefined ? [] : ['--kernel', kernel])]
  const vm = [...startWords(root), join(root, 'buildroot/vm/vm.ts'), ...machine]
  return [...vm, 'npm', 'run', '-s', 'book', '--', 'record', ...words]
}

/** Signals that ask a program to end; a terminal that is closed sends the last one. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Starts `npm run vm` in a child that is killed when this process dies, and its QEMU with it. */
function startVm(root: string, words: readonly string[]) {
  const { readEnd, writeEnd } = pipe()
  const pid = fork(() => {
    process.chdir(root)
    // With a terminal the guest would take our keys, Ctrl-C among them.
    dup2(openSync('/dev/null', 'r'), 0)
    dup2(writeEnd, 1)
    execve(process.execPath, [process.execPath, ...words])
  })
  closeSync(writeEnd)
  return { pid, output: new Socket({ fd: readEnd, readable: true, writable: false }) }
}

/**
 * Has `end` called when the npm that has started this process is dead: killed, it could pass nothing on. Between the two
 * there may be a shell, which then gets another parent.
 * @returns what stops watching
 */
function watchNpm(end: () => void): () => void {
  if (process.env['npm_lifecycle_event'] !== 'book') return () => {}
  const lineage = () => `${getppid()} ${statusField(getppid(), 'PPid')}`
  const before = lineage()
  const timer = setInterval(() => {
    if (lineage() === before) return
    clearInterval(timer)
    end()
  }, 500)
  return () => clearInterval(timer)
}

/**
 * Runs `record` in a guest to its end. A signal that asks this process to end is passed on, and it ends when the guest
 * has gone.
 * @param hear is called with what is printed in there
 * @returns its exit code
 */
async function runInGuest(root: string, words: readonly string[], hear: (text: string) => void): Promise<number> {
  const { pid, output } = startVm(root, words)
  let last: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals) => {
    last = signal
    kill(pid, signal)
  }
  for (const signal of ENDS) process.on(signal, stop)
  const unwatch = watchNpm(() => stop('SIGTERM'))
  output.setEncoding('utf8').on('data', hear)
  // Nobody but the child and its helpers has the other end.
  await new Promise(resolve => output.on('close', resolve))
  const status = waitpid(pid)
  unwatch()
  for (const signal of ENDS) process.off(signal, stop)
  if (last) process.exit(128 + constants.signals[last])
  return shellCode(status)
}

/**
 * Compares the sessions of chapters with what happens in a guest, which says itself what differs.
 * @param names of the chapters; none means all
 * @returns its exit code: 0 if nothing differs
 */
export function checkInGuest(root: string, guest: Guest, names: readonly string[]): Promise<number> {
  const words = inGuest(root, guest, ['--check', '--alone', ...names])
  return runInGuest(root, words, text => void process.stdout.write(text))
}

/** What the guest prints. */
export const printReel = (reel: Reel): void => console.log(JSON.stringify(reel))

/**
 * Records the sessions of chapters that are of a machine with such control groups.
 * @param names of the chapters; none means all
 * @throws Unexpected if the guest hands nothing over
 */
export async function recordInGuest(root: string, guest: Guest, names: readonly string[]): Promise<Reel> {
  let printed = ''
  const code = await runInGuest(root, inGuest(root, guest, ['--print', guest.groups, ...names]), text => {
    printed += text
  })
  const line = printed.split(/\r?\n/).find(each => each.startsWith(REEL))
  if (!line) throw new Unexpected(`the guest has recorded nothing (exit code ${code}):\n${printed.slice(-2000)}`)
  return JSON.parse(line)
}
