/**
 * A kernel that is unpacked already. Without KVM, a guest takes longer to unpack its kernel than to boot it, so that is
 * done once, outside.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { writeWhole } from './cache.ts'
import type { Kernel } from './kernel.ts'

/** The x86 boot protocol: how many sectors come first, and where in the rest the packed kernel lies. */
const HEADER = { sectors: 0x1f1, magic: 0x202, offset: 0x248, length: 0x24c, size: 0x250 }
const SECTOR = 512

/**
 * The programs that unpack a kernel, by its first bytes. The length that the kernel's build appends is not part of the
 * data.
 */
const PACKINGS: readonly (readonly [magic: string, program: readonly string[]])[] = [
  ['fd377a585a00', ['xz', '-dc']],
  ['5d0000', ['xz', '-dc', '--format=lzma']],
  ['28b52ffd', ['zstd', '-dc']],
  ['02214c18', ['lz4', '-dc']],
  ['425a68', ['bzip2', '-dc']],
]
const APPENDED = 4

/** The ELF note by which a hypervisor enters a kernel that has no boot protocol: `XEN_ELFNOTE_PHYS32_ENTRY`, 18. */
const ENTRY_NOTES = [4, 8].map(length =>
  Buffer.from([4, 0, 0, 0, length, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')]),
)

/** The kernel in an x86 image, as the ELF file it was; `undefined` where it cannot be had, or not be booted. */
export function unpackImage(image: Buffer): Buffer | undefined {
  if (image.length < HEADER.size || image.toString('latin1', HEADER.magic, HEADER.magic + 4) !== 'HdrS')
    return undefined
  const start = ((image[HEADER.sectors] as number) + 1) * SECTOR + image.readUInt32LE(HEADER.offset)
  const kernel = unpack(image.subarray(start, start + image.readUInt32LE(HEADER.length)))
  const isElf = kernel?.toString('latin1', 0, 4) === '\x7fELF'
  return kernel && isElf && ENTRY_NOTES.some(note => kernel.includes(note)) ? kernel : undefined
}

function unpack(payload: Buffer): Buffer | undefined {
  const head = payload.toString('hex', 0, 6)
  try {
    if (head.startsWith('1f8b')) return gunzipSync(payload)
    const [program, ...args] = PACKINGS.find(([magic]) => head.startsWith(magic))?.[1] ?? []
    if (!program) return undefined
    const input = payload.subarray(0, -APPENDED)
    const { status, stdout } = spawnSync(program, args, {
      input,
      maxBuffer: 2 ** 29,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    return status === 0 ? stdout : undefined
  } catch {
    // It is damaged, or packed in a way that is not known here: the guest will unpack it, or say why not.
    return undefined
  }
}

/**
 * The path of a kernel's unpacked copy, made if there is none yet; the image itself where that is not possible.
 * @param copy where the copy goes
 */
export function unpackedKernel({ arch, image }: Kernel, copy: string): string {
  // An arm64 kernel is not packed, or QEMU and the kernel itself see to it.
  if (arch !== 'x64') return image
  if (existsSync(copy)) return copy
  const kernel = unpackImage(readFileSync(image))
  if (!kernel) return image
  writeWhole(copy, kernel)
  return copy
}
