/**
 * Which kernel this is, and whether it is one that this project knows.
 */
import { release } from 'node:os'
import { CannotRun } from '../errors.ts'

/** The oldest Linux on which labs and checks have been seen to hold. README.md lists what came with which release. */
export const FLOOR = [5, 10] as const

/** Whether the running kernel is of that version or later, by what it says of itself: `6.1.0-49-amd64`. @see uname(2) */
export function kernelIsAtLeast(major: number, minor: number, running: string = release()): boolean {
  const [first = 0, second = 0] = running.split('.').map(part => Number.parseInt(part, 10))
  return first > major || (first === major && second >= minor)
}

/** @throws CannotRun on a kernel older than {@link FLOOR}, where nothing is promised */
export function ensureKernel(running: string = release()): void {
  if (kernelIsAtLeast(...FLOOR, running)) return
  throw new CannotRun(
    `this is Linux ${running}, and the labs and their checks need ${FLOOR.join('.')} or later\n` +
      'hint: npm run vm starts one that is newer; or boot a newer kernel of your distribution',
  )
}
