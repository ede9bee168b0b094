/**
 * Which kernel this is.
 */
import { release } from 'node:os'

/** Whether the running kernel is of that version or later, by what it says of itself: `6.1.0-49-amd64`. @see uname(2) */
export function kernelIsAtLeast(major: number, minor: number, running: string = release()): boolean {
  const [first = 0, second = 0] = running.split('.').map(part => Number.parseInt(part, 10))
  return first > major || (first === major && second >= minor)
}
