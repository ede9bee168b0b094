/**
 * How a container is started in which everything works. Tried with Docker and with podman: where root starts it, every
 * lab runs and every claim holds.
 */
import { existsSync, readlinkSync } from 'node:fs'

/**
 * The options. What each is for: namespaces, mounts and groups (SYS_ADMIN), networks (NET_ADMIN), ping and the witness
 * of packets (NET_RAW, which podman leaves away), the judge, which traces (SYS_PTRACE), the kernel's log (SYSLOG and
 * its device), calls that a filter or a security module refuses, a /proc of which nothing is hidden, and the machine's
 * control groups, to make groups in.
 */
export const CONTAINER_OPTIONS: readonly string[] = [
  '--cap-add=SYS_ADMIN',
  '--cap-add=NET_ADMIN',
  '--cap-add=NET_RAW',
  '--cap-add=SYS_PTRACE',
  '--cap-add=SYSLOG',
  '--device=/dev/kmsg',
  '--security-opt=seccomp=unconfined',
  '--security-opt=apparmor=unconfined',
  '--security-opt=systempaths=unconfined',
  '--cgroupns=host',
  '--volume=/sys/fs/cgroup:/sys/fs/cgroup',
]

/** The name that README gives the image of buildroot/Containerfile. */
export const IMAGE = 'containers-from-clone'

/** The inode of the machine's own PID namespace, `PROC_PID_INIT_INO` of <linux/proc_ns.h>. */
export const INITIAL_PID_NAMESPACE = 0xeffffffc

/** An engine of which it is known how it starts a container in which everything works. */
export type Engine = 'docker' | 'podman'

/**
 * The engine whose container the calling process is in, by the files that it leaves; `undefined` in none and in that of
 * another engine. Images of virtual machines may have the same files, but are in the first PID namespace.
 */
export function engineHere(): Engine | undefined {
  if (readlinkSync('/proc/self/ns/pid') === `pid:[${INITIAL_PID_NAMESPACE}]`) return undefined
  if (existsSync('/run/.containerenv')) return 'podman'
  return existsSync('/.dockerenv') ? 'docker' : undefined
}

/**
 * The one command, for a shell in the checkout.
 * @param become what stands in front of it, `sudo `
 */
export const containerCommand = (engine: Engine = engineHere() ?? 'docker', become = ''): string =>
  `${become}${engine} run -it --rm ${CONTAINER_OPTIONS.join(' ')} -v "$PWD":/workbook -w /workbook ${IMAGE}`

/**
 * The same for what only the root of the machine may hand to a container, its control groups above all. An engine that
 * an ordinary user has started (rootless podman) is that user to the kernel, whatever its options are.
 * @param isMapped whether root in here is another user on the machine, as `/proc/self/uid_map` says
 * @see user_namespaces(7)
 */
export const rootfulCommand = (engine: Engine | undefined, isMapped: boolean): string =>
  containerCommand(engine, isMapped ? 'sudo ' : '')
