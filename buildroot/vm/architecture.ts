/**
 * The processors that a guest can have: what differs between them, and which is this machine's own.
 */

/** One of them, as Node calls it. */
export type Arch = 'x64' | 'arm64'
export const ARCHES: readonly Arch[] = ['x64', 'arm64']

/** This machine's. */
export const OWN_ARCH: Arch = process.arch === 'arm64' ? 'arm64' : 'x64'
/** The one that it is not. */
export const OTHER_ARCH: Arch = OWN_ARCH === 'x64' ? 'arm64' : 'x64'

/** What the outside has to know of a processor. */
export interface Processor {
  /** As Debian calls it. */
  readonly debian: string
  /** As compilers do. */
  readonly gnu: string
  /** `e_machine` of `<elf.h>` */
  readonly elf: number
  /** The first that is there is taken; one without a folder is looked for in PATH. */
  readonly qemu: readonly string[]
  readonly machine: string
  /** What QEMU imitates where it does not use KVM: the fastest that has all that the labs use. */
  readonly imitated: string
  /** The terminal of the kernel, and how it speaks before it has one. */
  readonly console: string
  readonly early: string
  /** What this kernel is told besides, to leave out what costs time: always, and with or without KVM. */
  readonly quick: { readonly always: readonly string[]; readonly kvm?: string; readonly tcg?: string }
}

export const PROCESSORS: Readonly<Record<Arch, Processor>> = {
  x64: {
    debian: 'amd64',
    gnu: 'x86_64-linux-gnu',
    elf: 62,
    qemu: ['qemu-system-x86_64', '/usr/libexec/qemu-kvm'],
    machine: 'q35',
    imitated: 'max',
    console: 'ttyS0',
    early: 'earlyprintk=ttyS0',
    // A busy machine lets a kernel that QEMU imitates measure its counter wrongly, and its minutes would be hours.
    quick: { always: ['no_timer_check', 'edd=off'], kvm: 'tsc=reliable', tcg: 'tsc=unstable' },
  },
  arm64: {
    debian: 'arm64',
    gnu: 'aarch64-linux-gnu',
    elf: 183,
    qemu: ['qemu-system-aarch64', '/usr/libexec/qemu-kvm'],
    machine: 'virt',
    // `max` signs pointers, slowly, and has addresses of 52 bits, which Linux before 5.12 does not survive.
    imitated: 'cortex-a72',
    console: 'ttyAMA0',
    early: 'earlycon',
    // A kernel at a random address separates its page tables from those of programs, whatever `mitigations=off` says,
    // and QEMU then forgets at every system call where pages are: all would take half as long again.
    quick: { always: ['kpti=off'] },
  },
}
