import { isMainThread } from 'node:worker_threads'

/**
 * What a Node needs so that its clone can run JavaScript: V8 works on the thread that asks for it. The pool has one
 * helper, which sleeps: 0 would not be none, but one fewer than there are processors.
 */
export const CLONEABLE_FLAGS: readonly string[] = ['--single-threaded', '--v8-pool-size=1']

/** Whether this process can be cloned: the main thread of a Node that was started with {@link CLONEABLE_FLAGS}. */
export function isCloneable(): boolean {
  return isMainThread && CLONEABLE_FLAGS.every(flag => process.execArgv.includes(flag))
}
