/**
 * Judging what computes until it is ended. A program that others keep from the processors gets no verdict, and on a machine
 * that stays busy another try and more time change nothing.
 */
import { becomePrompt } from '../../lib/trace/scheduling.ts'

let holders = 0
let becomeOrdinary = () => {}

/** Has the scheduler prefer this process, and all that it starts meanwhile, for as long as `work` takes. */
export async function preferred<T>(work: () => Promise<T>): Promise<T> {
  if (holders++ === 0) becomeOrdinary = becomePrompt('children')
  try {
    return await work()
  } finally {
    if (--holders === 0) becomeOrdinary()
  }
}
