/**
 * Keyrings, which no namespace separates: keyctl(2).
 */
import { libcFunction } from '../machine/libc.ts'

const libcKeyctl = libcFunction('long syscall(long number, int operation, const char *name)')

/** The number of the call by architecture, `<asm/unistd.h>`, and its operation, `<linux/keyctl.h>`. */
export const SYS_keyctl = { x64: 250, arm64: 219 }[process.arch as 'x64' | 'arm64']
export const KEYCTL_JOIN_SESSION_KEYRING = 1

/**
 * Gives the calling process, and all it starts, an empty session keyring of its own instead of its parent's. Where the
 * kernel has none, or a container forbids the call, there is nothing to share either.
 * @see keyctl_join_session_keyring(3)
 */
export function joinNewKeyring(): void {
  libcKeyctl(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, null)
}
