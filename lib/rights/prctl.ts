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
 * Makes the calling process, and what it forks, not dumpable until the next execve: only a process with CAP_SYS_PTRACE
 * in the user namespace where its program was started may trace it, or open its memory, descriptors and program file in
 * /proc.
 * @see PR_SET_DUMPABLE(2const)
 */
export function forbidInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 0], [Symbol('PR_SET_DUMPABLE'), 0])
}

/**
 * Makes the calling process dumpable again, so that its own user may inspect it: a change of user makes a process not
 * dumpable.
 * @see PR_SET_DUMPABLE(2const)
 */
export function allowInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 1], [Symbol('PR_SET_DUMPABLE'), 1])
}
