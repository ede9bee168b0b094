/**
 * The header of an ELF file: for which machine a program is, and which loader it needs.
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** What an ELF file says of itself. */
export interface Elf {
  /** `e_machine` of `<elf.h>` */
  readonly machine: number
  /** PT_INTERP: the loader a dynamic program starts by; none in a static one. */
  readonly interpreter: string | undefined
}

/** `<elf.h>` */
const MACHINES: Readonly<Record<number, string>> = { 3: 'i386', 40: 'arm', 62: 'x86-64', 183: 'arm64', 243: 'riscv' }

/** The name of an `e_machine`. */
export function machineName(machine: number): string {
  return MACHINES[machine] ?? `machine ${machine}`
}

/** Which machines' programs this machine executes: its own, and on x86-64 those of i386, too. */
const OURS: readonly number[] = { x64: [62, 3], arm64: [183] }[process.arch as 'x64' | 'arm64'] ?? []
/** The name of the machine this is. */
export const OUR_MACHINE = machineName(OURS[0] ?? 0)
const PT_INTERP = 3

/** Reads the header of an ELF file, little-endian as this project's machines are; `undefined` if it is none. @see elf(5) */
export function readElf(path: string): Elf | undefined {
  const fd = openSync(path, 'r')
  try {
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length)
      // A damaged file may name a position that no file can have.
      if (position < 2 ** 48) readSync(fd, bytes, 0, length, position)
      return bytes
    }
    const header = read(0, 64)
    if (header.toString('latin1', 0, 4) !== '\x7fELF' || header[5] !== 1) return undefined
    const wide = header[4] === 2
    const word = (bytes: Buffer, at64: number, at32: number) =>
      wide ? Number(bytes.readBigUInt64LE(at64)) : bytes.readUInt32LE(at32)
    const [size, count] = [header.readUInt16LE(wide ? 54 : 42), header.readUInt16LE(wide ? 56 : 44)]
    const table = Array.from({ length: count }, (_, i) => read(word(header, 32, 28) + i * size, 56))
    const entry = table.find(bytes => bytes.readUInt32LE(0) === PT_INTERP)
    // It is a path; a file that says it is longer is damaged.
    const length = entry ? Math.min(word(entry, 32, 16), 4096) : 0
    const interpreter =
      entry &&
      read(word(entry, 8, 4), length)
        .toString('utf8')
        .replace(/\0.*$/s, '')
    return { machine: header.readUInt16LE(18), interpreter }
  } finally {
    closeSync(fd)
  }
}

/** Whether this machine executes the ELF file. */
export function isOurs({ machine }: Elf): boolean {
  return OURS.includes(machine)
}
