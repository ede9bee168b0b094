/**
 * The parts that root's power consists of, and the five sets of them that every process has: capget(2), capset(2).
 */
import { CannotRun } from '../errors.ts'
import { call, libcFunction } from '../machine/libc.ts'
import { readProc } from '../trace/proc.ts'
import { clearAmbient, dropFromBounding } from './prctl.ts'

const libcCapset = libcFunction('long syscall(long number, const uint32_t *header, const uint32_t *data)')

/** The number of the call by architecture, `<asm/unistd.h>`, and the version of its structs, `<linux/capability.h>`. */
export const SYS_capset = { x64: 126, arm64: 91 }[process.arch as 'x64' | 'arm64']
export const _LINUX_CAPABILITY_VERSION_3 = 0x20080522

/** The capabilities by number, `<linux/capability.h>`. */
export const CAPABILITIES = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_LINUX_IMMUTABLE: 9,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_BROADCAST: 11,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_IPC_LOCK: 14,
  CAP_IPC_OWNER: 15,
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_PACCT: 20,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_BOOT: 22,
  CAP_SYS_NICE: 23,
  CAP_SYS_RESOURCE: 24,
  CAP_SYS_TIME: 25,
  CAP_SYS_TTY_CONFIG: 26,
  CAP_MKNOD: 27,
  CAP_LEASE: 28,
  CAP_AUDIT_WRITE: 29,
  CAP_AUDIT_CONTROL: 30,
  CAP_SETFCAP: 31,
  CAP_MAC_OVERRIDE: 32,
  CAP_MAC_ADMIN: 33,
  CAP_SYSLOG: 34,
  CAP_WAKE_ALARM: 35,
  CAP_BLOCK_SUSPEND: 36,
  CAP_AUDIT_READ: 37,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
  CAP_CHECKPOINT_RESTORE: 40,
} as const

/** A capability by name. */
export type Capability = keyof typeof CAPABILITIES

/** The sets of a process, each a bit per capability. @see capabilities(7) */
export interface CapabilitySets {
  /** What the kernel asks for when the process wants to do something. */
  readonly effective: bigint
  /** What it may make effective. */
  readonly permitted: bigint
  /** What a program that it runs may keep, if that program's file says so. */
  readonly inheritable: bigint
  /** What no program that it runs can exceed, whoever its user is. */
  readonly bounding: bigint
  /** What programs keep that know nothing of capabilities. */
  readonly ambient: bigint
}

/** Whether a set has a capability. */
export const hasCapability = (set: bigint, capability: Capability): boolean =>
  ((set >> BigInt(CAPABILITIES[capability])) & 1n) === 1n

/** A set of these capabilities. */
export const setOf = (names: readonly Capability[]): bigint =>
  names.reduce((set, name) => set | (1n << BigInt(CAPABILITIES[name])), 0n)

/** The capabilities of a set by name. */
export const capabilityNames = (set: bigint): Capability[] =>
  (Object.keys(CAPABILITIES) as Capability[]).filter(name => hasCapability(set, name))

/** How many capabilities a set has. */
export const countCapabilities = (set: bigint): number => set.toString(2).replaceAll('0', '').length

/**
 * The sets that a text such as /proc/PID/status tells.
 * @returns `undefined` where it tells none
 * @see proc_pid_status(5)
 */
export function parseCapabilities(status: string): CapabilitySets | undefined {
  const set = (field: string) => {
    const [, digits] = new RegExp(`^Cap${field}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? []
    return digits === undefined ? undefined : BigInt(`0x${digits}`)
  }
  const [effective, permitted, inheritable, bounding, ambient] = ['Eff', 'Prm', 'Inh', 'Bnd', 'Amb'].map(set)
  if (effective === undefined || permitted === undefined || inheritable === undefined) return undefined
  if (bounding === undefined || ambient === undefined) return undefined
  return { effective, permitted, inheritable, bounding, ambient }
}

/**
 * The sets of a process.
 * @param pid as the mounted /proc numbers it
 * @returns `undefined` if it has ended
 * @see capabilities(7)
 */
export const capabilitySets = (pid: number | 'self' = 'self'): CapabilitySets | undefined =>
  parseCapabilities(readProc(pid, 'status') ?? '')

/**
 * Sets the calling thread's effective, permitted and inheritable capabilities.
 * @throws SyscallError EPERM: permitted would have more than it has, or effective more than is permitted
 * @see capset(2)
 */
export function capset({ effective, permitted, inheritable }: Omit<CapabilitySets, 'bounding' | 'ambient'>): void {
  if (SYS_capset === undefined) throw new CannotRun(`capset(2) has no known number on ${process.arch}`)
  const words = (shift: bigint) => [effective, permitted, inheritable].map(set => Number((set >> shift) & 0xffffffffn))
  // struct __user_cap_header_struct { __u32 version; int pid; }, and two of
  // struct __user_cap_data_struct { __u32 effective; __u32 permitted; __u32 inheritable; }
  const data = [...words(0n), ...words(32n)]
  const hex = (set: bigint) => Symbol(`0x${set.toString(16)}`)
  call(
    'capset',
    libcCapset,
    [SYS_capset, [_LINUX_CAPABILITY_VERSION_3, 0], data],
    [hex(effective), hex(permitted), hex(inheritable)],
  )
}

/**
 * Leaves the calling process only these capabilities, for good: all others go from all five sets, the bounding set first,
 * because that takes CAP_SETPCAP.
 * @param kept a bit for each; what it does not have it does not get
 * @throws SyscallError EPERM (the bounding set without CAP_SETPCAP)
 * @see capabilities(7)
 */
export function keepCapabilities(kept: bigint): void {
  const had = capabilitySets()
  if (!had) throw new CannotRun('the capabilities of this process cannot be read: no /proc is mounted here')
  for (let number = 0; had.bounding >> BigInt(number) > 0n; number++)
    if (((had.bounding & ~kept) >> BigInt(number)) & 1n) dropFromBounding(number)
  clearAmbient()
  const left = had.permitted & kept
  capset({ effective: left, permitted: left, inheritable: had.inheritable & kept })
}
