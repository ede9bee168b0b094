/**
 * Waiting for something that causes no event, by looking again and again.
 */
import { sleep } from '../process.ts'

/** How long it sleeps between two looks, in seconds. */
const STEP = 0.002

/**
 * Blocks the calling process until something is so.
 * @param isSo called every 2 ms
 * @param bound in seconds
 * @returns whether it came to be in that time
 */
export function until(isSo: () => boolean, bound: number): boolean {
  for (let waited = 0; ; waited += STEP) {
    if (isSo()) return true
    if (waited >= bound) return false
    sleep(STEP)
  }
}
