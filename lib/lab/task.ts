/**
 * What stands in the reader's copy of a lab in place of a part that they have not written yet.
 */
import { closeOwnPipes } from '../gate.ts'
import { until } from '../machine/until.ts'
import { WNOHANG, waitpid } from '../process.ts'
import { note } from './say.ts'

/** How long children may take to notice that their gate will never be opened, in seconds. */
const FAREWELL = 0.3

/** The program has come to a task that is still open. */
export class OpenTask extends Error {
  override readonly name = 'OpenTask'

  constructor(number: string, task: string) {
    super(`task ${number} is still open: ${task}`)
  }
}

/** Reaps the children that have ended. @returns whether the calling process has no more children */
function areAllGone(): boolean {
  try {
    while (waitpid(-1, WNOHANG).pid !== 0);
    return false
  } catch {
    // ECHILD
    return true
  }
}

/**
 * An open task without which the program cannot go on: ends the calling process with an error that names the task.
 * First it closes the gates that it has made, so that children that wait at one end by themselves. The kernel would kill
 * them with their parent, and a checker would have nothing to look at. Those that its parent has made stay open until the
 * error is printed: a parent that wakes up at once, and ends, takes this process with it before it has said a word.
 * @param number `3.2`: the lab and the place among its tasks
 * @param task what is to be done
 * @returns never; the type is that of what will stand in its place
 * @throws OpenTask
 */
export function openTask<T = void>(number: string, task: string): T {
  closeOwnPipes()
  until(areAllGone, FAREWELL)
  throw new OpenTask(number, task)
}

/** An open task without which the rest of the program can run: prints that it is open. @see openTask */
export function skipTask(number: string, task: string): void {
  note(`Task ${number} is still open: ${task}`)
}
