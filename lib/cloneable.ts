import { isMainThread } from 'node:worker_threads'

/** What a Node needs so that its clone can run JavaScript: no thread of V8's own. */
export const CLONEABLE_FLAGS: readonly string[] = ['--single-threaded', '--v8-pool-size=0']

/** Whether this process can be cloned: the main thread of a Node that was started with {@link CLONEABLE_FLAGS}. */
export function isCloneable(): boolean {
  return isMainThread && CLONEABLE_FLAGS.every(flag => process.execArgv.includes(flag))
}
