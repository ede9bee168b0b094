/**
 * Resource limits of the calling process and of all it starts: setrlimit(2).
 */
import { call, libcFunction } from '../machine/libc.ts'
import { readProc } from '../trace/proc.ts'

const libcSetrlimit = libcFunction('int setrlimit(int resource, const uint64_t *limit)')

/** `<sys/resource.h>` */
export const RLIMIT_CPU = 0
export const RLIMIT_FSIZE = 1
export const RLIMIT_NPROC = 6
export const RLIMIT_NOFILE = 7
export const RLIMIT_AS = 9

/**
 * Sets a limit.
 * @param resource `int resource`: a RLIMIT_ constant
 * @param soft what holds now, in the resource's own unit (processes, descriptors, bytes, seconds)
 * @param hard how far the process may raise that itself
 * @throws SyscallError EINVAL (soft is more than hard), EPERM (hard is more than it was, without CAP_SYS_RESOURCE)
 * @see setrlimit(2)
 */
export function setLimit(resource: number, soft: number, hard: number): void {
  // struct rlimit { rlim_t rlim_cur; rlim_t rlim_max; }
  call('setrlimit', libcSetrlimit, [resource, [soft, hard]], [resource, Symbol(`{${soft}, ${hard}}`)])
}

/** How far the calling process may raise a limit, by its name in /proc/PID/limits. @see proc_pid_limits(5) */
export function hardLimit(name: string): number {
  const [, hard] = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, 'm').exec(readProc('self', 'limits') ?? '') ?? []
  return Number(hard ?? Number.POSITIVE_INFINITY)
}
