import { readlinkSync } from 'node:fs'

/**
 * What a Node needs so that its clone can run JavaScript: V8 works on the thread that asks for it. The pool has one
 * helper, which sleeps: 0 would not be none, but one fewer than there are processors.
 */
export const CLONEABLE_FLAGS: readonly string[] = ['--single-threaded', '--v8-pool-size=1']

/** Whether the calling thread's number is that of the process. */
function look(): boolean {
  try {
    return /^(\d+)\/task\/\1$/.test(readlinkSync('/proc/thread-self'))
  } catch {
    // ENOENT: no /proc.
    return process.getBuiltinModule('node:worker_threads').isMainThread
  }
}

/**
 * Whether this is the main thread. Not asked of node:worker_threads where it can be avoided, because that would be loaded
 * for this alone at every start.
 */
export const isMainThread = look()

/** Whether this process can be cloned: the main thread of a Node that was started with {@link CLONEABLE_FLAGS}. */
export function isCloneable(): boolean {
  return CLONEABLE_FLAGS.every(flag => process.execArgv.includes(flag)) && isMainThread
}
