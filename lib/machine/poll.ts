/**
 * Waiting for several things at once without an event loop: poll(2) and signalfd(2).
 */
import { closeSync, readSync } from 'node:fs'
import { type Signal, signalNumber } from '../status.ts'
import { call, callUninterrupted, libcFunction } from './libc.ts'

const libcPoll = libcFunction('int poll(_Inout_ int *fds, unsigned long nfds, int timeout)')
const libcSigprocmask = libcFunction('int sigprocmask(int how, const uint8_t *set, _Out_ uint8_t *oldset)')
const libcSignalfd = libcFunction('int signalfd(int fd, const uint8_t *mask, int flags)')

const SIG_BLOCK = 0
/** Events of poll(2), `<poll.h>`. */
export const POLLIN = 1
export const POLLOUT = 4
const SFD_NONBLOCK_CLOEXEC = 0o2004000
/** `sizeof(sigset_t)`; signal n is bit n - 1. */
export const SIGSET_SIZE = 128
/** `sizeof(struct signalfd_siginfo)`; `ssi_signo` comes first. */
export const SIGINFO_SIZE = 128

/**
 * Waits until one of the descriptors is ready or has been closed at its other end.
 * @param timeout in seconds; Infinity waits for ever
 * @param event POLLIN, or POLLOUT for those that can be written
 * @returns those that are ready, none when the time is up
 * @see poll(2)
 */
export function poll(fds: readonly number[], timeout: number, event = POLLIN): number[] {
  // struct pollfd { int fd; short events; short revents; }, as two ints
  const entries = Int32Array.from(fds.flatMap(fd => [fd, event]))
  const milliseconds = timeout === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(timeout * 1000))
  callUninterrupted('poll', libcPoll, [entries, fds.length, milliseconds])
  return fds.filter((_, i) => (entries[2 * i + 1] as number) >> 16 !== 0)
}

/**
 * Blocks signals for the calling thread and returns a descriptor that can be read when one has come.
 * @see signalfd(2)
 */
export function watchSignals(signals: readonly Signal[]): number {
  const set = Buffer.alloc(SIGSET_SIZE)
  for (const signal of signals) {
    const bit = (signalNumber(signal) as number) - 1
    set[bit >> 3] = (set[bit >> 3] as number) | (1 << (bit & 7))
  }
  call('sigprocmask', libcSigprocmask, [SIG_BLOCK, set, Buffer.alloc(SIGSET_SIZE)], [Symbol('SIG_BLOCK'), ...signals])
  return call('signalfd', libcSignalfd, [-1, set, SFD_NONBLOCK_CLOEXEC], [...signals])
}

/** The numbers of the signals that have come since the last look. */
export function readSignals(fd: number): number[] {
  const buffer = Buffer.allocUnsafe(SIGINFO_SIZE * 16)
  try {
    const length = readSync(fd, buffer)
    return Array.from({ length: length / SIGINFO_SIZE }, (_, i) => buffer.readUInt32LE(i * SIGINFO_SIZE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return []
    throw error
  }
}

/** Closes a descriptor that may be closed already. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // EBADF: it is closed already.
  }
}
