/**
 * Processes that a tracer was not told of, or not yet. CLONE_UNTRACED is taken out of the flags of every clone, but
 * clone3(2) reads them from memory, and another thread may have put it back by then.
 */
import { allPids, nsPids, parentAndState, readProc, statusField } from '../../lib/trace/proc.ts'
import { FOLLOW_TREE, seize } from '../../lib/trace/ptrace.ts'
import { threadsOf } from '../../lib/trace/scheduling.ts'
import { processOf } from './threads.ts'

/**
 * Follows from here on what a thread has just made and nobody has been told of, with what that has made since.
 * @param number by which the clone has named it
 * @returns those that are followed now, each behind its parent
 */
export function followHidden(caller: number, number: number): number[] {
  const level = nsPids(caller).length - 1
  const candidates = [...threadsOf(processOf(caller) ?? caller), ...allPids()]
  const hidden = candidates.filter(pid => pid !== caller && nsPids(pid)[level] === number && followOne(pid))
  for (const pid of hidden)
    hidden.push(...allPids().filter(one => parentAndState(one)?.parent === pid && followOne(one)))
  return hidden
}

/** The children of a thread that are being traced. */
export function tracedChildren(tid: number): number[] {
  const children = (readProc(tid, `task/${tid}/children`) ?? '').split(' ').filter(Boolean).map(Number)
  // A zombie that nobody has waited for has been followed to its end: it is traced no more.
  return children.filter(child => statusField(child, 'TracerPid') !== '0')
}

/** @returns whether it was not followed before, and is now */
function followOne(pid: number): boolean {
  if (statusField(pid, 'TracerPid') !== '0') return false
  try {
    seize(pid, FOLLOW_TREE)
    return true
  } catch {
    // ESRCH: it has ended.
    return false
  }
}
