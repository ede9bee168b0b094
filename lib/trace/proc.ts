/**
 * What /proc says of a process.
 */
import { readdirSync, readFileSync } from 'node:fs'

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
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readProc(pid, 'status') ?? '')?.[1]
}

/** The number of a process in each PID namespace it is in, outermost first: the line `NSpid:` of its status. */
export function nsPids(pid: number): number[] {
  return (statusField(pid, 'NSpid') ?? '').split(/\s+/).filter(Boolean).map(Number)
}

/** Every PID in the mounted /proc. */
export function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

/** The PIDs of the children of a process, in the order of their numbers. */
export function childrenOf(pid: number): number[] {
  return allPids().filter(child => Number(statusField(child, 'PPid')) === pid)
}
