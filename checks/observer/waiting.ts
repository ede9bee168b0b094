/**
 * What a process is waiting for just now, by the call that it is in.
 */
import { readlinkSync } from 'node:fs'
import { readProc } from '../../lib/trace/proc.ts'
import type { Observer } from './observer.ts'
import { throughWhom } from './threads.ts'

/** The calls in which processes wait, by their numbers, `<asm/unistd.h>`; and whether the first argument is a file. */
const WAITS: Readonly<Record<'x64' | 'arm64', readonly (readonly [number, string, 'file'?])[]>> = {
  x64: [
    [0, 'read', 'file'],
    [1, 'write', 'file'],
    [7, 'poll'],
    [23, 'select'],
    [34, 'pause'],
    [35, 'nanosleep'],
    [43, 'accept', 'file'],
    [45, 'recvfrom', 'file'],
    [47, 'recvmsg', 'file'],
    [56, 'clone'],
    [58, 'vfork'],
    [61, 'wait4'],
    [72, 'fcntl', 'file'],
    [73, 'flock', 'file'],
    [128, 'rt_sigtimedwait'],
    [130, 'rt_sigsuspend'],
    [202, 'futex'],
    [230, 'clock_nanosleep'],
    [232, 'epoll_wait'],
    [247, 'waitid'],
    [257, 'openat'],
    [270, 'pselect6'],
    [271, 'ppoll'],
    [281, 'epoll_pwait'],
    [435, 'clone3'],
  ],
  arm64: [
    [22, 'epoll_pwait'],
    [25, 'fcntl', 'file'],
    [32, 'flock', 'file'],
    [56, 'openat'],
    [63, 'read', 'file'],
    [64, 'write', 'file'],
    [72, 'pselect6'],
    [73, 'ppoll'],
    [95, 'waitid'],
    [98, 'futex'],
    [101, 'nanosleep'],
    [115, 'clock_nanosleep'],
    [133, 'rt_sigsuspend'],
    [137, 'rt_sigtimedwait'],
    [202, 'accept', 'file'],
    [207, 'recvfrom', 'file'],
    [212, 'recvmsg', 'file'],
    [220, 'clone'],
    [260, 'wait4'],
    [435, 'clone3'],
  ],
}

/** exit(2) and exit_group(2): whoever is in one of them waits for nothing any more. */
const ENDS: Readonly<Record<'x64' | 'arm64', readonly number[]>> = { x64: [60, 231], arm64: [93, 94] }

/** What a process waits for. */
export interface Wait {
  /** The call, or its number where it is another; `nothing` if it computes, `stopped` if a stop signal has stopped it. */
  readonly call: string
  /** The file that it reads or writes: `pipe:[4711]`, `/dev/pts/0`. */
  readonly file?: string
}

/** What is behind a descriptor of a thread. */
function behind(tid: number, descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/${tid}/fd/${descriptor}`)
  } catch {
    return undefined
  }
}

/** What a thread waits for just now; `undefined` if it is gone, or about to be. @see proc_pid_syscall(5) */
export function waitOfThread(tid: number): Wait | undefined {
  const text = readProc(tid, 'syscall')
  if (text === undefined) return undefined
  const [number = '', first = ''] = text.trim().split(' ')
  if (!/^\d+$/.test(number)) return { call: 'nothing' }
  if (ENDS[process.arch as 'x64' | 'arm64']?.includes(Number(number))) return undefined
  const [, call, kind] = WAITS[process.arch as 'x64' | 'arm64']?.find(([one]) => one === Number(number)) ?? []
  const file = kind === 'file' ? behind(tid, Number(BigInt.asIntN(32, BigInt(first)))) : undefined
  return { call: call ?? `call ${number}`, ...(file !== undefined && { file }) }
}

/** What a process waits for just now, by a thread of it that lives; `undefined` if it is gone. */
function waitOf(pid: number): Wait | undefined {
  const tid = throughWhom(pid)
  return tid === undefined ? undefined : waitOfThread(tid)
}

/** The program has to be ended: writes into the story what each of its processes waits for, and that time is up. */
export function tellOfTimeout({ processes, story, stopped, turns }: Observer, seconds: number): void {
  for (const { pid, status } of processes.values()) {
    if (status) continue
    const known = stopped.has(pid) ? 'stopped' : turns.holds(pid) ? 'nothing' : undefined
    const wait = known === undefined ? waitOf(pid) : { call: known }
    if (wait) story.add({ kind: 'waits', ...wait }, pid)
  }
  story.add({ kind: 'timeout', seconds })
}
