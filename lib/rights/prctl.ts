/**
 * Settings of the calling process that no other call has: prctl(2).
 */
import { call, libcFunction } from '../machine/libc.ts'
import { type Signal, signalName, signalNumber } from '../status.ts'

const libcPrctl = libcFunction(
  'int prctl(int option, unsigned long value, unsigned long third, unsigned long fourth, unsigned long fifth)',
)

/** Options, `<sys/prctl.h>`. */
export const PR_SET_PDEATHSIG = 1
export const PR_SET_DUMPABLE = 4
export const PR_CAPBSET_DROP = 24
export const PR_SET_NO_NEW_PRIVS = 38
export const PR_CAP_AMBIENT = 47
export const PR_CAP_AMBIENT_RAISE = 2
export const PR_CAP_AMBIENT_CLEAR_ALL = 4

/**
 * Which signal the calling process gets when its parent dies. Every child of clone() has SIGKILL; the kernel forgets it
 * when the process changes its user.
 * @param signal 0 for none
 * @see PR_SET_PDEATHSIG(2const)
 */
export function setParentDeathSignal(signal: Signal): void {
  const number = signalNumber(signal) ?? 0
  const shown = number === 0 ? 0 : Symbol(signalName(number))
  call('prctl', libcPrctl, [PR_SET_PDEATHSIG, number, 0, 0, 0], [Symbol('PR_SET_PDEATHSIG'), shown])
}

/**
 * Makes the calling process, and what it forks, not dumpable until the next execve: only a process with CAP_SYS_PTRACE
 * in the user namespace where its program was started may trace it, or open its memory, descriptors and program file in
 * /proc.
 * @see PR_SET_DUMPABLE(2const)
 */
export function forbidInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 0, 0, 0, 0], [Symbol('PR_SET_DUMPABLE'), 0])
}

/**
 * Makes the calling process dumpable again, so that its own user may inspect it: a change of user makes a process not
 * dumpable.
 * @see PR_SET_DUMPABLE(2const)
 */
export function allowInspection(): void {
  call('prctl', libcPrctl, [PR_SET_DUMPABLE, 1, 0, 0, 0], [Symbol('PR_SET_DUMPABLE'), 1])
}

/**
 * From here on no program that the calling process runs gives it more than it has: neither a set-user-ID bit nor the
 * capabilities of a file count. Its children inherit that, and nobody can take it back.
 * @see PR_SET_NO_NEW_PRIVS(2const)
 */
export function setNoNewPrivs(): void {
  call('prctl', libcPrctl, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], [Symbol('PR_SET_NO_NEW_PRIVS'), 1])
}

/**
 * Takes a capability out of the calling process's bounding set, and with that from every program that it or a child of
 * it will run. The sets that it has now stay as they are.
 * @param capability its number; {@link CAPABILITIES} of capabilities.ts has the names
 * @throws SyscallError EPERM (without CAP_SETPCAP), EINVAL (the kernel knows no such capability)
 * @see PR_CAPBSET_DROP(2const), capabilities(7)
 */
export function dropFromBounding(capability: number): void {
  call('prctl', libcPrctl, [PR_CAPBSET_DROP, capability, 0, 0, 0], [Symbol('PR_CAPBSET_DROP'), capability])
}

/**
 * Puts a capability into the calling process's ambient set: programs that it runs as an ordinary user keep it.
 * @param capability its number; it has to be permitted and inheritable
 * @throws SyscallError EPERM (it is not), EINVAL
 * @see PR_CAP_AMBIENT(2const)
 */
export function raiseAmbient(capability: number): void {
  const shown = [Symbol('PR_CAP_AMBIENT'), Symbol('PR_CAP_AMBIENT_RAISE'), capability]
  call('prctl', libcPrctl, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0], shown)
}

/** Empties the calling process's ambient set. @see PR_CAP_AMBIENT(2const) */
export function clearAmbient(): void {
  const shown = [Symbol('PR_CAP_AMBIENT'), Symbol('PR_CAP_AMBIENT_CLEAR_ALL')]
  call('prctl', libcPrctl, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], shown)
}
