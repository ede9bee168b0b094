/**
 * A seccomp filter that stops a traced process at chosen system calls and lets every other one pass.
 */
import koffi from 'koffi'
import { CannotRun } from './errors.ts'
import { call, libcFunction } from './libc.ts'

koffi.struct('sock_fprog', { len: 'unsigned short', filter: 'uint8_t *' })
const libcSeccomp = libcFunction('int prctl(int option, unsigned long mode, sock_fprog *program)')

/** System call numbers by architecture, `<asm/unistd.h>`. */
const NUMBERS = {
  x64: { audit: 0xc000003e, kill: 62, rt_sigqueueinfo: 129, pidfd_send_signal: 424 },
  arm64: { audit: 0xc00000b7, kill: 129, rt_sigqueueinfo: 138, pidfd_send_signal: 424 },
} as const

/** The numbers of the calls that send signals to another process, and the AUDIT_ARCH of this machine. */
export function signalCalls(): (typeof NUMBERS)['x64' | 'arm64'] {
  const numbers = NUMBERS[process.arch as 'x64' | 'arm64']
  if (!numbers)
    throw new CannotRun(`the checker knows no system call numbers for ${process.arch}\nhint: use x64 or arm64`)
  return numbers
}

export const PR_SET_SECCOMP = 22
export const SECCOMP_MODE_FILTER = 2
export const SECCOMP_RET_TRACE = 0x7ff00000
export const SECCOMP_RET_ALLOW = 0x7fff0000
const [LOAD, JUMP_EQUAL, RETURN] = [0x20, 0x15, 0x06]
/** `struct seccomp_data { int nr; __u32 arch; … }` */
export const SECCOMP_DATA = { nr: 0, arch: 4 } as const

/** `struct sock_filter { __u16 code; __u8 jt; __u8 jf; __u32 k; }`, in `<linux/filter.h>`. */
function instruction(code: number, k: number, jt = 0, jf = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  bytes.writeUInt8(jt, 2)
  bytes.writeUInt8(jf, 3)
  bytes.writeUInt32LE(k >>> 0, 4)
  return bytes
}

/** The filter as a BPF program: of this architecture and one of `numbers` → stop for the tracer, else go on. */
export function traceFilter(audit: number, numbers: readonly number[]): Buffer {
  const toAllow = numbers.length + 1
  return Buffer.concat([
    instruction(LOAD, SECCOMP_DATA.arch),
    instruction(JUMP_EQUAL, audit, 0, toAllow),
    instruction(LOAD, SECCOMP_DATA.nr),
    ...numbers.map((number, i) => instruction(JUMP_EQUAL, number, numbers.length - i, 0)),
    instruction(RETURN, SECCOMP_RET_ALLOW),
    instruction(RETURN, SECCOMP_RET_TRACE),
  ])
}

/**
 * From here on the calling process and all it starts stop at every call that sends a signal, for their tracer
 * (PTRACE_O_TRACESECCOMP). Without a tracer such a call fails with ENOSYS.
 * @throws SyscallError EACCES without CAP_SYS_ADMIN
 * @see seccomp(2)
 */
export function stopAtSignalCalls(): void {
  const { audit, ...calls } = signalCalls()
  const filter = traceFilter(audit, Object.values(calls))
  // struct sock_fprog { unsigned short len; struct sock_filter *filter; }: koffi fills in the pointer.
  const program = { len: filter.length / 8, filter }
  call(
    'prctl',
    libcSeccomp,
    [PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program],
    [Symbol('PR_SET_SECCOMP'), Symbol('filter')],
  )
}
