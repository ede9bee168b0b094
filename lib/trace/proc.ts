/**
 * What /proc says of a process.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type Signal, signalNumber } from '../status.ts'

/** The file of a process in /proc as text, or `undefined` if the process has ended. */
export function readProc(pid: number | 'self' | 'thread-self', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

/** One field of /proc/PID/status, `statusField(1, 'Name')`. */
export function statusField(pid: number | 'self', field: string): string | undefined {
  const status = `\n${readProc(pid, 'status') ?? ''}`
  const at = status.indexOf(`\n${field}:`)
  return at < 0 ? undefined : status.slice(at + field.length + 2, status.indexOf('\n', at + 1)).trimStart()
}

/** The real user of a process, as the calling process's user namespace numbers users; `undefined` if it has ended. */
export function realUser(pid: number): number | undefined {
  const [real] = statusField(pid, 'Uid')?.split('\t') ?? []
  return real === undefined ? undefined : Number(real)
}

/**
 * Whether a process has a signal pending and sleeps all the same, so that the kernel has not woken it for that: it is
 * blocked, or the process is held. Who is woken is ready to run at once, and takes the signal away before anything else.
 * @see proc_pid_status(5), SigPnd
 */
export function sleepsOn(pid: number, signal: Signal): boolean {
  const status = readProc(pid, 'status') ?? ''
  const pending = BigInt(`0x${/^SigPnd:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`)
  const isPending = ((pending >> BigInt((signalNumber(signal) ?? 1) - 1)) & 1n) === 1n
  return isPending && /^State:\s*[SD]/m.test(status)
}

/** exit_group(2), which ends all threads of the caller's process, `<asm/unistd.h>`. */
const EXIT_GROUP: Partial<Record<NodeJS.Architecture, number>> = { x64: 231, arm64: 94 }

/** Whether a thread that stands still, or waits, is in exit_group(2). @see proc_pid_syscall(5) */
export function isInExitGroup(tid: number): boolean {
  return Number(readProc(tid, 'syscall')?.split(' ')[0]) === EXIT_GROUP[process.arch]
}

/** The number of a process in each PID namespace it is in, outermost first: the line `NSpid:` of its status. */
export function nsPids(pid: number): number[] {
  return (statusField(pid, 'NSpid') ?? '').split(/\s+/).filter(Boolean).map(Number)
}

/** Every PID that a /proc lists, by its directory. */
export const pidsIn = (proc: string): number[] => readdirSync(proc).map(Number).filter(Number.isInteger)

/** Every PID in the mounted /proc. */
export const allPids = (): number[] => pidsIn('/proc')

/**
 * The parent of a process, and its state as in ps(1), `Z` for a zombie; `undefined` if it has ended. It takes half as long
 * as the same two of its status, which counts where every process of a machine is asked.
 * @see proc_pid_stat(5)
 */
export function parentAndState(pid: number): { readonly parent: number; readonly state: string } | undefined {
  const text = readProc(pid, 'stat')
  // 4711 (a name, which may have a ) in it) S 4710 …
  const [state = '', parent] = text?.slice(text.lastIndexOf(')') + 2).split(' ', 2) ?? []
  return parent === undefined ? undefined : { parent: Number(parent), state }
}

/** The PIDs of the children of a process, in the order of their numbers. */
export function childrenOf(pid: number): number[] {
  return allPids().filter(child => parentAndState(child)?.parent === pid)
}
