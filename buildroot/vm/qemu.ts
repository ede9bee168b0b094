/**
 * QEMU: where it is, and its command line.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/lab/find-program.ts'
import { installHint } from '../../lib/lab/packages.mjs'
import type { Layout } from './command-line.ts'
import type { Parts } from './parts.ts'

/** What differs between the machines this project runs on. */
const MACHINES = {
  x64: {
    programs: ['qemu-system-x86_64', '/usr/libexec/qemu-kvm'],
    machine: 'q35',
    console: 'ttyS0',
    early: 'earlyprintk=ttyS0',
  },
  arm64: {
    programs: ['qemu-system-aarch64', '/usr/libexec/qemu-kvm'],
    machine: 'virt',
    console: 'ttyAMA0',
    early: 'earlycon',
  },
} as const
const OURS = MACHINES[process.arch === 'arm64' ? 'arm64' : 'x64']

/** Where QEMU is. @throws CannotRun with the command that installs it */
export function findQemu(): string {
  const found =
    OURS.programs.map(findProgram).find(Boolean) ?? OURS.programs.find(path => path[0] === '/' && existsSync(path))
  if (found) return found
  throw new CannotRun(`a virtual machine needs ${OURS.programs[0]}, and PATH has none\nhint: ${installHint(['qemu'])}`)
}

/** Whether the kernel lets us use KVM; whether that works is another matter. */
export function hasKvm(): boolean {
  try {
    closeSync(openSync('/dev/kvm', 'r+'))
    return true
  } catch {
    return false
  }
}

/** @throws CannotRun when the machine has less free memory than the guest is to have */
export function checkMemory(bytes: number, meminfo: string = readFileSync('/proc/meminfo', 'utf8')): void {
  const available = Number(/^MemAvailable:\s*(\d+) kB/m.exec(meminfo)?.[1] ?? Number.POSITIVE_INFINITY) * 1024
  if (available >= bytes) return
  const show = (number: number) => `${Math.floor(number / 1e6)}M`
  throw new CannotRun(
    `the guest is to have ${show(bytes)} of memory, and this machine has ${show(available)} free\n` +
      `hint: close something, or give it less: --memory ${available > 1e9 ? '1G' : '512M'}`,
  )
}

/** The lines between us and the guest, in the order in which the guest numbers its ports. */
export const CHANNELS = ['console', 'out', 'err', 'in', 'control', 'terminal'] as const
export type Channel = (typeof CHANNELS)[number]

/** How a guest is to be started. */
export interface Plan {
  readonly parts: Parts
  readonly memory: number
  readonly cpus: number
  readonly cgroup: Layout
  readonly accel: 'kvm' | 'tcg'
}

function commandLine({ cgroup, accel }: Plan): string {
  const groups = cgroup === 'v2' ? ['cgroup_no_v1=all'] : []
  // With KVM the first words have to come soon; see session.ts.
  const early = accel === 'kvm' ? [OURS.early] : []
  // What costs time and is of no use to a guest that lives for a minute.
  const quick = ['mitigations=off', 'nowatchdog', 'random.trust_cpu=on', 'tsc=reliable', 'no_timer_check', 'edd=off']
  return [`console=${OURS.console}`, 'loglevel=6', 'panic=-1', ...early, ...quick, ...groups].join(' ')
}

/**
 * The arguments of QEMU.
 * @param fdOf the number of a channel's descriptor in QEMU
 */
export function qemuArguments(plan: Plan, fdOf: (channel: Channel) => number): string[] {
  const { parts, memory, cpus, accel } = plan
  const ports = (['out', 'err', 'in', 'control'] as const).map((channel, i) => [
    '-device',
    `virtserialport,chardev=${channel},nr=${i + 1}`,
  ])
  return [
    ...['-M', OURS.machine, '-accel', accel === 'tcg' ? 'tcg,thread=multi,tb-size=512' : accel, '-cpu', 'max'],
    ...['-smp', String(cpus), '-m', String(Math.floor(memory / 2 ** 20)), '-nodefaults', '-no-user-config'],
    ...['-nic', 'none', '-display', 'none', '-no-reboot'],
    ...['-kernel', parts.image, '-initrd', parts.initramfs, '-append', commandLine(plan)],
    ...CHANNELS.flatMap(channel => ['-chardev', `socket,id=${channel},fd=${fdOf(channel)}`]),
    ...['-serial', 'chardev:console', '-device', 'virtio-serial-pci', '-device', 'virtconsole,chardev=terminal,nr=0'],
    ...ports.flat(),
    ...['-fsdev', 'local,id=machine,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=machine,mount_tag=machine', '-device', 'virtio-rng-pci'],
  ]
}
