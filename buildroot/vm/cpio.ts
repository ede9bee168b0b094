/**
 * The archive from which the kernel fills its first root: cpio in the format `newc`.
 */

/** One entry: a directory, or a file with its content. */
export interface Entry {
  /** The path inside, without a slash in front. */
  readonly name: string
  readonly mode: number
  readonly content?: Uint8Array | string
}

const MAGIC = '070701'
const S_IFDIR = 0o040000
const S_IFREG = 0o100000
const END = 'TRAILER!!!'

const padded = (length: number) => Buffer.alloc((4 - (length % 4)) % 4)

/** `struct cpio_newc_header`: thirteen numbers of eight hexadecimal digits. */
function member(inode: number, name: string, mode: number, content: Uint8Array): Buffer {
  const links = 1
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0]
  const head = Buffer.from(`${MAGIC}${fields.map(field => field.toString(16).padStart(8, '0')).join('')}${name}\0`)
  return Buffer.concat([head, padded(head.length), content, padded(content.length)])
}

/**
 * An archive of these entries, all of them root's. Directories come before what is in them.
 * @see https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html
 */
export function cpio(entries: readonly Entry[]): Buffer {
  const members = entries.map(({ name, mode, content }, i) =>
    content === undefined
      ? member(i + 1, name, S_IFDIR | mode, Buffer.alloc(0))
      : member(i + 1, name, S_IFREG | mode, Buffer.from(content)),
  )
  return Buffer.concat([...members, member(0, END, 0, Buffer.alloc(0))])
}
