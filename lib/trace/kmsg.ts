/**
 * The kernel's log.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { call, libcFunction } from '../machine/libc.ts'

const libcLseek = libcFunction('long lseek(int fd, long offset, int whence)')

const SEEK_END = 2
/**
 * The number of the device, major 1 and minor 11: in some containers /dev/kmsg is another device.
 * @see devices.txt of the kernel
 */
const KMSG = 0x10b
/** The most bytes that a record has: `CONSOLE_EXT_LOG_MAX` of the kernel. */
const RECORD = 8192

/** The kernel's log from the moment on at which it was opened. */
export interface KernelLog {
  /** The lines that have come since, without those that a program wrote itself. */
  read(): string[]
  close(): void
}

/** A record is `priority,sequence,microseconds,flags;text`, and what the kernel says itself has facility 0. */
function kernelLine(record: string): string | undefined {
  const [, priority, text] = /^(\d+),[^;]*;([^\n]*)/.exec(record) ?? []
  return Number(priority) >> 3 === 0 ? text : undefined
}

/**
 * Opens the kernel's log at its present end.
 * @returns `undefined` where the caller may not read it (kernel.dmesg_restrict, a container)
 * @see dmesg(1), Documentation/ABI/testing/dev-kmsg of the kernel
 */
export function openKernelLog(): KernelLog | undefined {
  let fd: number
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
    if (fstatSync(fd).rdev !== KMSG) {
      closeSync(fd)
      return undefined
    }
    call('lseek', libcLseek, [fd, 0, SEEK_END])
  } catch {
    return undefined
  }
  const lines: string[] = []
  return {
    read: () => {
      for (let record = nextRecord(fd); record !== undefined; record = nextRecord(fd)) {
        const line = kernelLine(record)
        if (line !== undefined) lines.push(line)
      }
      return lines
    },
    close: () => closeSync(fd),
  }
}

function nextRecord(fd: number): string | undefined {
  const buffer = Buffer.alloc(RECORD)
  for (;;) {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch (error) {
      // EPIPE: records were overwritten before we came to them; the next read goes on behind them.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return undefined
    }
  }
}

/** What the kernel has logged about a process that its OOM killer killed. */
export interface OomReport {
  /** `oom-kill:constraint=…,oom_memcg=…,task_memcg=…,task=…,pid=…`; the kernel drops it when there are too many. */
  readonly kill: string | undefined
  /** `Memory cgroup out of memory: Killed process …` */
  readonly killed: string | undefined
}

/**
 * The lines about the last process that was killed in a group.
 * @param group its path; the kernel writes it from the root of its hierarchy, so the last part alone is compared
 * @param pid its number as the caller knows it: the kernel's own, outside of any PID namespace
 */
export function oomReport(lines: readonly string[], group: string, pid: number): OomReport {
  const kill = lines.findLast(line => line.startsWith('oom-kill:') && line.includes(`${basename(group)},task=`))
  const victim = /,pid=(\d+)/.exec(kill ?? '')?.[1] ?? pid
  const killed = lines.findLast(line => line.includes(`Killed process ${victim} (`))
  return { kill, killed }
}
