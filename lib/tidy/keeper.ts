/**
 * Clean-up that happens even after SIGKILL: by a separate process that waits for the end of its maker.
 */
import { openSync, readSync, writeFileSync } from 'node:fs'
import { fork } from '../clone.ts'
import { closePipes, makeGate, pipe } from '../gate.ts'
import { dup2 } from '../machine/descriptors.ts'
import { writeAll } from '../machine/output.ts'
import { closeQuietly, poll, watchSignals } from '../machine/poll.ts'
import { getpid, setsid, waitpid } from '../process.ts'
import { setParentDeathSignal } from '../rights/prctl.ts'
import { pidfdOpen } from '../trace/pidfd.ts'

/** What a keeper is called, for whoever looks at processes: it is a copy of its maker, with the same words. */
export const KEEPER = 'keeper'

function nameItself(): void {
  try {
    writeFileSync('/proc/self/comm', KEEPER)
  } catch {
    // There is no /proc, or it is that of another PID namespace. The name is for people alone.
  }
}

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
  // The end of a pipe would not be enough: the maker's other children inherit it, and in a frozen one it stays open.
  const maker = pidfdOpen(getpid())
  const isReady = makeGate()
  const pid = fork(() => {
    setsid()
    nameItself()
    // A signal that is sent to all processes of our program's name reaches the keeper, too, and must not end it: that
    // is just when it has to clean up.
    watchSignals(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'])
    setParentDeathSignal(0)
    isReady.open()
    // The keeper must hold no pipe open of which another process awaits the end: the maker's output, or its gates.
    // Other descriptors stay open, because V8 and libuv abort when they miss one of theirs.
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
