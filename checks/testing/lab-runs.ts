/**
 * For tests: running labs as programs.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../lib/machine/root.ts'
import { until } from '../../lib/machine/until.ts'
import { MS_PRIVATE, MS_REC, mount } from '../../lib/mount/mount.ts'
import { WNOHANG, waitpid } from '../../lib/process.ts'
import { allPids } from '../../lib/trace/proc.ts'
import { commandFor } from '../ready/ready.ts'

/** How a lab is started. */
export interface LabRun {
  /** Its command line with these arguments. */
  readonly command: (...args: string[]) => string[]
  /** Runs it to its end, without a terminal. */
  readonly run: (args?: readonly string[], options?: { input?: string }) => Result
}

/** What a run gave. */
export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Compiles a lab once, and gives the ways to start it. */
export async function labRun(slug: string): Promise<LabRun> {
  const compiled = await commandFor(join(ROOT, 'labs', `${slug}.ts`))
  const command = (...args: string[]) => [...compiled, ...args]
  return {
    command,
    run: (args = [], options = {}) => {
      const [file = '', ...rest] = command(...args)
      return spawnSync(file, rest, {
        encoding: 'utf8',
        timeout: 180_000,
        ...options,
        env: { ...process.env, NO_COLOR: '1' },
      })
    },
  }
}

/** Waits until something is so, for at most a minute. */
export function awaitSo(isSo: () => boolean): void {
  assert.ok(until(isSo, 60), 'it did not come to be within 60 s')
}

/** Gives the calling process, PID 1 of a new namespace, the /proc of that namespace. */
export function enterProc(): void {
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  mount('proc', '/proc', 'proc')
}

/** Reaps zombies. @returns whether the caller, PID 1, is the only process of its namespace */
export function isAlone(): boolean {
  try {
    while (waitpid(-1, WNOHANG).pid !== 0);
  } catch {
    // ECHILD: no child is left.
  }
  return allPids().length === 1
}
