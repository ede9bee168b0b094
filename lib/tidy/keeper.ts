/**
 * Clean-up that outlives the one who owes it: a process of its own that waits for our end.
 */
import { openSync, readSync } from 'node:fs'
import { fork } from '../clone.ts'
import { closePipes, makeGate, pipe } from '../gate.ts'
import { dup2 } from '../io/descriptors.ts'
import { writeAll } from '../io/output.ts'
import { closeQuietly, poll, watchSignals } from '../io/poll.ts'
import { getpid, setsid, waitpid } from '../process.ts'
import { setParentDeathSignal } from '../rights/prctl.ts'
import { pidfdOpen } from '../trace/pidfd.ts'

const FOR_EVER = Number.POSITIVE_INFINITY

/** A process that cleans up when its maker is gone. */
export interface Keeper {
  /** The maker has cleaned up itself: the keeper ends without doing anything. */
  release(): void
}

/**
 * Starts a process that runs `cleanUp` as soon as the calling process has ended, however that came about (SIGKILL and
 * a closed terminal included), unless it is released before. For what the kernel does not take back by itself: groups,
 * settings of a terminal. Made before the thing itself, so `cleanUp` may find nothing to do.
 * @param cleanUp runs in the keeper, synchronously
 * @param kept a descriptor that it needs, where that is its input, its output or a pipe
 */
export function keep(cleanUp: () => void, kept = 2): Keeper {
  const { readEnd, writeEnd } = pipe()
  // Not the end of a pipe alone: those that the maker clones inherit its ends, and in a frozen one they stay open.
  const maker = pidfdOpen(getpid())
  const isReady = makeGate()
  const pid = fork(() => {
    setsid()
    // Whoever ends a program by its name may mean us, too; but then the clean-up is wanted all the more.
    watchSignals(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'])
    setParentDeathSignal(0)
    isReady.open()
    // Whoever reads our output, or waits at a gate of the maker's, must not wait for us. What is not ours stays open:
    // V8 and libuv abort when they miss one of their descriptors.
    closePipes([readEnd, kept])
    const nothing = openSync('/dev/null', 'r+')
    for (const standard of [0, 1]) if (standard !== kept) dup2(nothing, standard)
    const isReleased = poll([readEnd, maker], FOR_EVER).includes(readEnd) && readSync(readEnd, Buffer.alloc(1)) === 1
    if (!isReleased) cleanUp()
  })
  for (const fd of [readEnd, maker]) closeQuietly(fd)
  isReady.wait()
  return {
    release: () => {
      writeAll(writeEnd, 'x')
      closeQuietly(writeEnd)
      waitpid(pid)
    },
  }
}
