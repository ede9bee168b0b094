/**
 * Settings of the calling process that no other call has: prctl(2).
 */
import { call, libcFunction } from '../machine/libc.ts'
import { type Signal, signalName, signalNumber } from '../status.ts'

const libcPrctl = libcFunction('int prctl(int option, unsigned long value)')

/** Options, `<sys/prctl.h>`. */
export const PR_SET_PDEATHSIG = 1
export const PR_SET_DUMPABLE = 4

/**
 * Which signal the calling process gets when its parent dies. Every child of clone() has SIGKILL; the kernel forgets it
 * when the process changes its user.
 * @param signal 0 for none
 * @see PR_SET_PDEATHSIG(2const)
 */
export function setParentDeathSignal(signal: Signal): void {
  const number = signalNumber(signal) ?? 0
  const shown = number === 0 ? 0 : Symbol(signalName(number))
  call('prctl', libcPrctl, [PR_SET_PDEATHSIG, number], [Symbol('PR_SET_PDEATHSIG'), shown])
}

/**
 * Closes the calling process, and what it forks, to everybody who has no CAP_SYS_PTRACE where its program was started:
 * its memory, descriptors and program file in /proc. Until the next execve.
 * @see PR_SET_DUMPABLE(2const)
 */
export function forbidInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 0], [Symbol('PR_SET_DUMPABLE'), 0])
}

/**
 * Opens the calling process to its own user again: the kernel closes whoever has changed users.
 * @see PR_SET_DUMPABLE(2const)
 */
export function allowInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 1], [Symbol('PR_SET_DUMPABLE'), 1])
}
