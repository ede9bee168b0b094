/**
 * The calls of which a story tells and nobody else wants to know: those that move a thread into other namespaces, and
 * those that change what it sees as its files and its name. And the one by which a program on lib/ says from which line
 * of its source the next call comes.
 */
import { errnoName } from '../../../lib/errors.ts'
import { flagNames } from '../../../lib/flags.ts'
import { LONGEST_PLACE, STORY_OPTION } from '../../../lib/machine/announce.ts'
import { mountFlagNames } from '../../../lib/mount/mount.ts'
import { type Namespaces, namespaces } from '../../../lib/namespaces.ts'
import type { Listener } from '../../../lib/trace/ptrace.ts'
import { readCString, readMemory } from '../../../lib/trace/remote-memory.ts'
import type { StoppedCall } from '../../../lib/trace/seccomp.ts'
import type { Answer, What } from './event.ts'
import type { Story } from './story.ts'

/** The longest path, and the longest host name. */
const [PATH, NAME] = [4096, 64]

/** The kernel's own numbers for a call that it will make again, `<linux/errno.h>`: no program ever sees them. */
const RESTARTED = [512, 513, 514, 516]

/** Whether a signal came between, and the call is made again. */
export const isRestarted = (result: number): boolean => RESTARTED.includes(-result)

/** What a call has answered, in words. */
export function answerOf(result: number): Answer {
  if (isRestarted(result)) return 'interrupted, and made again'
  return result < 0 ? errnoName(-result) : 'done'
}

const path = (tid: number, address: bigint | undefined) =>
  Buffer.from(readCString(tid, address ?? 0n, PATH), 'latin1').toString('utf8')

/** The namespaces of a thread; `undefined` if it has been killed. */
function placesOf(tid: number): Namespaces | undefined {
  try {
    return namespaces(tid)
  } catch {
    return undefined
  }
}

type Told = Extract<What, { answer?: Answer }>

/** What a thread is about to do. @throws Error if it was killed while it stood there, or a pointer of it is wrong */
function aboutToDo(name: StoppedCall, args: readonly bigint[], tid: number): Told | undefined {
  const [first = 0n, second = 0n, third = 0n, fourth = 0n] = args
  switch (name) {
    case 'unshare':
      return { kind: 'unshare', flags: flagNames(Number(BigInt.asUintN(32, first))) }
    case 'setns':
      return { kind: 'setns', flags: flagNames(Number(BigInt.asUintN(32, second))) }
    case 'mount': {
      const [source, target, type] = [path(tid, first), path(tid, second), path(tid, third)]
      return { kind: 'mount', source, target, type, flags: mountFlagNames(Number(BigInt.asUintN(32, fourth))) }
    }
    case 'umount2':
      return { kind: 'umount', target: path(tid, first), flags: Number(BigInt.asUintN(32, second)) }
    case 'pivot_root':
      return { kind: 'pivot_root', target: path(tid, first), old: path(tid, second) }
    case 'chroot':
      return { kind: 'chroot', target: path(tid, first) }
    case 'sethostname': {
      const length = Math.min(Number(BigInt.asUintN(32, second)), NAME)
      return { kind: 'hostname', name: readMemory(tid, first, length).toString('utf8') }
    }
    default:
      return undefined
  }
}

/** Writes down from where a thread's next call comes. What it says is for display alone. */
function takeNote(story: Story, [option = 0n, address = 0n, length = 0n]: readonly bigint[], tid: number): void {
  if (Number(BigInt.asUintN(32, option)) !== STORY_OPTION) return
  const text = readMemory(tid, address, Math.min(Number(length), LONGEST_PLACE)).toString('utf8')
  const [call = '', line = ''] = /^(\w+) (.*)$/s.exec(text)?.slice(1) ?? []
  if (line !== '') story.note(tid, call, line)
}

/**
 * A thread is about to make a call.
 * @returns who wants to know what it returned
 */
export function tellOfCall(story: Story, name: StoppedCall, args: readonly bigint[], tid: number) {
  if (!story.isAsked || !story.hasBegun) return undefined
  try {
    if (name === 'prctl') {
      takeNote(story, args, tid)
      return undefined
    }
    const what = aboutToDo(name, args, tid)
    if (!what) return undefined
    const before = what.kind === 'unshare' || what.kind === 'setns' ? placesOf(tid) : undefined
    const told = story.add(what, tid)
    return (result: number) => {
      told.answer = answerOf(result)
      if (told.kind !== 'unshare' && told.kind !== 'setns') return
      const after = placesOf(tid)
      if (after && JSON.stringify(after) !== JSON.stringify(before)) told.namespaces = after
    }
  } catch {
    // It was killed while it stood there, or the kernel will refuse the pointer.
    story.add({ kind: 'unknown', text: `${name}(2), whose arguments could not be read` }, tid)
    return undefined
  }
}

/** One listener for two, of which the first may give the caller another result, and the second hears what it sees. */
export function alsoTelling(first: Listener | undefined, tell: Listener | undefined): Listener | undefined {
  if (!first || !tell) return first ?? tell
  return result => {
    const instead = first(result)
    tell(typeof instead === 'number' ? instead : result)
    return instead
  }
}
