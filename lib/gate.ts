/**
 * A gate: one process waits, the other opens. A pipe that carries one byte.
 */
import { closeSync, fstatSync, readSync } from 'node:fs'
import { call, libcFunction } from './machine/libc.ts'
import { writeAll } from './machine/output.ts'
import { closeQuietly, poll } from './machine/poll.ts'
import { namespaceOf } from './namespaces.ts'

const O_CLOEXEC = 0o2000000
const libcPipe2 = libcFunction('int pipe2(_Out_ int *pipefd, int flags)')

/**
 * The ends of all pipes made here or in a parent, by descriptor: the inode, because the number of a closed descriptor is
 * used again, and the process that made it.
 */
const made = new Map<number, { readonly ino: number; readonly maker: string }>()

/** The calling process, also beside a parent that has the same number in another PID namespace. */
const self = () => `${process.pid} in ${namespaceOf('self', 'pid')}`

/** Two ends of a pipe, both close-on-exec. @see pipe(2) */
export function pipe(): { readonly readEnd: number; readonly writeEnd: number } {
  const ends = [0, 0]
  call('pipe2', libcPipe2, [ends, O_CLOEXEC], [Symbol('pipefd'), Symbol('O_CLOEXEC')])
  const [readEnd = 0, writeEnd = 0] = ends
  const { ino } = fstatSync(readEnd)
  const one = { ino, maker: self() }
  made.set(readEnd, one).set(writeEnd, one)
  return { readEnd, writeEnd }
}

/**
 * Closes the pipes and gates made so far in the calling process, which has no use for them: as long as it holds a write
 * end, the process that reads the other end never sees the end of the file.
 * @param kept ends that stay open
 */
export function closePipes(kept: readonly number[]): void {
  for (const [fd, { ino }] of made) if (!kept.includes(fd) && inodeOf(fd) === ino) closeQuietly(fd)
}

/** Closes the pipes and gates that the calling process has made itself, so that its children wait no longer at them. */
export function closeOwnPipes(): void {
  const own = self()
  closePipes([...made].filter(([, { maker }]) => maker !== own).map(([fd]) => fd))
}

function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino
  } catch {
    // EBADF: it has been closed.
    return undefined
  }
}

/** The other side of a gate has died, so the gate will never be opened; or this side cannot use it any more. */
export class GateError extends Error {
  override readonly name = 'GateError'
}

/** Made before a clone; afterwards one side calls `wait`, the other `open`. Each may do so once. */
export interface Gate {
  /**
   * Blocks the calling process until the other side opens.
   * @throws GateError if the other side died first, if this side has used the gate already, or if its pipe is closed here
   */
  wait(): void
  /** Lets the other side go on. @throws GateError if this side has used the gate already, or its pipe is closed here */
  open(): void
  /** Says that this side is the one that will wait, so that {@link Gate.isDecided} can see the other's death. */
  expect(): void
  /** Whether {@link Gate.wait} would return or throw at once. For the side that waits, after {@link Gate.expect}. */
  isDecided(): boolean
  /** Both ends of its pipe, for {@link closePipes}. */
  readonly ends: readonly number[]
}

/** Makes a gate for each name, as {@link makeGate} does. @param names what is so when it opens, `isReady` */
export const makeGates = <Name extends string>(...names: readonly Name[]): Readonly<Record<Name, Gate>> =>
  Object.fromEntries(names.map(name => [name, makeGate()])) as Record<Name, Gate>

/**
 * Closes in the calling process all gates and pipes made so far but its own. For one child of several: whoever holds an
 * end of a gate keeps it from being seen that the other side has died.
 * @param own the gates that it uses itself
 */
export const closeOtherGates = (own: Readonly<Record<string, Gate>>): void =>
  closePipes(Object.values(own).flatMap(({ ends }) => ends))

/** Makes a gate between the calling process and one it is about to clone (without CLONE_FILES: each needs its own ends). */
export function makeGate(): Gate {
  const { readEnd, writeEnd } = pipe()
  /** What was done with it last, and by which process: a child on shared memory (CLONE_VM) writes into its parent's note. */
  let done: { readonly pid: number; readonly what: string } | undefined
  const refuseTwice = (what: string) => {
    if (done?.pid === process.pid)
      throw new GateError(
        `gate: it cannot be ${what} here, because this process has already ${done.what} it: each side uses a gate once`,
      )
    done = { pid: process.pid, what }
  }
  const { ino } = fstatSync(readEnd)
  const refuseClosed = (what: string, end: number) => {
    if (inodeOf(end) !== ino)
      throw new GateError(
        `gate: it cannot be ${what} here, because its pipe is closed in this process: it was used before this one was ` +
          'forked, or closed by hand. Each fork takes a gate of its own, made before it',
      )
  }
  return {
    ends: [readEnd, writeEnd],
    expect() {
      // As long as this process holds the write end itself, the death of the other side would not end the read.
      closeQuietly(writeEnd)
    },
    isDecided: () => poll([readEnd], 0).length > 0,
    wait() {
      refuseTwice('waited for')
      refuseClosed('waited for', readEnd)
      closeQuietly(writeEnd)
      const read = readSync(readEnd, Buffer.alloc(1))
      closeSync(readEnd)
      if (read === 0)
        throw new GateError(
          'gate: it was closed without being opened: the other process has died (or two wait at one gate)',
        )
    },
    open() {
      refuseTwice('opened')
      refuseClosed('opened', writeEnd)
      closeQuietly(readEnd)
      writeAll(writeEnd, 'o')
      closeSync(writeEnd)
    },
  }
}
