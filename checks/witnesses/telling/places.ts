/**
 * What the witness of places adds to the story: what somebody closed, where they went, and whether that was so for
 * their creator as well.
 */
import { readCString } from '../../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'
import type { Place } from '../../observer/record.ts'
import { answerOf } from '../../observer/story/calls.ts'
import type { Of } from '../../observer/story/event.ts'
import type { Story } from '../../observer/story/story.ts'

/** The places of a process and of its creator. */
export interface Pair {
  readonly own: Place
  readonly creator?: Place
}

const LONGEST_PATH = 4096

/** Whether the creator's place has changed with that of the process. */
function hasMovedBoth(before: Pair, after: Pair): boolean {
  const [was, is] = [before.creator, after.creator]
  return was !== undefined && is !== undefined && JSON.stringify(was) !== JSON.stringify(is)
}

/**
 * A thread is about to close descriptors or to change its directory.
 * @param files the descriptors, those of files alone
 * @param creator who made its process
 * @returns is told of the places before and after
 */
export function tellOfPlace(
  story: Story,
  name: StoppedCall,
  args: readonly bigint[],
  tid: number,
  files: readonly number[],
  creator: number,
): (result: number, before: Pair, after: Pair | undefined) => void {
  const isMove = /chdir$/.test(name)
  // Others of these calls are told of by themselves.
  if (!story.isAsked || (!isMove && files.length === 0)) return () => {}
  const path = name === 'chdir' ? readCString(tid, args[0] ?? 0n, LONGEST_PATH) : `descriptor ${args[0]}`
  const told = story.add<Of<'close'> | Of<'chdir'>>(
    isMove ? { kind: 'chdir', path } : { kind: 'close', descriptors: files },
    tid,
  )
  return (result, before, after) => {
    told.answer = answerOf(result)
    if (after && hasMovedBoth(before, after)) told.alsoOf = creator
  }
}
