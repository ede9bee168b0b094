/**
 * QEMU: where it is, and its command line.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { installHint } from '../../lib/machine/packages.mjs'
import { type Arch, OWN_ARCH, PROCESSORS } from './architecture.ts'
import type { Layout } from './command-line.ts'
import type { Parts } from './parts.ts'

/** Where QEMU for a processor is. @throws CannotRun with the command that installs it */
export function findQemu(arch: Arch = OWN_ARCH): string {
  const { qemu } = PROCESSORS[arch]
  // Red Hat's has a name of its own, and is for the machine's processor alone.
  const places = qemu.filter(path => path[0] === '/' && arch === OWN_ARCH)
  const found = findProgram(qemu[0] as string) ?? places.find(path => existsSync(path))
  if (found) return found
  const tool = arch === OWN_ARCH ? 'qemu' : 'otherQemu'
  throw new CannotRun(`a virtual machine of ${arch} needs ${qemu[0]}, and PATH has none\nhint: ${installHint([tool])}`)
}

/** Whether the kernel lets us use KVM for a processor; whether that works is another matter. */
export function hasKvm(arch: Arch): boolean {
  if (arch !== OWN_ARCH) return false
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

/** A folder of ours that the guest can mount by its tag, read-only. */
export interface Share {
  readonly tag: string
  readonly folder: string
}

/** How a guest is to be started. */
export interface Plan {
  readonly arch: Arch
  readonly parts: Parts
  readonly shares: readonly Share[]
  readonly memory: number
  readonly cpus: number
  readonly cgroup: Layout
  readonly accel: 'kvm' | 'tcg'
}

/** What every kernel is told: these leave out what costs time and is of no use to a guest that runs for a minute. */
const QUICK = ['mitigations=off', 'nowatchdog', 'random.trust_cpu=on', 'cryptomgr.notests']

function commandLine({ arch, cgroup, accel }: Plan): string {
  const { console, early: speaksEarly, quick: own } = PROCESSORS[arch]
  const groups = cgroup === 'v2' ? ['cgroup_no_v1=all'] : []
  // With KVM the kernel has to print something soon; see session.ts.
  const early = accel === 'kvm' ? [speaksEarly] : []
  const quick = [...QUICK, ...own.always, own[accel] ?? '']
  const words = [`console=${console}`, 'loglevel=6', 'panic=-1', ...early, ...quick, ...groups]
  return words.filter(Boolean).join(' ')
}

/**
 * The arguments of QEMU.
 * @param fdOf the number of a channel's descriptor in QEMU
 */
export function qemuArguments(plan: Plan, fdOf: (channel: Channel) => number): string[] {
  const { arch, parts, shares, memory, cpus, accel } = plan
  const { machine, imitated } = PROCESSORS[arch]
  const ports = (['out', 'err', 'in', 'control'] as const).map((channel, i) => [
    '-device',
    `virtserialport,chardev=${channel},nr=${i + 1}`,
  ])
  return [
    ...['-M', machine, '-accel', accel === 'tcg' ? 'tcg,thread=multi,tb-size=512' : accel],
    ...['-cpu', accel === 'tcg' ? imitated : 'max'],
    ...['-smp', String(cpus), '-m', String(Math.floor(memory / 2 ** 20)), '-nodefaults', '-no-user-config'],
    ...['-nic', 'none', '-display', 'none', '-no-reboot'],
    ...['-kernel', parts.image, '-initrd', parts.initramfs, '-append', commandLine(plan)],
    ...CHANNELS.flatMap(channel => ['-chardev', `socket,id=${channel},fd=${fdOf(channel)}`]),
    ...['-serial', 'chardev:console', '-device', 'virtio-serial-pci', '-device', 'virtconsole,chardev=terminal,nr=0'],
    ...ports.flat(),
    ...shares.flatMap(share),
    ...['-device', 'virtio-rng-pci'],
  ]
}

/** The option for a shared folder. A comma in the path would end it, so it is doubled. */
function share({ tag, folder }: Share): string[] {
  const path = folder.replaceAll(',', ',,')
  const folderOptions = `local,id=${tag},path=${path},security_model=none,readonly=on,multidevs=remap`
  return ['-fsdev', folderOptions, '-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`]
}
